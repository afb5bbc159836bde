"""An ECG encoded as an image: the signed map, and time series as square images.

The signed map has one row per lead and one column per hundredth of a second; its pixels are
millivolts. Unlike Gramian or recurrence images of a lead scaled by its own maximum (Qiu et
al. 2023, arXiv:2304.06286), it keeps polarity, voltage and rhythm.

The square images are the Gramian angular fields and the Markov transition field of Wang and
Oates 2015 (arXiv:1506.00327) and the recurrence plot of Eckmann, Kamphorst and Ruelle 1987
(doi:10.1209/0295-5075/4/9/004). Each equals what the `pyts` package gives without aggregation
(tested). What they do not show: with x scaled by its own largest value, `gramian_sum`,
`recurrence` and `transitions` are the same for x and -x; only `gramian_difference` differs, by
its sign.

Shapes: L leads, T samples. A square image is (L, T, T) float32; cell (i, j) relates samples i
and j.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from precord.leads import LEADS
from precord.record import Record, Scale
from precord.signal.prepare import MODEL_RATE, MODEL_SAMPLES

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class SignedMap:
    """One record as an image with a mask.

    Attributes:
        pixels: (12, 1000) float32, mV, or standard deviations where the scale is unknown;
            0 where a sample is missing.
        mask: (12, 1000) bool, True where a sample is present.
        is_calibrated: whether pixels are millivolts.
    """

    pixels: NDArray[np.float32]
    mask: NDArray[np.bool_]
    is_calibrated: bool

    def to_record(self) -> Record:
        """Return the prepared record that this is the map of."""
        signal = np.where(self.mask, self.pixels, np.nan).astype(np.float32)
        scale = Scale.MILLIVOLT if self.is_calibrated else Scale.UNKNOWN
        return Record(signal, LEADS, MODEL_RATE, scale=scale)


def signed_map(prepared: Record) -> SignedMap:
    """Return the signed map of a record that `signal.prepare` has prepared."""
    n = min(prepared.signal.shape[1], MODEL_SAMPLES)
    signal = np.full((len(LEADS), MODEL_SAMPLES), np.nan, np.float32)
    signal[:, :n] = prepared.signal[:, :n]
    mask = ~np.isnan(signal)
    return SignedMap(np.where(mask, signal, 0).astype(np.float32), mask, prepared.is_calibrated)


def draw_map(shown: SignedMap) -> NDArray[np.uint8]:
    """Return a signed map as a picture, (12 x 16, 1000, 3) levels of red and blue.

    White is zero, red positive, blue negative, full colour 1 mV (or 4 standard deviations);
    grey is missing. A lead is a band of 16 rows.
    """
    full = 1.0 if shown.is_calibrated else 4.0
    level = np.clip(shown.pixels / full, -1, 1)
    red, blue = 1 + np.minimum(level, 0), 1 - np.maximum(level, 0)
    picture = np.stack([red, np.minimum(red, blue), blue], axis=-1)  # (12, 1000, 3)
    picture = np.where(shown.mask[..., None], picture, 0.6)
    return np.asarray(np.rint(picture.repeat(16, axis=0) * 255), np.uint8)


def gramian_sum(signal: Array) -> Array:
    """Return the Gramian angular summation field, cos(a + b) of angles a = arccos x.

    Args:
        signal: (L, T) from -1 to 1.
    """
    sine = _sine(signal)
    pairs = signal[:, :, None] * signal[:, None, :]
    return np.asarray(pairs - sine[:, :, None] * sine[:, None, :], np.float32)


def gramian_difference(signal: Array) -> Array:
    """Return the Gramian angular difference field, sin(a - b); *signal* as above."""
    sine = _sine(signal)
    pairs = sine[:, :, None] * signal[:, None, :]
    return np.asarray(pairs - signal[:, :, None] * sine[:, None, :], np.float32)


def recurrence(signal: Array) -> Array:
    """Return the recurrence plot without a threshold: the distances |x_i - x_j|, (L, T) any."""
    return np.asarray(np.abs(signal[:, :, None] - signal[:, None, :]), np.float32)


def transitions(signal: Array, n_bins: int = 4) -> Array:
    """Return the Markov transition field: how often x_i's bin is followed by x_j's.

    Args:
        signal: (L, T) any.
        n_bins: quantile bins of each lead; a bin's upper edge belongs to it.
    """
    inner = np.linspace(0, 100, n_bins + 1)[1:-1]
    edges = np.percentile(signal, inner, axis=1).T  # (L, bins - 1)
    bins = (signal[:, :, None] > edges[:, None, :]).sum(axis=-1)  # (L, T)
    lead = np.arange(len(signal))[:, None]
    flat = (lead * n_bins + bins[:, :-1]) * n_bins + bins[:, 1:]  # (L, T - 1)
    counts = np.bincount(flat.ravel(), minlength=len(signal) * n_bins**2)
    matrix = counts.reshape(len(signal), n_bins, n_bins).astype(np.float32)
    matrix /= np.maximum(matrix.sum(axis=-1, keepdims=True), 1)
    field: Array = matrix[lead[:, :, None], bins[:, :, None], bins[:, None, :]]
    return field


def _sine(cosine: Array) -> Array:
    """Return the sine, from 0 to 1, of the angles whose cosine is given."""
    return np.asarray(np.sqrt(np.clip(1 - np.square(cosine), 0, 1)), np.float32)
