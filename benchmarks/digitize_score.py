"""The signal to noise of a digitised page, as the tables define it."""

import numpy as np
from numpy.typing import NDArray

from precord.image.layout import Calibration, lay_out
from precord.leads import LEADS
from precord.record import Record
from precord.signal.beats import average_beats, find_beats
from precord.signal.measure import measure

MAX_SHIFT = 0.040  # seconds
CHALLENGE_SHIFT, CHALLENGE_STEP = 0.5, 0.004  # seconds
INTERVALS = ("heart_rate_bpm", "pr_ms", "qrs_ms", "qt_ms")


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


def score(
    truth: NDArray[np.float64], rate: float, read: Record | None
) -> tuple[NDArray[np.float64], float]:
    """Return (12,) dB per lead, and the shift in seconds; what is refused or missing is 0 dB.

    The reference's mean is removed, one shift of at most 40 ms is allowed per page and one
    offset per lead; a sample that is missing counts as 0.
    """
    if read is None or not read.is_calibrated:
        return np.zeros(len(truth)), 0.0
    standard = read.to_standard().signal.astype(np.float64)
    seconds = np.arange(truth.shape[1]) / rate
    grid = np.arange(standard.shape[1]) / read.rate
    best, at = np.full(len(truth), -np.inf), 0.0
    for shift in np.arange(-MAX_SHIFT, MAX_SHIFT + 1e-9, 0.002):
        found = np.array(
            [_snr(t, _at(r, grid, seconds + shift)) for t, r in zip(truth, standard, strict=True)]
        )
        if np.median(found) > np.median(best):
            best, at = found, float(shift)
    return best, at


def challenge_score(
    truth: NDArray[np.float64], rate: float, read: Record | None
) -> NDArray[np.float64]:
    """Return (12,) dB per lead as the George B. Moody PhysioNet Challenge 2024 counts.

    Each lead for itself, at the shift of at most half a second and the offset that suit it best;
    the reference keeps its mean and what is missing does not count. What is refused is 0 dB.
    Source: Reyna et al. 2024 (Computing in Cardiology 51). Theirs finds shift and offset by the
    correlation of histograms, this by trying shifts 4 ms apart.
    """
    if read is None or not read.is_calibrated:
        return np.zeros(len(truth))
    standard = read.to_standard().signal.astype(np.float64)
    seconds = np.arange(truth.shape[1]) / rate
    grid = np.arange(standard.shape[1]) / read.rate
    shifts = np.arange(-CHALLENGE_SHIFT, CHALLENGE_SHIFT + 1e-9, CHALLENGE_STEP)
    best = np.full(len(truth), -np.inf)
    for k, (row, got) in enumerate(zip(truth, standard, strict=True)):
        here = np.isfinite(row)
        for shift in shifts:
            other = _at(got, grid, seconds[here] + shift)
            both = np.isfinite(other)
            if both.sum() < here.sum() / 2:
                continue
            error = row[here][both] - other[both]
            noise = max(float(np.var(error)), 1e-12)
            power = max(float(np.mean(row[here][both] ** 2)), 1e-12)
            best[k] = max(best[k], 10 * np.log10(power / noise))
    return np.where(np.isfinite(best), best, 0.0)


def measure_intervals(record: Record, read: Record | None) -> dict[str, float | None]:
    """Return the errors of rate, PR, QRS and QT, both sides measured by precord.

    None where one side has none; empty where nothing was read.
    """
    if read is None:
        return {}
    true, found = (measure(one, average_beats(one)) for one in (record, read))
    errors: dict[str, float | None] = {}
    for name in INTERVALS:
        a, b = getattr(true, name), getattr(found, name)
        errors[name] = None if a is None or b is None else round(float(b - a), 2)
    return errors


def measure_beats(
    record: Record, truth: NDArray[np.float64], read: Record | None, shift: float
) -> dict[str, list[float]]:
    """Return errors in mV of the leads read: "st" of their ST level, "rs" of R and S.

    The ST level is that 100 ms behind the R peak, over the level 80 ms before it; R and S are
    the highest and lowest value within 60 ms of it, over the same. Medians of the beats shown.
    """
    errors: dict[str, list[float]] = {"st": [], "rs": []}
    if read is None or not read.is_calibrated:
        return errors
    rate = record.rate
    seconds = np.arange(truth.shape[1]) / rate
    back, after, near = (round(s * rate) for s in (0.08, 0.1, 0.06))
    peaks = [p for p in find_beats(record) if back < p < truth.shape[1] - after]
    standard = read.to_standard().signal.astype(np.float64)
    for row, got in zip(truth, standard, strict=True):
        other = _at(got, np.arange(got.size) / read.rate, seconds + shift)
        levels = []
        for one in (row, other):
            base = np.array([one[p - back] for p in peaks])
            st = np.array([one[p + after] for p in peaks]) - base
            high = np.array([one[p - near : p + near].max() for p in peaks]) - base
            low = np.array([one[p - near : p + near].min() for p in peaks]) - base
            levels.append(np.stack([st, high, low]) if peaks else np.empty((3, 0)))
        differences = levels[1] - levels[0]
        both = differences[:, np.isfinite(differences).all(axis=0)]
        if both.size:
            st_error, r_error, s_error = (round(float(v), 4) for v in np.median(both, axis=1))
            errors["st"].append(st_error)
            errors["rs"] += [r_error, s_error]
    return errors


def find_wrong(
    record: Record, truth: NDArray[np.float64], read: Record | None, shift: float
) -> int:
    """Return how many leads read are another lead: unlike their own, like another's (r > .95)."""
    if read is None:
        return 0
    standard = read.to_standard().signal.astype(np.float64)
    seconds = np.arange(truth.shape[1]) / record.rate
    whole = record.to_standard().signal[:, : truth.shape[1]].astype(np.float64)
    n_wrong = 0
    for k, got in enumerate(standard):
        here = np.flatnonzero(np.isfinite(truth[k]))
        other = _at(got, np.arange(got.size) / read.rate, seconds[here] + shift)
        known = np.isfinite(other)
        if known.sum() < record.rate or other[known].std() == 0:
            continue
        likes = [
            float(np.corrcoef(row[here[known]], other[known])[0, 1]) if row.std() > 0 else 0.0
            for row in whole
        ]
        n_wrong += likes[k] < 0.5 and max(likes) > 0.95
    return n_wrong


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
