"""The trace apart from the grid, on a flattened page.

What repeats each five millimetres is grid, whatever its colour: the median cell of each part
of the page is taken away. Dark in all three colours is ink; where grid and trace have the
same grey, the median cell alone tells them apart.
"""

from functools import reduce
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from precord.digitize.frame import clear_frame
from precord.digitize.grid import FLAT_PX_PER_MM, Grid
from precord.digitize.light import background

Array = NDArray[Any]
_CELL = round(5 * FLAT_PX_PER_MM)  # pixels of a big square
_BLOCK = 10  # big squares along each side of the part that shares a median cell
_LEAST_ROOM = 0.6  # of what ink is darker than paper: less cannot be told from noise
_FEW = 3  # of so many rows and columns one is asked for the pen's colour
_COLORED, _MUCH = 0.6, 0.2  # of the darkness of ink in one colour; and share of it in the others
_FEWEST, _EVERY = 12, 3  # squares that a part asks; else each third of the page is


def find_ink(grid: Grid) -> NDArray[np.float32]:
    """Return (height, width): how surely each flat pixel is ink, 0 to 1."""
    colors = [_brightness(one, grid.seen) for one in cv2.split(grid.flat)]
    bright = reduce(np.maximum, colors)
    palest = max(colors, key=lambda color: float(_some(color, grid.seen).mean()))
    if _is_colored(1.0 - _some(bright, grid.seen), 1.0 - _some(palest, grid.seen)):
        bright = palest
    dark = np.where(grid.seen, np.maximum(1.0 - bright, 0.0), 0.0)
    lines = _repeated(dark, grid.seen)
    dark -= lines
    level = _ink_level(dark[grid.seen])
    room = np.maximum(level - lines, _LEAST_ROOM * level)  # between a line and ink on it
    return clear_frame(np.asarray(np.clip(dark / room, 0.0, 1.0), np.float32))


def _some(plane: NDArray[np.float32], seen: NDArray[np.bool_]) -> Array:
    """Return some of the pixels that are *seen*, from all over the page."""
    return np.asarray(plane[::_FEW, ::_FEW][seen[::_FEW, ::_FEW]])


def _is_colored(dark: Array, palest: Array) -> bool:
    """Tell whether the pen has a colour: much is dark where one colour alone tells it from paper.

    Args:
        dark: in all three colours.
        palest: in that in which the page is palest: the grid's own.
    """
    ink = palest > 0.5 * _ink_level(palest)
    return float(np.mean(dark[ink] < _COLORED * palest[ink])) > _MUCH


def _brightness(color: Array, seen: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return (height, width): how bright a page is in one *color*, 1 where its paper is bare."""
    plane = color.astype(np.float32)
    plane /= background(plane, seen)
    return np.asarray(plane)


def _ink_level(dark: Array) -> float:
    """Return the darkness of ink that is surely ink: of the darkest percent, the middle."""
    darkest = dark[dark >= np.quantile(dark, 0.985)]
    return max(float(np.median(darkest)), 0.06)


def _repeated(dark: NDArray[np.float32], seen: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return (height, width): what of the darkness repeats from big square to big square.

    Only squares on the grid are asked: beside its corners most are bare, and would hide it.
    """
    height, width = dark.shape
    rows, columns = height // _CELL, width // _CELL
    if rows < 4 or columns < 4:
        return np.zeros_like(dark)
    cells = _cut(dark)
    asked = _cut(seen).mean(axis=(2, 3)) > 0.5  # (rows, columns)
    whole = np.median(cells[asked][::_EVERY], axis=0) if asked.any() else 0.0 * cells[0, 0]
    result = np.zeros_like(dark)
    for down in _parts(asked.any(axis=1)):
        for across in _parts(asked.any(axis=0)):
            here = asked[down, across]
            known = here.sum() >= _FEWEST
            median = np.median(cells[down, across][here], axis=0) if known else whole
            spot = result[_pixels(down), _pixels(across)]
            times = [-(-size // _CELL) for size in spot.shape]
            spot[:] = np.tile(median, times)[: spot.shape[0], : spot.shape[1]]
    return result


def _cut(plane: Array) -> Array:
    """Return (rows, columns, `_CELL`, `_CELL`): the whole big squares of a page."""
    rows, columns = plane.shape[0] // _CELL, plane.shape[1] // _CELL
    cells = plane[: rows * _CELL, : columns * _CELL].reshape(rows, _CELL, columns, _CELL)
    return cells.transpose(0, 2, 1, 3)


def _parts(asked: NDArray[np.bool_]) -> list[slice]:
    """Return parts of all squares, even from the first to the last that is *asked*."""
    found = np.flatnonzero(asked)
    first, stop = (int(found[0]), int(found[-1]) + 1) if found.size else (0, asked.size)
    n = max(1, round((stop - first) / _BLOCK))
    bounds = np.rint(np.linspace(first, stop, n + 1)).astype(int).tolist()
    bounds[0], bounds[-1] = 0, asked.size + 1  # what lies beside them, and the rest of a square
    return [slice(a, b) for a, b in pairwise(bounds)]


def _pixels(part: slice) -> slice:
    """Return the pixels of a stretch of squares."""
    return slice(part.start * _CELL, part.stop * _CELL)
