"""Rate, intervals and axes of a record, from the median of its dominant beats.

Measured on the recorded bandwidth (0.5 Hz high-pass, no low-pass), over all leads together:
QRS from the spatial velocity, the P wave and the T wave from their first principal
component, the end of T by the tangent at its steepest descent. A value that cannot be
measured, or that does not exist (PR in atrial fibrillation), is None. Where the scale is
unknown, the axes come from limb leads whose ratios Einthoven's law gives back.
Sources: CSE Working Party 1985 (global intervals: earliest onset to latest end); Lepeschkin
and Surawicz 1952 (tangent); Fridericia 1920 (QTc = QT / cbrt(RR)); axes from net areas,
aVF times 2 / sqrt(3) because Goldberger's leads are shorter (Novosel et al. 1999).
"""

import math
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from precord.leads import Lead
from precord.record import Measurements, Record
from precord.signal.beats import AFTER, BEFORE, DETECTION_RATE, Beats, average_beats
from precord.signal.filters import band_limit, bridge
from precord.signal.lead_check import recover_limb_scale

Floats = NDArray[np.float64]

MIN_DOMINANT = 3  # beats; fewer make no median
_R = int(BEFORE * DETECTION_RATE)  # where the QRS lies in the median beat, samples
_P_SHARE = 0.02  # of the height of QRS; a P wave of 25 uV beside a QRS of 1.2 mV
_P_HALF_WIDTH = 0.12  # seconds at half height; a notched P wave of a large atrium is that long
_LIKE, _LIKE_IN_DOUBT = 0.5, 0.8  # correlation of single beats with the median of the others
_IRREGULAR = 0.12  # standard deviation of RR over its mean
_CRAMPED = 0.18  # seconds from the end of T to QRS
_LEAST_AREA = 0.02 * DETECTION_RATE * 0.02  # 20 uV over 20 ms; a net area below has no axis
_REST_SHARE = 0.75  # of the P wave's height that anything else before QRS may have
_USUAL_QTC = 0.42  # seconds
_LEAST_ST_T, _LEAST_PR, _MOST_PR = 0.12, 0.06, 0.22  # seconds that a wave's window may last
_POSSIBLE = {  # what a heart can do; outside it the measurement is wrong
    "heart_rate_bpm": (15, 300),
    "pr_ms": (70, 450),
    "qrs_ms": (50, 220),
    "qt_ms": (200, 720),
    "qtc_ms": (250, 750),
}


@dataclass(frozen=True, slots=True)
class _Waves:
    """Where waves begin and end in the median beat, samples; None where there is none."""

    qrs_on: int
    qrs_off: int
    p_on: int | None = None
    p_off: int | None = None
    t_on: int | None = None
    t_off: int | None = None


@dataclass(frozen=True, slots=True)
class WaveBounds:
    """Where the waves of a record's usual beat lie, seconds from the middle of its QRS.

    Attributes:
        p_on: where the wave before QRS may begin: after T of the beat before.
    """

    p_on: float
    qrs_on: float
    qrs_off: float
    t_off: float


def measure(record: Record, beats: Beats | None = None) -> Measurements:
    """Return what can be measured on *record*; each field None rather than wrong.

    Args:
        record: of any leads and scale.
        beats: its own, where they are known already.
    """
    beats = beats or average_beats(record)
    return _measure(record, beats, _find_qrs_and_t(beats))


def find_bounds(beats: Beats) -> WaveBounds | None:
    """Return where the waves of the median beat lie; None where no QRS can be told.

    Where the end of T cannot be told, it is that of a usual QT at this rate.
    """
    return _bound(beats, _find_qrs_and_t(beats))


def measure_and_bound(record: Record, beats: Beats) -> tuple[Measurements, WaveBounds | None]:
    """Return what `measure` and `find_bounds` do, from one look at the median beat."""
    waves = _find_qrs_and_t(beats)
    return _measure(record, beats, waves), _bound(beats, waves)


def _measure(record: Record, beats: Beats, waves: _Waves | None) -> Measurements:
    """Return the measurements of *record*, whose QRS and T are *waves*."""
    if len(beats.peaks) < 3:
        return Measurements()
    rr = float(np.median(np.diff(beats.peaks)))
    rate = Measurements(heart_rate_bpm=60 / rr)
    if beats.is_dominant.sum() < MIN_DOMINANT or waves is None:
        return _possible(rate)
    waves = _find_p(beats, waves)
    found = replace(rate, qrs_ms=_ms(waves.qrs_off - waves.qrs_on))
    if waves.p_on is not None:
        found = replace(found, pr_ms=_ms(waves.qrs_on - waves.p_on))
    if waves.t_off is not None:
        qt = _ms(waves.t_off - waves.qrs_on)
        found = replace(found, qt_ms=qt, qtc_ms=fridericia(qt, rr))
    return _possible(_add_axes(found, record, beats.median, waves))


def _bound(beats: Beats, waves: _Waves | None) -> WaveBounds | None:
    """Return the bounds of *waves*, QRS and T of the median beat."""
    if waves is None:
        return None
    rr = float(np.median(np.diff(beats.peaks)))
    on, off = ((at - _R) / DETECTION_RATE for at in (waves.qrs_on, waves.qrs_off))
    usual = on + _USUAL_QTC * float(np.cbrt(rr))
    t_off = (waves.t_off - _R) / DETECTION_RATE if waves.t_off is not None else usual
    t_off = min(max(t_off, off + _LEAST_ST_T), on + rr - _LEAST_PR)
    return WaveBounds(max(on - _MOST_PR, t_off - rr), on, off, t_off)


def fridericia(qt: float, rr: float) -> float:
    """Return QT corrected for rate, in the unit of *qt*; *rr* in seconds."""
    return qt / float(np.cbrt(rr))


def axis(lead_i: float, lead_avf: float) -> float:
    """Return the frontal axis in degrees of net areas in leads I and aVF."""
    return math.degrees(math.atan2(lead_avf * 2 / math.sqrt(3), lead_i))


def _ms(samples: int) -> float:
    """Return a length in samples of the median beat as milliseconds."""
    return 1000.0 * samples / DETECTION_RATE


def _possible(found: Measurements) -> Measurements:
    """Return *found* without what no heart can do."""
    wrong: dict[str, None] = {}
    for name, (low, high) in _POSSIBLE.items():
        value = getattr(found, name)
        if value is not None and not low <= value <= high:
            wrong[name] = None
    if "qt_ms" in wrong or "qtc_ms" in wrong:
        wrong |= {"qt_ms": None, "qtc_ms": None}
    return replace(found, **wrong)


def _find_qrs_and_t(beats: Beats) -> _Waves | None:
    """Return QRS and T of the median beat; None where there is no QRS, or no second beat."""
    complex_ = _find_qrs(beats.median) if beats.median.size else None
    if complex_ is None or len(beats.peaks) < 2:
        return None
    return _find_t(beats.median, complex_, float(np.median(np.diff(beats.peaks))))


def _find_qrs(median: Floats) -> _Waves | None:
    """Return onset and end of QRS, from where all leads together hardly move any more."""
    speed = _velocity(median)
    near = slice(_R - int(0.1 * DETECTION_RATE), _R + int(0.1 * DETECTION_RATE))
    top = float(speed[near].max())
    if top <= 0:
        return None
    rest = float(np.percentile(speed, 20))
    limit = rest + 0.07 * (top - rest)
    peak = near.start + int(np.argmax(speed[near]))
    quiet = speed < limit
    on = _edge(quiet, peak, -1, int(0.02 * DETECTION_RATE))
    off = _edge(quiet, peak, +1, int(0.028 * DETECTION_RATE))
    return None if on is None or off is None else _Waves(on, off)


def _velocity(median: Floats) -> Floats:
    """Return the length of the derivative over all leads, lightly smoothed."""
    steps = np.gradient(median, axis=1)
    length = np.sqrt(np.square(steps).sum(axis=0))
    return np.asarray(uniform_filter1d(length, 3), np.float64)


def _edge(quiet: NDArray[np.bool_], start: int, step: int, hold: int) -> int | None:
    """Return the first sample from *start* on after which *hold* samples are quiet."""
    at = start
    while 0 <= at + step * hold < len(quiet):
        stretch = quiet[at : at + hold] if step > 0 else quiet[at - hold + 1 : at + 1]
        if stretch.all():
            return at
        at += step
    return None


def _component(segment: Floats) -> Floats:
    """Return the first principal component (samples,) of (leads, samples), its peak positive."""
    first = np.linalg.eigh(segment @ segment.T)[1][:, -1] @ segment
    return np.asarray(first if first.max() >= -first.min() else -first, np.float64)


def _find_t(median: Floats, waves: _Waves, rr: float) -> _Waves:
    """Return *waves* with the T wave, if its end can be told."""
    start = waves.qrs_off + int(0.05 * DETECTION_RATE)
    last = waves.qrs_on + int(min(0.72 * rr + 0.1, BEFORE + AFTER) * DETECTION_RATE)
    stop = min(last, median.shape[1])
    if stop - start < int(0.12 * DETECTION_RATE):
        return waves
    level = median[:, waves.qrs_on - 5 : waves.qrs_on - 1].mean(axis=1, keepdims=True)
    t = uniform_filter1d(_component(median[:, start:stop] - level), 5)
    peak = int(np.argmax(t))
    if peak >= len(t) - int(0.05 * DETECTION_RATE):
        return waves
    slope = np.gradient(t)
    after = slice(peak, min(peak + int(0.2 * DETECTION_RATE), len(t)))
    steepest = after.start + int(np.argmin(slope[after]))
    if slope[steepest] >= 0:
        return waves
    base = float(np.median(t[min(steepest + int(0.06 * DETECTION_RATE), len(t) - 5) :]))
    height = float(t[peak]) - base
    noise = float(np.abs(np.diff(t)).mean())
    if height <= 8 * noise / 3 or height <= 0:
        return waves
    end = steepest + (t[steepest] - base) / -slope[steepest]
    return replace(waves, t_on=start, t_off=start + round(float(end)))


def _find_p(beats: Beats, waves: _Waves) -> _Waves:
    """Return *waves* with the P wave, if every beat has the same one at the same place."""
    previous_t = _previous_t_end(beats, waves)
    first = max(waves.qrs_on - int(0.34 * DETECTION_RATE), previous_t, 0)
    last = waves.qrs_on - int(0.025 * DETECTION_RATE)
    if last - first < int(0.08 * DETECTION_RATE):
        return waves
    segment = _detrend(beats.median[:, first:last])
    qrs = float(_component(_detrend(beats.median[:, waves.qrs_on : waves.qrs_off])).max())
    p = uniform_filter1d(_component(segment), 5)
    p = p - np.median(np.concatenate([p[:4], p[-4:]]))
    peak = int(np.argmax(p[2:-2])) + 2
    needed = _needed_likeness(beats, last - first)
    if not _stands_out(p, peak, qrs) or not _is_consistent(beats, first, last, needed):
        return waves
    slope = np.gradient(p)
    before = slice(max(peak - int(0.08 * DETECTION_RATE), 0), peak)
    if before.stop - before.start < 3:
        return waves
    steepest = before.start + int(np.argmax(slope[before]))
    if slope[steepest] <= 0:
        return waves
    base = float(np.percentile(p[: steepest + 1], 20))
    on = steepest - max(p[steepest] - base, 0) / slope[steepest]
    if on < -int(0.02 * DETECTION_RATE):
        return waves
    return replace(waves, p_on=first + round(float(on)), p_off=last)


def _previous_t_end(beats: Beats, waves: _Waves) -> int:
    """Return where the T wave of the beat before ends, in samples of the median beat."""
    intervals = [
        b - a
        for (a, b), like in zip(
            pairwise(beats.peaks.tolist()), beats.is_dominant[1:].tolist(), strict=True
        )
        if like
    ]
    if not intervals or waves.t_off is None:
        return 0
    return waves.t_off - round(float(np.percentile(intervals, 25)) * DETECTION_RATE)


def _detrend(segment: Floats) -> Floats:
    """Return (..., samples) without the line through its ends."""
    ramp = np.linspace(0, 1, segment.shape[-1])
    left = segment[..., :3].mean(axis=-1, keepdims=True)
    right = segment[..., -3:].mean(axis=-1, keepdims=True)
    return np.asarray(segment - left - (right - left) * ramp, np.float64)


def _stands_out(p: Floats, peak: int, qrs_height: float) -> bool:
    """Tell whether a bump is a P wave: large enough, short enough, and alone before QRS.

    Flutter waves are large and short, but never alone.
    """
    height = float(p[peak])
    if height < _P_SHARE * qrs_height:
        return False
    half = p > height / 2
    left = peak - int(np.argmin(half[peak::-1])) if not half[: peak + 1].all() else 0
    right = peak + int(np.argmin(half[peak:])) if not half[peak:].all() else len(p)
    if right - left > _P_HALF_WIDTH * DETECTION_RATE:
        return False
    reach = int(0.07 * DETECTION_RATE)
    rest = np.concatenate([p[: max(peak - reach, 0)], p[peak + reach :]])
    return rest.size < 8 or float(np.ptp(rest)) < _REST_SHARE * height


def _needed_likeness(beats: Beats, n_samples: int) -> float:
    """Return how alike single beats must be before QRS: more where doubt is due.

    Irregular beats may be fibrillation; in a short window between T and QRS there is nothing
    to tell a P wave from a flutter wave.
    """
    intervals = np.diff(beats.peaks)
    is_irregular = float(intervals.std()) > _IRREGULAR * float(intervals.mean())
    is_cramped = n_samples < _CRAMPED * DETECTION_RATE
    return _LIKE_IN_DOUBT if is_irregular or is_cramped else _LIKE


def _is_consistent(beats: Beats, first: int, last: int, needed: float) -> bool:
    """Tell whether single beats show, before QRS, what their median shows.

    In fibrillation, flutter and dissociation the median is the mean of nothing in particular,
    and single beats hardly resemble it.
    """
    there = ~np.isnan(beats.signal).all(axis=1)
    clean, _ = bridge(band_limit(beats.signal[there], DETECTION_RATE, low=0.5, high=25.0))
    at = np.rint(beats.peaks[beats.is_dominant] * DETECTION_RATE).astype(int) - _R
    at = at[(at + first >= 0) & (at + last <= clean.shape[1])]
    if len(at) < MIN_DOMINANT:
        return False
    single = _detrend(clean[:, at[:, None] + np.arange(first, last)])  # (L, N, n)
    rows = single.transpose(1, 0, 2).reshape(len(at), -1)
    others = _median_of_others(rows)
    size = np.linalg.norm(rows, axis=1) * np.linalg.norm(others, axis=1)
    found = (rows * others).sum(axis=1) / np.where(size > 0, size, np.inf)
    return float(np.median(found)) > needed


def _median_of_others(rows: Floats) -> Floats:
    """Return (N, n), for each of N >= 2 rows, the median over all the other rows."""
    ranked = np.sort(rows, axis=0)
    half = len(rows) // 2
    if len(rows) % 2 == 0:  # an odd number is left, and the one in the middle is its median
        middle = np.where(rows <= ranked[half - 1], ranked[half], ranked[half - 1])
        return np.asarray(middle, np.float64)
    below = np.where(rows >= ranked[half], ranked[half - 1], ranked[half])
    above = np.where(rows <= ranked[half], ranked[half + 1], ranked[half])
    return np.asarray((below + above) / 2, np.float64)


def _add_axes(found: Measurements, record: Record, median: Floats, waves: _Waves) -> Measurements:
    """Return *found* with the frontal axes, where leads I and aVF and their ratio are known.

    An axis needs no millivolts. Where each lead has a scale of its own, the ratio is the one
    that Einthoven's law asks for, if it asks for exactly one.
    """
    if not {Lead.I, Lead.AVF} <= set(record.leads):
        return found
    i, avf = (median[record.leads.index(lead)] for lead in (Lead.I, Lead.AVF))
    if not (i.any() and avf.any()):
        return found
    least = _LEAST_AREA
    if not record.is_calibrated:
        scale = recover_limb_scale(record)
        if scale is None:
            return found
        i, avf = i * scale.of(Lead.I), avf * scale.of(Lead.AVF)
        least *= max(float(np.ptp(i)), float(np.ptp(avf)))  # as if the larger one had 1 mV

    def of(on: int | None, off: int | None) -> float | None:
        if on is None or off is None or off - on < 3:
            return None
        areas = [
            float((row[on:off] - np.linspace(row[on], row[off - 1], off - on)).sum())
            if on == waves.p_on
            else float((row[on:off] - row[waves.qrs_on]).sum())
            for row in (i, avf)
        ]
        return axis(*areas) if math.hypot(*areas) >= least else None

    return replace(
        found,
        p_axis_deg=of(waves.p_on, waves.p_off),
        qrs_axis_deg=of(waves.qrs_on, waves.qrs_off),
        t_axis_deg=of(waves.t_on, waves.t_off),
    )
