"""A round pen: what it draws, and where its middle was, told from the edges of that."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, minimum_filter1d

from precord.digitize.leftover import FLAT_PX_PER_MM

Array = NDArray[Any]
_SAME = 0.18  # of a run's height: both of its edges tell the same
_LEVEL = 1.25  # widths of the pen: what is not taller goes right
_EITHER = 5.0  # pixels by which one edge must tell more than the other to be believed alone
_COLUMN = 0.2  # pixels by which a column, which has a width, makes a pen look narrower across


def to_line(upper: Array, lower: Array, centre: Array, width: float) -> Array:
    """Return (rows, columns) the height of the pen's middle.

    Where the line goes right, that is the centre of its ink. Where it is steep, a round pen
    draws in each column all that the curve does within half a width to either side. Taking
    the pen off the upper edge gives the curve with its narrow troughs filled, taking it off
    the lower edge the curve with its narrow peaks cut: on a flank both are the curve,
    elsewhere the one farther from the curve's surroundings saw what is there.
    """
    tall = lower - upper
    high = np.minimum(_without_pen(upper, width), lower)
    low = np.maximum(-_without_pen(-lower, width), upper)
    around = _smooth((upper + lower) / 2)
    peaks = 1.0 / (1.0 + np.exp(np.clip((high + low - 2 * around) / _EITHER, -50.0, 50.0)))
    seen = peaks * high + (1.0 - peaks) * low
    steep = np.where(np.abs(high - low) < _SAME * tall, (high + low) / 2, seen)
    pen, size = np.minimum(width, tall) / 2, 2 * round((width - 1) / 2) + 1
    for row in range(len(steep)):
        for edge, sign in ((upper[row] + pen[row], 1.0), (lower[row] - pen[row], -1.0)):
            at = _tips(sign * edge, size)
            steep[row, at] = sign * np.minimum(sign * steep[row, at], sign * edge[at])
    steep = np.where(np.isfinite(steep), steep, (upper + lower) / 2)
    return np.where(tall < _LEVEL * width, centre, steep)


def _without_pen(edge: Array, width: float) -> Array:
    """Return the upper *edge* of the ink without what a round pen has added; NaN stays."""
    down, across = width / 2, max(width / 2 - _COLUMN, 0.7)
    known = np.isfinite(edge)
    filled = np.where(known, edge, -1e5)
    columns = np.arange(edge.shape[1])

    def beside(d: int) -> Array:
        """Return the edge *d* columns farther right."""
        return filled[:, np.clip(columns + d, 0, columns.size - 1)]

    whole = int(across)
    part = across - whole
    found = np.full(edge.shape, -1e5)
    for d in range(-whole, whole + 1):
        found = np.maximum(found, beside(d) + down * np.sqrt(1 - (d / across) ** 2))
    for sign in (-1, 1):  # the pen's rim, which lies between two columns
        rim = (1 - part) * beside(sign * whole) + part * beside(sign * (whole + 1))
        found = np.maximum(found, rim)
    return np.where(known, found, np.nan)


def _smooth(middle: Array) -> Array:
    """Return the height around which a trace moves, over some millimetres."""
    known = np.isfinite(middle)
    size = 2.5 * FLAT_PX_PER_MM
    weight = gaussian_filter1d(known.astype(float), size, axis=-1)
    total = gaussian_filter1d(np.where(known, middle, 0.0), size, axis=-1)
    return np.asarray(total / np.maximum(weight, 1e-6))


def _tips(edge: Array, size: int) -> NDArray[np.intp]:
    """Return the columns in the middle of where *edge* is lowest within a few pen widths."""
    filled = np.where(np.isfinite(edge), edge, 1e6)
    lowest = minimum_filter1d(filled, 3 * size)
    level = np.isfinite(edge) & (filled - lowest < 1.0)
    middles = [(a + b - 1) // 2 for a, b in stretches(level) if b - a <= 2 * size]
    return np.array(middles, np.intp)


def stretches(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return where each stretch of true begins, and where it has ended."""
    change = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return list(zip(change[::2].tolist(), change[1::2].tolist(), strict=True))


def draw(highest: Array, lowest: Array, width: float) -> tuple[Array, Array]:
    """Return (rows, columns) top and bottom of the ink of a pen of *width*.

    Args:
        highest: (rows, columns) pixels from the top, where its middle is at the highest.
        lowest: (rows, columns) the same at the lowest.
        width: pixels.
    """
    columns, half = highest.shape[1], width / 2
    tops, bottoms = np.full(highest.shape, np.inf), np.full(highest.shape, -np.inf)
    for d in range(-int(half), int(half) + 1):
        rim = np.sqrt(half**2 - d**2)
        here, there = slice(max(0, d), columns + min(0, d)), slice(max(0, -d), columns - max(0, d))
        tops[:, here] = np.minimum(tops[:, here], highest[:, there] - rim)
        bottoms[:, here] = np.maximum(bottoms[:, here], lowest[:, there] + rim)
    return tops, bottoms
