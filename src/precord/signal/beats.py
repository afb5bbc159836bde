"""Beats: where they are, which of them are alike, and what they look like on average.

Sources: detection on the energy of the QRS band with an adaptive threshold, refractory
period and a look back for missed beats, after Pan and Tompkins 1985
(doi:10.1109/TBME.1985.325532), on all leads together; beats are called alike by the
correlation with a median template.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d
from scipy.signal import find_peaks

from precord.record import Record
from precord.signal.filters import band_limit, bridge, resample

DETECTION_RATE = 250.0  # Hz
REFRACTORY = 0.22  # seconds; 270 beats a minute
BEFORE, AFTER = 0.4, 0.6  # seconds of a beat's window around its peak
_LIKE = 0.85  # correlation of a beat with the median of its kind


@dataclass(frozen=True, slots=True, eq=False)
class Beats:
    """The beats of one record.

    Attributes:
        signal: (leads, T) the record at `DETECTION_RATE`; NaN where missing.
        peaks: (N,) seconds, the middle of each QRS complex.
        is_dominant: (N,) whether the beat is of the commonest kind.
        median: (leads, samples) median of the dominant beats, baseline removed; recorded
            bandwidth, at `DETECTION_RATE`, `BEFORE` seconds before the peak to `AFTER` behind.
    """

    signal: NDArray[np.float32]
    peaks: NDArray[np.float64]
    is_dominant: NDArray[np.bool_]
    median: NDArray[np.float64]


def find_beats(record: Record) -> NDArray[np.intp]:
    """Return (N,) sample indices, at the record's own rate, of the middle of each QRS."""
    peaks = _detect(_at_detection_rate(record))
    indices = np.rint(peaks / DETECTION_RATE * record.rate).astype(np.intp)
    last = record.signal.shape[1] - 1
    return np.asarray(np.minimum(indices, last), np.intp)


def average_beats(record: Record) -> Beats:
    """Return the beats of *record* with the median of the commonest kind."""
    signal = _at_detection_rate(record)
    peaks = _detect(signal)
    clean, missing = bridge(band_limit(signal, DETECTION_RATE, low=0.5))
    shape = clean / np.maximum(clean.std(axis=1, keepdims=True), 1e-6)
    windows, kept = _cut(shape, peaks)
    if len(kept) < 2:
        empty = np.zeros((len(signal), 0))
        return Beats(signal, peaks / DETECTION_RATE, np.zeros(len(peaks), bool), empty)
    like, shifts = _find_dominant(windows)
    aligned = peaks[kept] + shifts
    real, _ = _cut(np.where(missing, np.nan, clean), aligned[like])
    is_dominant = np.zeros(len(peaks), bool)
    is_dominant[kept] = like
    refined = peaks.astype(np.float64)
    refined[kept] = aligned
    median = np.zeros((len(signal), 0))
    if len(real):
        median = np.nan_to_num(median_row(real), copy=False)  # zero where no beat is seen
    return Beats(signal, refined / DETECTION_RATE, is_dominant, median)


def median_row(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the median of (N, ...) over N, of what is not NaN; NaN where nothing is.

    Over so few rows as there are beats, sorting takes a third of the time of NumPy's own.
    """
    ranked = np.sort(rows, axis=0)  # NaN last
    missing = np.isnan(rows)
    if not missing.any():
        return np.asarray((ranked[(len(rows) - 1) // 2] + ranked[len(rows) // 2]) / 2, np.float64)
    count = len(rows) - missing.sum(axis=0, keepdims=True)
    below, above = (
        np.take_along_axis(ranked, at, axis=0)[0]
        for at in (np.maximum(count - 1, 0) // 2, np.minimum(count // 2, len(rows) - 1))
    )
    return np.asarray((below + above) / 2, np.float64)


def _at_detection_rate(record: Record) -> NDArray[np.float32]:
    """Return the leads that are present at all, at the rate that detection works at."""
    absent = np.isnan(record.signal).all(axis=1, keepdims=True)  # (leads, 1)
    signal = resample(record.signal, record.rate, DETECTION_RATE)
    return np.where(absent, np.nan, signal).astype(np.float32)


def _detect(signal: NDArray[np.float32]) -> NDArray[np.intp]:
    """Return the beats of (leads, samples) at `DETECTION_RATE`."""
    energy = _qrs_energy(signal)
    if energy.size < DETECTION_RATE / 2 or energy.max() <= 0:
        return np.zeros(0, np.intp)
    distance = int(REFRACTORY * DETECTION_RATE)
    peaks, _ = find_peaks(energy, distance=distance)
    if not len(peaks):
        return np.zeros(0, np.intp)
    strong = np.sort(energy[peaks])[::-1]
    level = float(np.median(strong[: max(len(strong) // 3, 1)]))
    kept = peaks[energy[peaks] > 0.25 * level]
    kept = _drop_t_waves(kept, energy)
    return _look_back(kept, peaks, energy, level)


def _qrs_energy(signal: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the smoothed energy of 6 to 22 Hz over all leads, each of equal weight."""
    band, missing = bridge(band_limit(signal, DETECTION_RATE, low=6.0, high=22.0))
    band[missing] = 0.0
    size = np.percentile(np.abs(band), 98, axis=1, keepdims=True)
    band = np.clip(band / np.maximum(size, 1e-9), -3, 3) * (size > 1e-6)
    power = np.sqrt(np.square(band).sum(axis=0) / max(int((size > 1e-6).sum()), 1))
    return np.asarray(uniform_filter1d(power, int(0.08 * DETECTION_RATE)), np.float64)


def _drop_t_waves(peaks: NDArray[np.intp], energy: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return *peaks* without those that follow a stronger one closely, as T waves do."""
    kept: list[int] = []
    for peak in peaks.tolist():
        if kept and peak - kept[-1] < 0.36 * DETECTION_RATE:
            if energy[peak] < 0.55 * energy[kept[-1]]:
                continue
            if energy[kept[-1]] < 0.55 * energy[peak]:
                kept[-1] = peak
                continue
        kept.append(peak)
    return np.array(kept, np.intp)


def _look_back(
    kept: NDArray[np.intp],
    peaks: NDArray[np.intp],
    energy: NDArray[np.float64],
    level: float,
) -> NDArray[np.intp]:
    """Return *kept* with weaker peaks added where a beat is overdue."""
    if len(kept) < 3:
        return kept
    usual = float(np.median(np.diff(kept)))
    added = []
    for left, right in pairwise(kept.tolist()):
        if right - left < 1.66 * usual:
            continue
        margin = 0.36 * DETECTION_RATE
        inside = peaks[(peaks > left + margin) & (peaks < right - margin)]
        if len(inside) and energy[best := inside[np.argmax(energy[inside])]] > 0.14 * level:
            added.append(best)
    return np.sort(np.concatenate([kept, np.array(added, np.intp)])).astype(np.intp)


def _cut(
    signal: NDArray[np.float64], peaks: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return the (N, leads, window) windows that lie inside, and which peaks they are of."""
    before, after = int(BEFORE * DETECTION_RATE), int(AFTER * DETECTION_RATE)
    inside = np.flatnonzero((peaks >= before) & (peaks + after <= signal.shape[1]))
    if not len(inside):
        return np.zeros((0, len(signal), before + after)), inside
    at = peaks[inside][:, None] + np.arange(-before, after)  # (N, window)
    return signal[:, at].transpose(1, 0, 2), inside


def _find_dominant(
    windows: NDArray[np.float64],
) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
    """Return which (N, leads, window) beats are of the commonest kind, and their shifts.

    A shift is what must be added to a peak so that its beat lies on the template's.
    """
    start = int((BEFORE - 0.12) * DETECTION_RATE)
    stop = int((BEFORE + 0.16) * DETECTION_RATE)
    most = int(0.05 * DETECTION_RATE)
    qrs = windows[:, :, start:stop]
    closeness = np.atleast_2d(np.corrcoef(qrs.reshape(len(qrs), -1)))
    seed = int(np.argmax((closeness > _LIKE).sum(axis=1) + closeness.mean(axis=1)))
    alike = closeness[seed] > _LIKE
    if not alike.any():  # not even itself: a flat stretch is like nothing
        return alike, np.zeros(len(windows), np.intp)
    template = median_row(qrs[alike])
    found = _correlate(windows[:, :, start - most : stop + most], template)
    best = found.argmax(axis=1)
    return found.max(axis=1) > _LIKE, best.astype(np.intp) - most


def _correlate(windows: NDArray[np.float64], template: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (N, shifts) the correlation of windows with *template* at every place in them.

    Args:
        windows: (N, leads, samples + shifts - 1).
        template: (leads, samples).
    """
    samples = template.shape[1]
    shifts = windows.shape[2] - samples + 1
    template = template - template.mean()
    padded = np.pad(template, ((0, 0), (shifts - 1, shifts - 1)))
    moved = sliding_window_view(padded, windows.shape[2], axis=1)[:, ::-1]  # (leads, shifts, ...)
    products = np.tensordot(windows, moved, axes=([1, 2], [0, 2]))  # (N, shifts)
    total, power = (
        sliding_window_view(row.sum(axis=1), samples, axis=1).sum(axis=2)
        for row in (windows, np.square(windows))
    )
    spread = np.maximum(power - np.square(total) / template.size, 0.0)
    sizes = np.sqrt(spread) * np.linalg.norm(template)
    return np.asarray(products / np.maximum(sizes, 1e-12), np.float64)
