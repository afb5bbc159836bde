"""The signal to noise of a digitised page, as the tables define it."""

import numpy as np
from numpy.typing import NDArray

from precord.image.layout import Calibration, lay_out
from precord.leads import LEADS
from precord.record import Record

MAX_SHIFT = 0.040  # seconds


def shown(record: Record, layout: str, calibration: Calibration) -> NDArray[np.float64]:
    """Return (12, samples) mV of what the page shows, at the record's rate; NaN elsewhere."""
    n = round(calibration.seconds * record.rate)
    signal = np.full((len(LEADS), n), np.nan)
    for strip in lay_out(record, layout=layout, calibration=calibration).strips:
        row = record.lead(strip.lead)
        if row is None:
            continue
        first = round(strip.start * record.rate)
        last = min(first + round(strip.duration * record.rate), n)
        signal[LEADS.index(strip.lead), first:last] = row[first:last]
    return signal


def score(truth: NDArray[np.float64], rate: float, read: Record | None) -> NDArray[np.float64]:
    """Return (12,) dB per lead; a refused page and a lead not read are 0 dB.

    The reference's mean is removed, one shift of at most 40 ms is allowed per page and one
    offset per lead; a sample that is missing counts as 0.
    """
    if read is None or not read.is_calibrated:
        return np.zeros(len(truth))
    standard = read.to_standard().signal.astype(np.float64)
    seconds = np.arange(truth.shape[1]) / rate
    grid = np.arange(standard.shape[1]) / read.rate
    best: NDArray[np.float64] | None = None
    for shift in np.arange(-MAX_SHIFT, MAX_SHIFT + 1e-9, 0.002):
        found = np.array(
            [_snr(t, _at(r, grid, seconds + shift)) for t, r in zip(truth, standard, strict=True)]
        )
        if best is None or np.median(found) > np.median(best):
            best = found
    return best if best is not None else np.zeros(len(truth))


def _at(
    row: NDArray[np.float64], grid: NDArray[np.float64], seconds: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return *row* at other times, NaN where it is missing."""
    return np.interp(seconds, grid, row, left=np.nan, right=np.nan)


def _snr(truth: NDArray[np.float64], read: NDArray[np.float64]) -> float:
    """Return the dB of one lead."""
    here = np.isfinite(truth)
    reference = truth[here] - truth[here].mean()
    got = read[here]
    both = np.isfinite(got)
    if not both.any():
        return 0.0
    offset = (reference[both] - got[both]).mean()
    noise = reference - np.where(both, got + offset, 0.0)
    return float(10 * np.log10((reference**2).sum() / max((noise**2).sum(), 1e-12)))
