"""What can be told of an ECG with a ruler, as one row of numbers: for readers that are not towers.

Intervals and axes, how regular the beats are, what lies between them, and in every lead the waves
of the usual beat. No number needs millivolts: waves are shares of the height of QRS in their own
lead, so a record says the same with and without its scale. NaN is what cannot be told.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from precord.leads import LEADS
from precord.record import Measurements, Record
from precord.signal.beats import AFTER, BEFORE, DETECTION_RATE, Beats, average_beats, median_row
from precord.signal.filters import bridge
from precord.signal.measure import WaveBounds, measure_and_bound

Floats = NDArray[np.float64]

_INTERVALS = ("heart_rate_bpm", "pr_ms", "qrs_ms", "qt_ms", "qtc_ms")
_AXES = ("p_axis_deg", "qrs_axis_deg", "t_axis_deg")
_RHYTHM = (  # of RR intervals, as shares of their median, and of kinds of beats
    "beats",
    "mean_rate_bpm",
    "fastest_bpm",
    "slowest_bpm",
    "rr_deviation",
    "rr_steps",  # root mean square of the differences of neighbours
    "rr_step",  # their median
    "rr_off_median",
    "rr_quartiles",
    "rr_correlation",  # of neighbours
    "early",  # beats, more than 15 % before they are due
    "late",
    "other_kind",
    "other_kind_share",
    "early_other_kind",
    "early_same_kind",
)
_BETWEEN = (  # from the end of T to the next QRS
    "rest_size",  # root mean square as a share of the beat's height: median, most, II, V1
    "rest_size_most",
    "rest_size_ii",
    "rest_size_v1",
    "rests",  # that are long enough to be seen
    "p_likeness",  # correlation of single beats with their median before QRS: median, least
    "p_likeness_least",
)
_WAVES = (
    "r",
    "s",
    "q_before",  # deepest point before the top of R, and behind it
    "s_behind",
    "q_width_ms",  # time before the top of R below a 25th of the height
    "top_ms",  # from the onset of QRS to its highest point
    "area_ms",
    "notches",  # sum of the curvature's size
    "j",
    "j_40",  # milliseconds behind the end of QRS
    "j_80",
    "t_highest",
    "t_lowest",
    "t_mean",
    "p_highest",
    "p_lowest",
)
FEATURES: tuple[str, ...] = (
    *_INTERVALS,
    *(f"{turn}_{name}" for turn in ("cos", "sin") for name in _AXES),
    "cos_qrs_t_angle",
    *_RHYTHM,
    *_BETWEEN,
    *(f"{wave}_{lead}" for wave in _WAVES for lead in LEADS),
)
_MIN_RR = 3  # intervals; fewer say nothing of a rhythm
_MIN_RESEMBLING = 3  # beats
_EARLY, _LATE = 0.85, 1.15  # of the median interval
_MARGIN, _MIN_REST = 0.02, 0.12  # seconds off the waves on both sides; seconds between beats
_BEFORE_QRS = 0.2  # seconds that are searched for P
_R = int(BEFORE * DETECTION_RATE)
_II, _V1 = 1, 6


def extract_features(prepared: Record) -> NDArray[np.float32]:
    """Return (F,) one number for each of `FEATURES`; all NaN where no beat is found.

    Args:
        prepared: as `signal.prepare` returns it: twelve leads in standard order.
    """
    beats = average_beats(prepared)
    values, bounds = measure_and_bound(prepared, beats)
    found: dict[str, float] = {}
    if len(beats.peaks):
        found |= _measured(values) | _rhythm(beats)
    if bounds is not None:
        signal, _ = bridge(beats.signal)
        present = np.asarray(~np.isnan(beats.signal).all(axis=1), np.bool_)
        found |= _rests(beats, signal, present, bounds)
        found |= _likeness(beats, signal[present], bounds)
        found |= _waves(beats.median, bounds)
    return np.array([found.get(name, np.nan) for name in FEATURES], np.float32)


def _measured(values: Measurements) -> dict[str, float]:
    """Return intervals, and axes as points on a circle."""
    known = {name: getattr(values, name) for name in (*_INTERVALS, *_AXES)}
    angle = {n: np.deg2rad(np.nan if known[n] is None else known[n]) for n in _AXES}
    return {
        **{name: known[name] for name in _INTERVALS if known[name] is not None},
        **{f"cos_{name}": float(np.cos(a)) for name, a in angle.items()},
        **{f"sin_{name}": float(np.sin(a)) for name, a in angle.items()},
        "cos_qrs_t_angle": float(np.cos(angle["qrs_axis_deg"] - angle["t_axis_deg"])),
    }


def _rhythm(beats: Beats) -> dict[str, float]:
    """Return how regular the beats are, and how many are of another kind."""
    rr = np.diff(beats.peaks)
    if len(rr) < _MIN_RR:
        return {}
    usual, steps = float(np.median(rr)), np.diff(rr)
    other = _is_other(beats)
    early = np.flatnonzero(rr < _EARLY * usual) + 1
    low, high = np.percentile(rr, [25, 75])
    varies = len(rr) > _MIN_RR + 1 and rr.std() > 1e-9
    found = {
        "beats": len(beats.peaks),
        "mean_rate_bpm": 60 / rr.mean(),
        "fastest_bpm": 60 / rr.min(),
        "slowest_bpm": 60 / rr.max(),
        "rr_deviation": rr.std() / usual,
        "rr_steps": np.sqrt(np.mean(steps**2)) / usual,
        "rr_step": np.median(np.abs(steps)) / usual,
        "rr_off_median": np.median(np.abs(rr - usual)) / usual,
        "rr_quartiles": (high - low) / usual,
        "rr_correlation": _correlation(rr[:-1], rr[1:]) if varies else np.nan,
        "early": len(early),
        "late": (rr > _LATE * usual).sum(),
        "other_kind": other.sum(),
        "other_kind_share": other.mean(),
        "early_other_kind": other[early].sum(),
        "early_same_kind": beats.is_dominant[early].sum(),
    }
    return _plain(found)


def _is_other(beats: Beats) -> NDArray[np.bool_]:
    """Return (N,) whether a beat is of another kind; one that an end cuts off is of none."""
    last = beats.signal.shape[1] / DETECTION_RATE - AFTER
    is_whole = (beats.peaks >= BEFORE) & (beats.peaks <= last)
    return np.asarray(is_whole & ~beats.is_dominant, np.bool_)


def _correlation(a: Floats, b: Floats) -> float:
    """Return Pearson's r; NaN where one does not vary."""
    a, b = a - a.mean(), b - b.mean()
    size = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / size if size > 0 else np.nan


def _rests(
    beats: Beats, signal: Floats, present: NDArray[np.bool_], bounds: WaveBounds
) -> dict[str, float]:
    """Return how much moves between beats, where fibrillation and flutter are seen."""
    at = np.rint(beats.peaks * DETECTION_RATE).astype(int)
    first, last = (round(s * DETECTION_RATE) for s in (bounds.t_off + _MARGIN, bounds.qrs_on))
    last -= round(_MARGIN * DETECTION_RATE)
    rests = [
        signal[:, start:stop] - signal[:, start:stop].mean(axis=1, keepdims=True)
        for start, stop in zip(at[:-1] + first, at[1:] + last, strict=True)
        if stop - start > _MIN_REST * DETECTION_RATE
    ]
    if not rests:
        return {"rests": 0.0}
    height = np.maximum(np.ptp(beats.median, axis=1), 1e-6)
    size = np.sqrt(np.square(np.concatenate(rests, axis=1)).mean(axis=1)) / height
    size[~present] = np.nan
    found = {
        "rest_size": np.nanmedian(size),
        "rest_size_most": np.nanmax(size),
        "rest_size_ii": size[_II],
        "rest_size_v1": size[_V1],
        "rests": len(rests),
    }
    return _plain(found)


def _likeness(beats: Beats, signal: Floats, bounds: WaveBounds) -> dict[str, float]:
    """Return how alike single beats are before QRS: a P wave is the same in each."""
    last = _R + round(bounds.qrs_on * DETECTION_RATE) - 2
    first = max(last - round(_BEFORE_QRS * DETECTION_RATE) - 3, 0)
    at = np.rint(beats.peaks[beats.is_dominant] * DETECTION_RATE).astype(int) - _R
    at = at[(at + first >= 0) & (at + last <= signal.shape[1])]
    if len(at) < _MIN_RESEMBLING or last - first < _MIN_RESEMBLING:
        return {}
    single = signal[:, at[:, None] + np.arange(first, last)]  # (L, N, n)
    single = single - single.mean(axis=2, keepdims=True)
    size = np.linalg.norm(single, axis=2).mean(axis=1)[:, None, None]
    rows = (single / np.maximum(size, 1e-9)).transpose(1, 0, 2)  # (N, L, n)
    usual = median_row(rows).ravel()
    flat = rows.reshape(len(rows), -1)
    lengths = np.linalg.norm(flat, axis=1) * np.linalg.norm(usual)
    alike = flat @ usual / np.maximum(lengths, 1e-9)
    return _plain({"p_likeness": np.median(alike), "p_likeness_least": alike.min()})


def _waves(median: Floats, bounds: WaveBounds) -> dict[str, float]:
    """Return the waves of every lead of the usual beat, as shares of the height of its QRS."""
    on, off, end = (
        _R + round(s * DETECTION_RATE) for s in (bounds.qrs_on, bounds.qrs_off, bounds.t_off)
    )
    level = median[:, max(on - 5, 0) : max(on - 1, 1)].mean(axis=1, keepdims=True)
    qrs = median[:, on : off + 1] - level
    if qrs.shape[1] < _MIN_RESEMBLING:
        return {}
    height = np.ptp(qrs, axis=1, keepdims=True)
    height[height == 0] = np.nan  # a lead that is not there
    beat, qrs = (median - level) / height, qrs / height
    shape = _complex(qrs) | _after(beat, off, end) | _before(beat, on)
    return {
        f"{wave}_{lead}": float(value)
        for wave, row in shape.items()
        for lead, value in zip(LEADS, row, strict=True)
    }


def _complex(qrs: Floats) -> dict[str, Floats]:
    """Return the parts of QRS (leads, samples), a value for each lead."""
    known = np.nan_to_num(qrs)
    top = known.argmax(axis=1)
    is_before = np.arange(qrs.shape[1]) <= top[:, None]
    at_top = np.take_along_axis(known, top[:, None], axis=1)
    ms = 1000 / DETECTION_RATE
    shape: dict[str, Floats] = {
        "r": known.max(axis=1),
        "s": -known.min(axis=1),
        "q_before": -np.where(is_before, known, at_top).min(axis=1),
        "s_behind": -np.where(is_before, at_top, known).min(axis=1),
        "q_width_ms": (is_before & (known < -1 / 25)).sum(axis=1) * ms,
        "top_ms": top * ms,
        "area_ms": known.sum(axis=1) * ms,
        "notches": np.abs(np.diff(known, 2, axis=1)).sum(axis=1),
    }
    absent = np.isnan(qrs).all(axis=1)
    return {name: np.where(absent, np.nan, row) for name, row in shape.items()}


def _after(beat: Floats, off: int, end: int) -> dict[str, Floats]:
    """Return the ST segment's level at three places, and the T wave's size."""
    last = beat.shape[1] - 1
    level = {
        f"j_{ms}" if ms else "j": beat[:, min(off + round(ms / 1000 * DETECTION_RATE), last)]
        for ms in (0, 40, 80)
    }
    start = min(off + round(0.06 * DETECTION_RATE), last - 3)
    stop = min(max(end, off + round(0.12 * DETECTION_RATE)), last + 1)
    t = beat[:, start : max(stop, start + 1)]
    return {
        **level,
        "t_highest": t.max(axis=1),
        "t_lowest": t.min(axis=1),
        "t_mean": t.mean(axis=1),
    }


def _before(beat: Floats, on: int) -> dict[str, Floats]:
    """Return the size of what stands before QRS."""
    start = max(on - round(_BEFORE_QRS * DETECTION_RATE), 0)
    p = beat[:, start : max(on - 2, start + 3)]
    p = p - p[:, :3].mean(axis=1, keepdims=True)
    return {"p_highest": p.max(axis=1), "p_lowest": p.min(axis=1)}


def _plain(found: Mapping[str, np.floating | np.integer | float]) -> dict[str, float]:
    """Return Python's own numbers."""
    return {name: float(value) for name, value in found.items()}
