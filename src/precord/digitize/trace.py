"""Rows of traces followed from left to right, all rows at once.

In each column of the flat page, ink is a few vertical runs. A row's trace is the chain of
runs that is joined best and stays nearest its own line of 0 mV (dynamic programming over
the columns); a run that two rows want goes to the one it is nearer to, unless both cross it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, maximum_filter1d, minimum_filter1d
from scipy.signal import find_peaks

from precord.digitize.grid import FLAT_PX_PER_MM

Array = NDArray[Any]
_INK = 0.45  # at least this sure
_MOST_RUNS = 14  # of one column
_THIN = 2.0 * FLAT_PX_PER_MM  # a run below it may be a line that goes right
_GAP_COST = 0.35  # per pixel between runs of neighbouring columns
_MISS_COST, _LOSE_COST = 0.8, 6.0  # per column without ink, and to lose or find the trace


@dataclass(frozen=True, slots=True, eq=False)
class Traces:
    """The traces of a page.

    Attributes:
        y: (rows, columns) float32, flat pixels from the top; NaN where there is no ink.
        zero: (rows,) flat pixels: where each row's line of 0 mV is, about.
        width: of the line, flat pixels.
        rest: (height, columns) bool: ink that belongs to no row, such as labels.
    """

    y: NDArray[np.float32]
    zero: NDArray[np.float64]
    width: float
    rest: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class _Runs:
    """Vertical runs of ink: (columns, `_MOST_RUNS`) upper and lower edge; NaN is none."""

    upper: Array
    lower: Array


def follow(ink: NDArray[np.float32]) -> Traces | None:
    """Follow the traces on (height, columns) *ink*; None where there is no row."""
    runs = _find_runs(ink)
    zero = _find_rows(runs, ink.shape)
    if zero.size == 0:
        return None
    height = runs.lower - runs.upper
    thin = height[height < _THIN]
    width = float(np.median(thin)) if thin.size else 3.0
    chosen = _chain(runs, zero, np.zeros((len(zero), *runs.upper.shape), np.float32))
    chosen = _chain(runs, zero, _claims(runs, chosen, zero))
    upper, lower = _pick(runs.upper, chosen), _pick(runs.lower, chosen)
    rest = ink > _INK
    for row in range(len(zero)):
        for column in np.flatnonzero(chosen[row] >= 0):
            a, b = int(upper[row, column]) - 1, int(lower[row, column]) + 2
            rest[max(a, 0) : b, column] = False
    return Traces(_to_line(upper, lower, width).astype(np.float32), zero, width, rest)


def _find_runs(ink: NDArray[np.float32]) -> _Runs:
    """Return the runs of each column, their edges between pixels where the ink is at half."""
    height, columns = ink.shape
    on = np.zeros((height + 2, columns), np.int8)
    on[1:-1] = ink > _INK
    change = np.diff(on, axis=0).T  # (columns, height + 1)
    column, start = np.nonzero(change == 1)
    _, end = np.nonzero(change == -1)
    first = np.searchsorted(column, np.arange(columns))
    index = np.arange(column.size) - first[column]
    keep = index < _MOST_RUNS
    upper = np.full((columns, _MOST_RUNS), np.nan, np.float32)
    lower = upper.copy()
    x, k, a, b = column[keep], index[keep], start[keep], end[keep] - 1
    padded = np.pad(ink, ((1, 1), (0, 0)))
    upper[x, k] = a - _part(padded[a, x], padded[a + 1, x])
    lower[x, k] = b + _part(padded[b + 2, x], padded[b + 1, x])
    return _Runs(upper, lower)


def _part(outside: Array, inside: Array) -> Array:
    """Return how far beyond the last pixel of a run the ink falls to its threshold."""
    return np.asarray(np.clip((inside - _INK) / np.maximum(inside - outside, 1e-3), 0.0, 1.0))


def _find_rows(runs: _Runs, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return the (rows,) heights at which thin runs gather along most of the page."""
    middle = (runs.upper + runs.lower) / 2
    thin = (runs.lower - runs.upper) < _THIN
    counts = np.bincount(middle[thin].astype(int), minlength=shape[0]).astype(float)
    profile = gaussian_filter1d(counts, 1.6 * FLAT_PX_PER_MM)
    peaks, _ = find_peaks(
        profile, distance=round(7 * FLAT_PX_PER_MM), prominence=0.12 * profile.max(initial=1e-9)
    )
    near = round(4.0 * FLAT_PX_PER_MM)
    sums = np.concatenate([[0.0], np.cumsum(counts)])
    total = sums[np.minimum(peaks + near, shape[0])] - sums[np.maximum(peaks - near, 0)]
    used = max(float(total.max(initial=0.0)), 1.0)
    return np.asarray(peaks[total > 0.45 * used], np.float64)


def _chain(runs: _Runs, zero: Array, extra: NDArray[np.float32]) -> NDArray[np.intp]:
    """Return (rows, columns) the run of each row's best chain, -1 where there is none."""
    columns, n = runs.upper.shape
    pitch = float(np.median(np.diff(zero))) if len(zero) > 1 else 30 * FLAT_PX_PER_MM
    pitch = max(pitch, 12 * FLAT_PX_PER_MM)
    middle = (runs.upper + runs.lower) / 2
    away = np.abs(middle[None] - zero[:, None, None]) / pitch
    # where the run reaches this row's own line it is at home, however tall it is
    inside = (
        np.maximum(
            np.maximum(
                runs.upper[None] - zero[:, None, None], zero[:, None, None] - runs.lower[None]
            ),
            0.0,
        )
        / pitch
    )
    emission = 0.15 * inside + 1.5 * np.maximum(inside - 0.75, 0.0) + 0.02 * away + extra
    emission = np.where(np.isnan(emission), 1e6, emission).astype(np.float32)
    cost = np.zeros((len(zero), n + 1), np.float32)
    cost[:, :n] = emission[:, 0]
    back = np.zeros((columns, len(zero), n + 1), np.int16)
    upper, lower = np.nan_to_num(runs.upper, nan=-1e4), np.nan_to_num(runs.lower, nan=-1e4)
    step = np.full((n + 1, n + 1), _LOSE_COST, np.float32)
    step[n, n] = 0.0
    for x in range(1, columns):
        apart = np.maximum(
            upper[x][None] - lower[x - 1][:, None], upper[x - 1][:, None] - lower[x][None]
        )
        step[:n, :n] = _GAP_COST * np.clip(apart - 1.0, 0.0, 60.0)
        total = cost[:, :, None] + step[None]
        best = total.argmin(1)
        back[x] = best
        cost = np.take_along_axis(total, best[:, None, :], 1)[:, 0]
        cost[:, :n] += emission[:, x]
        cost[:, n] += _MISS_COST
        cost -= cost.min(1, keepdims=True)
    chosen = np.zeros((len(zero), columns), np.intp)
    state = cost.argmin(1)
    for x in range(columns - 1, -1, -1):
        chosen[:, x] = np.where(state == n, -1, state)
        state = back[x, np.arange(len(zero)), state]
    return chosen


def _claims(runs: _Runs, chosen: NDArray[np.intp], zero: Array) -> NDArray[np.float32]:
    """Return (rows, columns, runs) what it costs a row to take a run that is another's."""
    extra = np.zeros((len(zero), *runs.upper.shape), np.float32)
    middle = (runs.upper + runs.lower) / 2
    is_tall = (runs.lower - runs.upper) > 2 * _THIN
    columns = np.arange(runs.upper.shape[0])
    for owner in range(len(zero)):
        has = chosen[owner] >= 0
        x, k = columns[has], chosen[owner, has]
        own = np.abs(middle[x, k] - zero[owner])
        for other in range(len(zero)):
            nearer = (own < np.abs(middle[x, k] - zero[other])) & ~is_tall[x, k]
            if other != owner:
                extra[other, x[nearer], k[nearer]] += 2.0
    return extra


def _pick(edges: Array, chosen: NDArray[np.intp]) -> Array:
    """Return (rows, columns) the edge of the chosen run, NaN where there is none."""
    columns = np.arange(edges.shape[0])
    return np.where(chosen >= 0, edges[columns[None], chosen], np.nan)


def _to_line(upper: Array, lower: Array, width: float) -> Array:
    """Return (rows, columns) the height of the pen's middle.

    A pen of some width draws, in each column, all that the curve does within half a width to
    either side. Shrinking the upper edge by that much gives the curve with its narrow troughs
    filled, shrinking the lower edge the curve with its narrow peaks cut: of the two, the one
    farther from the curve's surroundings saw the peak or the trough.
    """
    pen = np.minimum(width, lower - upper)
    size = 2 * round((width - 1) / 2) + 1 if width > 1 else 1
    high, low = upper + pen / 2, lower - pen / 2
    peaks = maximum_filter1d(np.where(np.isnan(high), -np.inf, high), size, axis=-1)
    troughs = minimum_filter1d(np.where(np.isnan(low), np.inf, low), size, axis=-1)
    middle = np.where(np.isfinite(high), (high + low) / 2, 0.0)
    around = gaussian_filter1d(middle, 2.5 * FLAT_PX_PER_MM, axis=-1)
    is_known = np.isfinite(high) & np.isfinite(peaks) & np.isfinite(troughs)
    peaks, troughs = np.where(is_known, peaks, 0.0), np.where(is_known, troughs, 0.0)
    apart = peaks - troughs
    chosen = np.where(around - peaks > troughs - around, peaks, troughs)
    result = np.where(np.abs(apart) < 1.0, (peaks + troughs) / 2, chosen)
    return np.where(is_known, result, np.nan)
