"""A search that stresses one place: what chosen leads show within a window of the query.

The beats of the window are cut out and laid on their QRS complexes; what they show there is
compared with the same leads and the same part of the beat in the best cases of a plain
search, which are put in a new order. Usual beats are compared with the usual beat of a case,
a beat of another kind with its beats of other kinds. Voltage counts where both are in
millivolts; else each lead is measured by its own QRS.

    likeness of a and b = 2 a.b / (|a|^2 + |b|^2)

which is 1 for equal ones, 0 for unlike or much smaller ones, and -1 for the mirror image.
What it moves: docs/results/why.md. Not compared: rhythm, and what lies between beats.
Shapes: L chosen leads, N samples of a beat, from `BEFORE` to `AFTER` its QRS.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from precord.errors import QueryError
from precord.leads import LEADS, Lead, parse_lead
from precord.record import Record
from precord.signal.beats import AFTER, BEFORE, DETECTION_RATE, Beats, average_beats
from precord.signal.filters import band_limit, bridge
from precord.signal.measure import WaveBounds, find_bounds

DEPTH = 100  # cases of a plain search that are put in a new order
REST = 0.5  # what the plain score weighs in the new order
_LEAST_SAMPLES = 10  # 40 ms of a beat; below it there is nothing to compare
_TIMES = np.arange(-round(BEFORE * DETECTION_RATE), round(AFTER * DETECTION_RATE)) / DETECTION_RATE

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Focus:
    """What a search is to stress.

    Attributes:
        window: begin and end, seconds from the start of the query; None for all of it.
    """

    leads: tuple[Lead, ...]
    window: tuple[float, float] | None = None

    def __str__(self) -> str:
        """Return "V1 V2, 3.2 to 4 s"."""
        words = " ".join(self.leads)
        return f"{words}, {self.window[0]:g} to {self.window[1]:g} s" if self.window else words


@dataclass(frozen=True, slots=True, eq=False)
class BeatShapes:
    """The beats of one record in the chosen leads, each from the level before its QRS.

    Attributes:
        usual: (1, L, N) the median of the commonest kind.
        others: (K, L, N) each beat of another kind.
        size: (L,) height of the usual QRS.
        in_millivolt: whether the numbers are.
    """

    usual: Floats
    others: Floats
    size: Floats
    in_millivolt: bool


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """What the query shows at the place.

    Attributes:
        shape: (L, N); NaN outside the window.
        is_usual: whether the beats of the window are of the commonest kind.
    """

    shape: Floats
    size: Floats
    is_usual: bool
    in_millivolt: bool


def parse_focus(leads: str, window: str = "") -> Focus:
    """Return what "V1,V2" and "3.2-4.0" ask for; no lead means all twelve.

    Raises:
        FormatError: A lead is unknown.
        QueryError: One is named twice, or the window is none.
    """
    named = tuple(parse_lead(name) for name in leads.split(",")) if leads else LEADS
    if len(set(named)) != len(named):
        raise QueryError(f"leads {leads!r}: one is named twice")
    if not window:
        return Focus(named)
    begin, _, end = window.partition("-")
    try:
        span = (float(begin), float(end))
    except ValueError:
        span = (math.nan, math.nan)
    if not 0 <= span[0] < span[1] < math.inf:
        raise QueryError(f"window {window!r}, expected begin and end in seconds such as 3.2-4.0")
    return Focus(named, span)


def find_place(record: Record, focus: Focus) -> Place:
    """Return what *record* shows where *focus* points.

    Raises:
        QueryError: A lead was not recorded, the window lies outside the record, or no beat
            lies in it.
    """
    absent = [lead for lead in focus.leads if (row := record.lead(lead)) is None or not _has(row)]
    if absent:
        raise QueryError(f"lead {absent[0]} was not recorded, and cannot be searched by")
    begin, end = focus.window or (0.0, record.duration)
    if begin >= record.duration:
        raise QueryError(f"window {begin:g}-{end:g} s of a record of {record.duration:.1f} s")
    beats = average_beats(record)
    bounds = find_bounds(beats)
    if bounds is None:
        raise QueryError("no beats can be told in this ECG, so that no place can be compared")
    rows = [record.leads.index(lead) for lead in focus.leads]
    cut, is_usual = _cut_window(beats, bounds, rows, (begin, end))
    if cut.size == 0 or np.isfinite(cut).any(axis=1).sum(axis=-1).max() < _LEAST_SAMPLES:
        raise QueryError(f"no beat lies in {begin:g}-{end:g} s, so that there is none to compare")
    kind = cut[is_usual] if is_usual.sum() * 2 >= len(is_usual) else cut[~is_usual]
    known = np.isfinite(kind)
    shape = np.where(known, kind, 0).sum(axis=0) / np.where(known.any(axis=0), known.sum(axis=0), 1)
    shape[~known.any(axis=0)] = np.nan
    size = _size(beats, bounds, rows)
    return Place(shape, size, bool(is_usual.sum() * 2 >= len(is_usual)), record.is_calibrated)


def shape_beats(record: Record, leads: Sequence[Lead]) -> BeatShapes | None:
    """Return the beats of a case, or None where it lacks a lead or beats."""
    if any((row := record.lead(lead)) is None or not _has(row) for lead in leads):
        return None
    beats = average_beats(record)
    bounds = find_bounds(beats)
    if bounds is None:
        return None
    rows = [record.leads.index(lead) for lead in leads]
    usual = beats.median[rows] - _level(beats.median[rows], bounds)
    cut, is_usual = _cut_window(beats, bounds, rows, (0.0, record.duration))
    size = _size(beats, bounds, rows)
    return BeatShapes(usual[None], cut[~is_usual], size, record.is_calibrated)


def refocus(
    total: NDArray[np.floating], top: NDArray[np.intp], likeness: Floats
) -> NDArray[np.floating]:
    """Return scores (N,) by which the *top* rows stand before all others, in a new order.

    Args:
        total: (N,) plain scores; NaN stays NaN.
        top: the best rows.
        likeness: of those, of the place.
    """
    scores = total - 2.0  # no likeness is below -1, so the others stay behind
    scores[top] = (1 - REST) * likeness + REST * total[top]
    return scores


def compare_cases(place: Place, leads: Sequence[Lead], records: Iterable[Record | None]) -> Floats:
    """Return the likeness of each of *records*; -1 for one without signal, *leads* or beats."""
    found = []
    for record in records:
        shapes = shape_beats(record, leads) if record else None
        found.append(compare_place(place, shapes) if shapes else -1.0)
    return np.array(found)


def compare_place(place: Place, case: BeatShapes) -> float:
    """Return how like the place a case is, -1 to 1; -1 where it has no such beat."""
    shapes = case.usual if place.is_usual else case.others  # (K, L, N)
    ours, theirs = place.shape, shapes
    if not (place.in_millivolt and case.in_millivolt):
        ours, theirs = ours / place.size[:, None], shapes / case.size[:, None]
    both = np.isfinite(theirs) & np.isfinite(ours)
    a, b = np.where(both, ours, 0.0), np.where(both, theirs, 0.0)
    power = np.square(a).sum(axis=(1, 2)) + np.square(b).sum(axis=(1, 2))
    return float((2 * (a * b).sum(axis=(1, 2)) / np.maximum(power, 1e-12)).max(initial=-1.0))


def _has(row: NDArray[np.float32]) -> bool:
    """Tell whether a lead holds more than a flat line."""
    return bool(np.isfinite(row).any() and np.nanmax(row) > np.nanmin(row))


def _cut_window(
    beats: Beats, bounds: WaveBounds, rows: list[int], window: tuple[float, float]
) -> tuple[Floats, NDArray[np.bool_]]:
    """Return (K, L, N) the beats that *window* shows some of, NaN outside; which are usual.

    A sample belongs to the last beat whose P wave may have begun.
    """
    clean, missing = bridge(band_limit(beats.signal[rows], DETECTION_RATE, low=0.5))
    clean[missing] = np.nan
    begins = beats.peaks + bounds.p_on
    ends = np.append(begins[1:], np.inf)
    found, kinds = [], []
    for peak, begin, end, kind in zip(beats.peaks, begins, ends, beats.is_dominant, strict=True):
        low, high = max(begin, window[0]), min(end, window[1])
        at = np.rint((peak + _TIMES) * DETECTION_RATE).astype(int)
        inside = (peak + _TIMES >= low) & (peak + _TIMES < high)
        inside &= (at >= 0) & (at < clean.shape[1])
        if not inside.any():
            continue
        whole = clean[:, np.clip(at, 0, clean.shape[1] - 1)]  # (L, N)
        found.append(np.where(inside, whole - _level(whole, bounds), np.nan))
        is_whole = at[0] >= 0 and at[-1] < clean.shape[1]
        kinds.append(bool(kind) or not is_whole)  # one cut off at an end is taken for usual
    empty = np.zeros((0, len(rows), _TIMES.size))
    return (np.stack(found) if found else empty), np.array(kinds, bool)


def _level(beat: Floats, bounds: WaveBounds) -> Floats:
    """Return (L, 1) the level of (L, N) just before QRS."""
    before = (bounds.qrs_on - 0.02 <= _TIMES) & (bounds.qrs_on > _TIMES)
    return np.asarray(np.median(beat[:, before], axis=1, keepdims=True), np.float64)


def _size(beats: Beats, bounds: WaveBounds, rows: list[int]) -> Floats:
    """Return (L,) the height of the usual QRS."""
    inside = (bounds.qrs_on <= _TIMES) & (bounds.qrs_off > _TIMES)
    return np.asarray(np.maximum(np.ptp(beats.median[rows][:, inside], axis=1), 1e-6), np.float64)
