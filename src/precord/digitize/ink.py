"""The trace apart from the grid, on a flattened page.

What repeats each five millimetres is grid, whatever its colour: the median cell of each part
of the page is taken away. Dark in all three colours is ink; where grid and trace have the
same grey, the median cell alone tells them apart.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from precord.digitize.grid import FLAT_PX_PER_MM, Grid
from precord.digitize.light import background

Array = NDArray[Any]
_CELL = round(5 * FLAT_PX_PER_MM)  # pixels of a big square
_BLOCK = 10  # big squares along each side of the part that shares a median cell


def find_ink(grid: Grid) -> NDArray[np.float32]:
    """Return (height, width): how surely each flat pixel is ink, 0 to 1."""
    flat = grid.flat.astype(np.float32)
    dark = np.full(flat.shape[:2], np.inf, np.float32)
    for channel in range(3):
        plane = flat[..., channel]
        dark = np.minimum(dark, 1.0 - plane / background(plane, grid.seen))
    dark = np.where(grid.seen, np.maximum(dark, 0.0), 0.0).astype(np.float32)
    dark = dark - _repeated(dark)
    level = _ink_level(dark[grid.seen])
    return np.asarray(np.clip(dark / level, 0.0, 1.0), np.float32)


def _ink_level(dark: Array) -> float:
    """Return the darkness of ink that is surely ink: of the darkest percent, the middle."""
    darkest = dark[dark >= np.quantile(dark, 0.985)]
    return max(float(np.median(darkest)), 0.06)


def _repeated(dark: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (height, width): what of the darkness repeats from big square to big square."""
    height, width = dark.shape
    rows, columns = height // _CELL, width // _CELL
    if rows < 4 or columns < 4:
        return np.zeros_like(dark)
    cells = dark[: rows * _CELL, : columns * _CELL].reshape(rows, _CELL, columns, _CELL)
    cells = cells.transpose(0, 2, 1, 3)  # (rows, columns, _CELL, _CELL)
    n_down, n_across = max(1, round(rows / _BLOCK)), max(1, round(columns / _BLOCK))
    downs = np.array_split(np.arange(rows), n_down)
    acrosses = np.array_split(np.arange(columns), n_across)
    medians = np.stack(
        [
            [np.median(cells[np.ix_(down, across)], axis=(0, 1)) for across in acrosses]
            for down in downs
        ]
    )
    result = np.zeros_like(dark)
    for i in range(-(-height // _CELL)):
        for j in range(-(-width // _CELL)):
            down, across = (
                min(i * n_down // rows, n_down - 1),
                min(j * n_across // columns, n_across - 1),
            )
            spot = result[i * _CELL : (i + 1) * _CELL, j * _CELL : (j + 1) * _CELL]
            spot[:] = medians[down, across][: spot.shape[0], : spot.shape[1]]
    return result
