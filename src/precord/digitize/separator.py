"""Marks between two leads of a row: ticks above and below the trace, or a line across it.

Dotted lines are marks too, and so is a gap that the traces of all columns' rows have at one place.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, grey_dilation, median_filter

from precord.digitize.leftover import FLAT_PX_PER_MM
from precord.digitize.trace import Traces

Array = NDArray[Any]
_NEAR, _FAR = round(2.3 * FLAT_PX_PER_MM), round(3.6 * FLAT_PX_PER_MM)  # from the trace
_BESIDE = round(0.9 * FLAT_PX_PER_MM)  # there the paper is bare
_GAP = (2, round(1.5 * FLAT_PX_PER_MM))  # columns without ink between two leads
_BEFORE = round(0.4 * FLAT_PX_PER_MM)  # on one side of it at least; strokes of a beat have gaps too
_STEEP = 1.5  # pixels per column
_CLOSE: Array = np.abs(np.arange(-5, 6)) * -0.15  # of a gap
_SLANT: Array = np.abs(np.arange(-4, 5)) * -0.08  # pixels; a long line is seldom quite upright


def find_separators(traces: Traces) -> NDArray[np.float64]:
    """Return (columns,): in what share of the rows a thin upright mark stands there.

    Half of the rows count as all: rhythm strips have none, and some are hidden. A mark
    reaches above and below the trace; complexes seldom do both, and never in every row.
    """
    height, columns = traces.ink.shape
    total = np.zeros(columns)
    for row, zero, offset in zip(traces.y, traces.zero, traces.offset, strict=True):
        line = median_filter(np.where(np.isfinite(row), row, zero), round(6 * FLAT_PX_PER_MM))
        middle = np.rint(line).astype(int)
        covers = []
        for sign in (-1, 1):
            at = middle[None] + sign * np.arange(_NEAR, _FAR)[:, None]
            across = np.clip(np.arange(columns) + offset, 0, columns - 1)[None]
            full = traces.ink[np.clip(at, 0, height - 1), across].mean(0)
            covers.append(np.where(np.abs(at - at.clip(0, height - 1)).any(0), 0.0, full))
        both = np.minimum(*covers)
        beside = np.minimum(np.roll(both, _BESIDE), np.roll(both, -_BESIDE))
        marked = gaussian_filter1d(((both > 0.45) & (beside < 0.2)).astype(float), 1.0)
        marked = np.minimum(marked * 2.0, 1.0)  # a single column has .4 of its height left
        total += np.maximum(grey_dilation(marked, structure=_SLANT), 0.0)
    gaps = sum(np.maximum(grey_dilation(find_gaps(row), structure=_CLOSE), 0.0) for row in traces.y)
    return np.minimum(2 * np.maximum(total, gaps) / len(traces.y), 1.0)


def find_gaps(y: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return (columns,) 1 in the middle of each short gap of a trace that goes right beside it."""
    found = np.zeros(y.size)
    present = np.flatnonzero(np.isfinite(y))
    for k in np.flatnonzero(np.diff(present) > _GAP[0]):
        last, first = int(present[k]), int(present[k + 1])
        beside = y[max(last - _BEFORE, 0) : last + 1], y[first : first + _BEFORE + 1]
        slopes = [np.abs(np.diff(part)) for part in beside]
        is_flat = any(part.size and np.median(part) < _STEEP for part in slopes)
        if first - last <= _GAP[1] and is_flat:
            found[(last + first + 1) // 2] = 1.0
    return found
