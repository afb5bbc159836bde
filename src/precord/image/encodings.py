"""ECGs encoded as images for the vision tower.

Here: the signed map, one row per lead and one column per hundredth of a second, whose
pixels are millivolts. Unlike Gramian or recurrence images of a lead scaled by its own
maximum (Qiu et al. 2023, arXiv:2304.06286), it keeps polarity, voltage and rhythm.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from precord.leads import LEADS
from precord.record import Record
from precord.signal.prepare import MODEL_SAMPLES


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
