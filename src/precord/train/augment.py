"""What a body or a cart could do to a recording, done to a batch of signed maps.

What is hidden of a record on the way is kept beside it, for a tower that learns to redraw it.
Never polarity: an inverted lead is another finding.

Shapes: B batch, L leads (12), T samples (1000).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from precord.signal.prepare import MODEL_RATE, MODEL_SECONDS
from precord.train.config import AugmentConfig

Array = NDArray[np.float32]
_SPAN = 48  # samples that are hidden at a time: three patches
_SPANS = 6  # at most
_PAGE_SECONDS = 2.5  # what a printed 3 x 4 page shows of a lead


@dataclass(frozen=True, slots=True, eq=False)
class Augmented:
    """A varied copy of a batch.

    Attributes:
        pixels, mask: (B, L, T); calibrated: (B,).
        whole: (B, L, T) the pixels before noise, of which nothing is hidden yet.
        hidden: (B, L, T) 1 where *whole* has a sample that *mask* hides.
    """

    pixels: Array
    mask: Array
    calibrated: Array
    whole: Array
    hidden: Array


def augment(
    pixels: Array, mask: Array, calibrated: Array, config: AugmentConfig, rng: np.random.Generator
) -> Augmented:
    """Return a varied copy of pixels (B, L, T), mask (B, L, T) and scale flag (B,)."""
    pixels, mask = _shift(pixels, mask, config, rng)
    pixels = pixels * np.exp(rng.normal(0, config.gain, (len(pixels), 1, 1)))
    forget = (rng.random(len(pixels)) < config.forget_scale) & (calibrated > 0)
    gains = np.exp(rng.normal(0, 0.7, pixels.shape[:2]))[..., None]
    pixels = np.where(forget[:, None, None], pixels * gains, pixels)
    whole, there = pixels.astype(np.float32), mask.copy()
    pixels = _add_noise(pixels, config, rng)
    mask = _drop_leads(mask, config, rng)
    mask = _window(mask, config, rng)
    mask = _hide_spans(mask, config, rng)
    return Augmented(
        (pixels * mask).astype(np.float32),
        mask,
        np.where(forget, 0, calibrated).astype(np.float32),
        whole * there,
        there - mask,
    )


def _shift(
    pixels: Array, mask: Array, config: AugmentConfig, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Return a copy moved in time; what leaves on one side is lost."""
    pixels, mask = pixels.copy(), mask.copy()
    most = round(config.shift_seconds * MODEL_RATE)
    for i, by in enumerate(rng.integers(-most, most + 1, len(pixels))):
        pixels[i] = np.roll(pixels[i], by, axis=-1)
        mask[i] = np.roll(mask[i], by, axis=-1)
        gone = slice(0, by) if by > 0 else slice(by or None, None)
        if by:
            pixels[i, :, gone] = 0
            mask[i, :, gone] = 0
    return pixels, mask


def _add_noise(pixels: Array, config: AugmentConfig, rng: np.random.Generator) -> Array:
    """Add noise below the model's own band-limit, up to the configured share of lead size."""
    if config.noise == 0:
        return pixels
    size = pixels.std(axis=-1, keepdims=True)
    level = rng.random((len(pixels), 1, 1)) * config.noise
    noise = gaussian_filter1d(rng.normal(size=pixels.shape).astype(np.float32), 1.0, axis=-1)
    return np.asarray(pixels + 1.9 * noise * size * level, np.float32)  # 1.9: the filter's loss


def _drop_leads(mask: Array, config: AugmentConfig, rng: np.random.Generator) -> Array:
    """Blank one to six leads of some records."""
    for i in np.flatnonzero(rng.random(len(mask)) < config.drop_leads):
        mask[i, rng.permutation(mask.shape[1])[: rng.integers(1, 7)]] = 0
    return mask


def _hide_spans(mask: Array, config: AugmentConfig, rng: np.random.Generator) -> Array:
    """Blank short spans of all leads of some records."""
    if config.spans == 0:
        return mask
    for i in np.flatnonzero(rng.random(len(mask)) < config.spans):
        for start in rng.integers(0, mask.shape[-1] - _SPAN, rng.integers(1, _SPANS + 1)):
            mask[i, :, start : start + _SPAN] = 0
    return mask


def _window(mask: Array, config: AugmentConfig, rng: np.random.Generator) -> Array:
    """Keep of some records what a printed page shows: a quarter of the time a lead column.

    Lead II may stay whole, as the rhythm strip.
    """
    n = mask.shape[-1]
    part = round(_PAGE_SECONDS / MODEL_SECONDS * n)
    for i in np.flatnonzero(rng.random(len(mask)) < config.window):
        strip = mask[i, 1].copy()
        for column in range(4):
            keep = slice(column * part, (column + 1) * part)
            kept = mask[i, 3 * column : 3 * column + 3, keep].copy()
            mask[i, 3 * column : 3 * column + 3] = 0
            mask[i, 3 * column : 3 * column + 3, keep] = kept
        if rng.random() < 0.7:
            mask[i, 1] = strip
    return mask
