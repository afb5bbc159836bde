"""Rows of traces followed from left to right, all rows at once.

In each column of the flat page, ink is a few vertical runs. A row's trace is the chain of
runs that is joined best and stays nearest its own line of 0 mV (dynamic programming over
the columns); a run that two rows want goes to the one it is nearer to, unless both cross it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from precord.digitize.cross import Edges, part
from precord.digitize.leftover import FLAT_PX_PER_MM
from precord.digitize.pen import to_line
from precord.digitize.runs import THIN, Runs, find_rows, find_runs, mark_ink

Array = NDArray[Any]
_GAP_COST = 0.35  # per pixel between runs of neighbouring columns
_TALL_GAIN = 0.003  # per pixel of a run: of two that join as well, the greater is the trace
_MISS_COST, _LOSE_COST = 0.8, 6.0  # per column without ink, and to lose or find the trace


@dataclass(frozen=True, slots=True, eq=False)
class Traces:
    """The traces of a page.

    Attributes:
        y: (rows, columns) float32, flat pixels from the top; NaN where there is no ink.
        zero: (rows,) flat pixels: where each row's line of 0 mV is, about.
        width: of the line, flat pixels.
        ink: (height, columns) bool: what is ink, the traces' or not.
        offset: (rows,) columns of the page by which the row's first is farther right.
        is_shared: (rows, columns) bool: where another row's trace was taken from the same ink; None
            where nothing is.
    """

    y: NDArray[np.float32]
    zero: NDArray[np.float64]
    width: float
    ink: NDArray[np.bool_]
    offset: NDArray[np.intp]
    is_shared: NDArray[np.bool_] | None = None


def follow(ink: NDArray[np.float32]) -> Traces | None:
    """Follow the traces on (height, columns) *ink*; None where there is no row."""
    marked = mark_ink(ink)
    runs = find_runs(ink, marked)
    zero = find_rows(runs, ink.shape[0])
    if zero.size == 0:
        return None
    height = runs.lower - runs.upper
    thin = height[(height < THIN) & runs.is_long]
    width = float(np.quantile(thin, 0.25)) if thin.size else 3.0  # where it goes right
    chosen = _chain(runs, zero, np.zeros((len(zero), *runs.upper.shape), np.float32))
    chosen = _chain(runs, zero, _claims(runs, chosen, zero))
    edges = Edges(*(_pick(edge, chosen) for edge in (runs.upper, runs.lower, runs.centre)))
    shared = _find_shared(chosen)
    part(edges, chosen, runs=runs, marked=marked, zero=zero, width=width)
    y = to_line(*edges, width)
    offset = np.zeros(len(zero), np.intp)
    return Traces(y.astype(np.float32), zero, width, marked, offset, shared)


def _chain(runs: Runs, zero: Array, extra: NDArray[np.float32]) -> NDArray[np.intp]:
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
    tall = np.minimum(runs.lower - runs.upper, 10 * FLAT_PX_PER_MM)[None]
    emission = 0.15 * inside + 1.5 * np.maximum(inside - 0.75, 0.0) + 0.02 * away + extra
    emission = emission - _TALL_GAIN * tall + 0.3 * ~runs.is_long[None]
    emission = np.where(np.isnan(emission), 1e6, emission).astype(np.float32)
    cost = np.zeros((len(zero), n + 1), np.float32)
    cost[:, :n] = emission[:, 0]
    back = np.zeros((columns, len(zero), n + 1), np.int16)
    steps = _steps(runs.upper, runs.lower)
    for x in range(1, columns):
        total = cost[:, :, None] + steps[x - 1]
        back[x] = total.argmin(1)
        cost = total.min(1)
        cost[:, :n] += emission[:, x]
        cost[:, n] += _MISS_COST
        cost -= cost.min(1, keepdims=True)
    chosen = np.zeros((len(zero), columns), np.intp)
    state = cost.argmin(1)
    rows = np.arange(len(zero))
    for x in range(columns - 1, -1, -1):
        chosen[:, x] = state
        state = back[x, rows, state]
    return np.where(chosen == n, -1, chosen)


def _steps(upper: Array, lower: Array) -> NDArray[np.float32]:
    """Return (columns - 1, runs + 1, runs + 1) what it costs from a run to one of the next column.

    The last of the runs stands for none.
    """
    columns, n = upper.shape
    upper, lower = np.nan_to_num(upper, nan=-1e4), np.nan_to_num(lower, nan=-1e4)
    apart = np.maximum(upper[1:, None] - lower[:-1, :, None], upper[:-1, :, None] - lower[1:, None])
    steps = np.full((columns - 1, n + 1, n + 1), _LOSE_COST, np.float32)
    steps[:, n, n] = 0.0
    steps[:, :n, :n] = _GAP_COST * np.clip(apart - 1.0, 0.0, 60.0)
    return steps


def _claims(runs: Runs, chosen: NDArray[np.intp], zero: Array) -> NDArray[np.float32]:
    """Return (rows, columns, runs) what it costs a row to take a run that is another's."""
    extra = np.zeros((len(zero), *runs.upper.shape), np.float32)
    middle = (runs.upper + runs.lower) / 2
    is_tall = (runs.lower - runs.upper) > 2 * THIN
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


def _find_shared(chosen: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Return (rows, columns): where another row has chosen the same run."""
    found = np.zeros(chosen.shape, np.bool_)
    for row, own in enumerate(chosen):
        same = (chosen == own) & (own >= 0)
        found[row] = same.sum(axis=0) > 1
    return found
