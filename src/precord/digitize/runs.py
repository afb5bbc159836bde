"""Vertical runs of ink in each column of the flat page, and the rows in which they gather.

Ink is told by two thresholds: what is surely ink, and what is connected to it and dark enough
to stand out from the noise of the paper; so the faint tips of steep complexes are kept. A
stroke ends where it is half as dark as it is beside.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from precord.digitize.leftover import FLAT_PX_PER_MM

Array = NDArray[Any]
MOST_RUNS = 20  # of one column
THIN = 2.0 * FLAT_PX_PER_MM  # a run below it may be a line that goes right
_SURE = 0.45  # ink that is surely ink
_FAINTEST = 0.2  # ink beside it, on clean paper
_SPECK = 0.4 * FLAT_PX_PER_MM**2  # is dirt, or what is left of a line of the grid
_LONG = 10.0 * FLAT_PX_PER_MM  # a trace is, and a word is not
_NEAR = 4.0 * FLAT_PX_PER_MM  # a row's trace spends its time so near its line of 0 mV
_FLAT = 0.12 * FLAT_PX_PER_MM  # a printed line strays no more from its own height

_FEWEST_EVEN, _TWICE = 4, 0.25  # rows that say how far apart they are; of a pitch, about two of it
_ALONG = 0.6  # of the columns with ink have some of a row that wanders


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """Vertical runs of ink: (columns, most of one column), flat pixels; NaN is none.

    Attributes:
        upper, lower: edges.
        centre: of the ink's weight.
        is_long: bool: part of something longer than a word.
    """

    upper: Array
    lower: Array
    centre: Array
    is_long: NDArray[np.bool_]


def mark_ink(ink: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return (height, width): what is ink, or joined to it and darker than the paper's noise."""
    sure = ink > _SURE
    faint = ink[(ink > 0.03) & ~sure][::17]
    noise = float(np.quantile(faint, 0.9)) if faint.size else 0.0
    low = float(np.clip(1.6 * noise, _FAINTEST, _SURE))
    n, labels, stats, _ = cv2.connectedComponentsWithStats((ink > low).astype(np.uint8))
    keep = np.zeros(n, bool)
    keep[np.unique(labels[sure])] = True
    keep &= stats[:, cv2.CC_STAT_AREA] > _SPECK
    keep[0] = False
    around = cv2.dilate(ink, np.ones((7, 7), np.uint8))
    marked = (keep[labels] & (ink > 0.45 * around)).astype(np.uint8)
    return np.asarray(cv2.morphologyEx(marked, cv2.MORPH_CLOSE, np.ones((5, 1), np.uint8)) > 0)


def find_runs(ink: NDArray[np.float32], marked: NDArray[np.bool_]) -> Runs:
    """Return the runs of each column; their edges lie between pixels, as the ink there says."""
    height, columns = ink.shape
    on = np.zeros((height + 2, columns), np.int8)
    on[1:-1] = marked
    change = np.diff(on, axis=0).T  # (columns, height + 1)
    column, start = np.nonzero(change == 1)
    _, stop = np.nonzero(change == -1)
    first = np.searchsorted(column, np.arange(columns))
    index = np.arange(column.size) - first[column]
    keep = index < MOST_RUNS
    x, k, a, b = column[keep], index[keep], start[keep], stop[keep] - 1
    most = int(index[keep].max(initial=0)) + 1
    upper = np.full((columns, most), np.nan, np.float32)
    lower, centre, is_long = upper.copy(), upper.copy(), np.zeros(upper.shape, bool)
    upper[x, k] = _edge(ink, x, a, 1)
    lower[x, k] = _edge(ink, x, b, -1)
    centre[x, k] = _centres(ink, marked, stop - start)[keep]
    is_long[x, k] = _in_long_parts(marked)[(a + b) // 2, x]
    return Runs(upper, lower, centre, is_long)


def _edge(ink: NDArray[np.float32], x: Array, end: Array, inward: int) -> Array:
    """Return where the ink of runs that end at *end* is half of what it is further in."""
    last = ink.shape[0] - 1
    levels = np.stack([ink[np.clip(end + inward * d, 0, last), x] for d in range(-3, 8)])
    half = levels[3:].max(0) / 2
    inside = np.argmax(levels >= half, axis=0).clip(1)  # the first that is
    columns = np.arange(x.size)
    a, b = levels[inside - 1, columns], levels[inside, columns]
    part = np.clip((half - a) / np.maximum(b - a, 1e-3), 0.0, 1.0)
    return np.asarray(end + inward * (inside - 4 + part))


def _centres(
    ink: NDArray[np.float32], marked: NDArray[np.bool_], lengths: Array
) -> NDArray[np.float64]:
    """Return the centre of weight of each run, in the order of columns."""
    if lengths.size == 0:
        return np.empty(0)
    x, y = np.nonzero(marked.T)
    weight = ink[y, x].astype(np.float64)
    begins = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    moments = np.add.reduceat(weight * y, begins)
    return np.asarray(moments / np.maximum(np.add.reduceat(weight, begins), 1e-9))


def _in_long_parts(marked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return (height, width): ink that is part of something longer than a word."""
    joined = cv2.dilate(marked.astype(np.uint8), np.ones((1, 5), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(joined)
    keep = stats[:, cv2.CC_STAT_WIDTH] > _LONG
    keep[0] = False
    return np.asarray(keep[labels])


def find_rows(runs: Runs, height: int) -> NDArray[np.float64]:
    """Return the (rows,) heights at which thin runs gather along most of the page."""
    thin = ((runs.lower - runs.upper) < THIN) & runs.is_long
    counts = np.bincount(runs.centre[thin].astype(int), minlength=height).astype(float)
    profile = gaussian_filter1d(counts, 1.6 * FLAT_PX_PER_MM)
    peaks = find_peaks(
        profile, round(7 * FLAT_PX_PER_MM), prominence=0.08 * profile.max(initial=1e-9)
    )
    covers = [(y, *_cover(runs, y)) for y in peaks.astype(float)]
    found = [(y, share) for y, share, spread in covers if spread > _FLAT]
    if not found:
        return np.empty(0)
    most = max(share for _, share in found)
    rows = _regular(np.array([one for one in found if one[1] > 0.5 * most]))
    return _with_wandering(runs, rows)


def find_peaks(profile: Array, distance: int, *, prominence: float) -> NDArray[np.intp]:
    """Return the peaks at least so far apart, of which the higher stay, and so prominent.

    `scipy.signal.find_peaks` finds the same; to load it takes as long as to find a page's grid.
    """
    inner = profile[1:-1]
    tops = 1 + np.flatnonzero((inner > profile[:-2]) & (inner >= profile[2:]))
    kept: list[int] = []
    for top in tops[np.argsort(profile[tops], kind="stable")[::-1]].tolist():
        if all(abs(top - other) >= distance for other in kept):
            kept.append(top)
    return np.array([k for k in sorted(kept) if _prominence(profile, k) >= prominence], np.intp)


def _prominence(profile: Array, top: int) -> float:
    """Return how far one must go down from a peak on the way to a higher one, the easier way."""
    higher = np.flatnonzero(profile > profile[top])
    at = int(np.searchsorted(higher, top))
    first = int(higher[at - 1]) + 1 if at else 0
    stop = int(higher[at]) if at < higher.size else profile.size
    base = max(profile[first : top + 1].min(), profile[top:stop].min())
    return float(profile[top] - base)


def _cover(runs: Runs, y: float) -> tuple[float, float]:
    """Return in what share of the columns ink is near height *y*, and how far it strays."""
    near = runs.is_long & (runs.upper < y + _NEAR) & (runs.lower > y - _NEAR)
    columns = near.any(1)
    used = runs.is_long.any(1)
    here = runs.centre[near & ((runs.lower - runs.upper) < THIN)]
    spread = float(np.subtract(*np.quantile(here, [0.95, 0.05]))) if here.size else 0.0
    return float(columns.sum() / max(used.sum(), 1)), spread


def _regular(found: Array) -> NDArray[np.float64]:
    """Return the heights of (rows, 2) heights and shares, without rows between or beside rows.

    Rows of traces are about equally far apart; writing between them, and labels at the
    page's edges, are not.
    """
    while len(found) > 3:
        gaps = np.diff(found[:, 0])
        pitch = float(np.median(gaps))
        tight = np.flatnonzero(gaps < 0.6 * pitch)
        if tight.size == 0:
            break
        k = int(tight[0])
        found = np.delete(found, k if found[k, 1] < found[k + 1, 1] else k + 1, axis=0)
    return np.asarray(found[:, 0], np.float64)


def _with_wandering(runs: Runs, rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return *rows* and those between them whose trace wanders too far to gather at a height.

    They are missed where others are twice as far apart as most, and there is ink all along.
    """
    if len(rows) < _FEWEST_EVEN:
        return rows
    gaps = np.diff(rows)
    pitch = float(np.median(gaps))
    found = []
    for k in np.flatnonzero(np.abs(gaps / pitch - 2.0) < _TWICE):
        low, high = rows[k] + pitch / 4, rows[k + 1] - pitch / 4
        thin = (runs.lower - runs.upper < THIN) & runs.is_long
        between = (thin & (runs.centre > low) & (runs.centre < high)).any(1)
        if between.sum() > _ALONG * runs.is_long.any(1).sum():
            found.append((rows[k] + rows[k + 1]) / 2)
    return np.sort(np.concatenate([rows, found]))
