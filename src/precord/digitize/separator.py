"""Marks between two leads of a row: ticks above and below the trace, or a line across it.

Dotted lines are marks too.
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
    return np.minimum(2 * total / len(traces.y), 1.0)
