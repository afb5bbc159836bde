"""Signed maps from which one thing is withheld that the pictures of Qiu et al. 2023 cannot show.

Their pictures lose three things at once: the polarity of each lead (a Gramian summation field,
a recurrence plot and a transition field of x are those of -x), voltage (each lead is divided by
its own maximum) and rhythm (one beat of ten seconds). Here each is lost alone.

Shapes: L leads (12), T samples (1000).
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from precord.image.encodings import SignedMap
from precord.image.qiu2023 import AFTER, BEFORE


def without_polarity(shown: SignedMap) -> SignedMap:
    """Return the map with each lead turned so that its largest deflection is upright."""
    at = np.abs(shown.pixels).argmax(axis=1, keepdims=True)  # (L, 1)
    sign = np.where(np.take_along_axis(shown.pixels, at, axis=1) < 0, -1, 1)
    return replace(shown, pixels=(shown.pixels * sign).astype(np.float32))


def without_voltage(shown: SignedMap) -> SignedMap:
    """Return the map with each lead divided by its largest magnitude, as of unknown scale."""
    largest = np.abs(shown.pixels).max(axis=1, keepdims=True)
    pixels = shown.pixels / np.maximum(largest, 1e-9)
    return replace(shown, pixels=pixels.astype(np.float32), is_calibrated=False)


def one_beat(shown: SignedMap, peaks: NDArray[np.intp]) -> SignedMap:
    """Return the map with one second round one beat alone, moved to the middle.

    Args:
        shown: the whole map.
        peaks: samples of its R peaks. The one nearest to the middle that lies whole in the
            map is kept; without any, the second in the middle.
    """
    middle = shown.pixels.shape[1] // 2
    whole = [p for p in peaks.tolist() if BEFORE <= p <= shown.pixels.shape[1] - AFTER]
    peak = min(whole, key=lambda p: abs(p - middle), default=middle)
    source, target = (slice(at - BEFORE, at + AFTER) for at in (peak, middle))
    pixels, mask = np.zeros_like(shown.pixels), np.zeros_like(shown.mask)
    pixels[:, target], mask[:, target] = shown.pixels[:, source], shown.mask[:, source]
    return replace(shown, pixels=pixels, mask=mask)
