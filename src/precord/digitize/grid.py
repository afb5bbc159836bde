"""The paper's grid: where each millimetre of it lies in a picture.

The picture is cut into tiles. In each, the two families of lines are peaks of the spectrum;
their frequencies and phases are carried from tile to tile, which numbers the lines. A
homography and a smooth bend fitted to the numbered crossings flatten the page, with neither
borders nor corners in view; what is left is measured as the phase of the flat grid, and
taken out too. Whether the lines are one or five millimetres apart is told by the spectrum
of the flat page, where each fifth line is thicker.

Not read: paper without a grid, and grids of which less than a quarter can be seen.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from precord.digitize.bend import Bend
from precord.digitize.leftover import (
    FLAT_PX_PER_MM,
    LINES_PX_PER_MM,
    enlarge,
    find_area,
    find_leftover,
    weigh,
)
from precord.digitize.light import show_lines
from precord.digitize.spacing import line_spacing
from precord.digitize.stage import OnStage, Stage, unwatched
from precord.digitize.tiles import Tiles, number_lines
from precord.errors import UnsupportedFormatError

Array = NDArray[Any]
__all__ = ["FLAT_PX_PER_MM", "Grid", "find_grid"]

_LARGEST = 2000  # pixels of the longer side in which the grid is looked for
_EVERY = 20  # flat pixels: the map is smooth, its points between are interpolated
_CLEARLY = 0.7  # times as far off as with thick lines: then thin ones alone are right
_OTHER = 0.35  # of the area of the grid: a second one is another page
_COARSE = ((5.0, 13.0), (5.0, 13.0))  # mm: the lines looked at, and what is averaged
_FINE = ((1.0, 13.0), (1.0, 8.0), (1.0, 5.0))


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """A flattened page.

    Attributes:
        flat: (height, width, 3) uint8, RGB, `FLAT_PX_PER_MM` pixels to the millimetre.
        to_picture: (height, width, 2) float32: pixel of the picture under each flat pixel.
        seen: (height, width) bool: inside the picture, and on the grid.
        px_per_mm: of the picture, in its middle.
        residual_mm: median distance of the lines from where they should be.
    """

    flat: NDArray[np.uint8]
    to_picture: NDArray[np.float32]
    seen: NDArray[np.bool_]
    px_per_mm: float
    residual_mm: float


def find_grid(picture: NDArray[np.uint8], name: str, on_stage: OnStage = unwatched) -> Grid:
    """Find the grid in an RGB *picture*, and flatten the page by it.

    Raises:
        UnsupportedFormatError: There is no grid.
    """
    on_stage(Stage.GRID)
    small, scale = _shrink_picture(picture)
    lines = show_lines(small)
    tiles = Tiles.measure(lines)
    if tiles is None:
        raise UnsupportedFormatError(
            f"{name}: no grid of ECG paper found; take the picture from above, sharp and evenly "
            "lit, with the whole page in view"
        )
    numbers = number_lines(tiles)
    kept = np.flatnonzero(np.isfinite(numbers[:, 0]))
    if len(kept) < 12:
        raise UnsupportedFormatError(
            f"{name}: the grid of the paper is seen in too small a part of the picture: "
            "go nearer, or give --corners"
        )
    on_stage(Stage.STRAIGHTENING)
    bend = Bend.fit(numbers[kept], tiles.centres[kept])
    reach = np.median(np.hypot(*tiles.waves[kept].transpose(2, 0, 1)), axis=0) * tiles.size / 2
    n_lines = float((np.ptp(numbers[kept], axis=0) + 2 * reach).max())
    mm_per_line = line_spacing(lines, bend, numbers[kept], n_lines)
    return _flatten((picture, name), lines, scale, bend, numbers[kept], reach, mm_per_line)


def _shrink_picture(picture: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], float]:
    """Return *picture* no larger than is needed to see the grid, and how much smaller it is."""
    longest = max(picture.shape[:2])
    if longest <= _LARGEST:
        return picture, 1.0
    scale = _LARGEST / longest
    size = round(picture.shape[1] * scale), round(picture.shape[0] * scale)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8), scale


def _flatten(
    named: tuple[NDArray[np.uint8], str],
    lines: NDArray[np.float32],
    scale: float,
    bend: Bend,
    numbers: Array,
    reach: Array,
    mm_per_line: float,
) -> Grid:
    """Return the flat page.

    The grid is seen at *numbers*, the middles of tiles that reach (2,) lines to either side.
    """
    picture, name = named
    margin = np.abs(reach) + 3.0 / mm_per_line
    low, high = numbers.min(0) - margin, numbers.max(0) + margin
    low, high = _shrink(low, high, bend, lines.shape)
    step = 1.0 / (mm_per_line * FLAT_PX_PER_MM)
    us, vs = np.arange(low[0], high[0], step), np.arange(low[1], high[1], step)
    if us.size * vs.size > 4.5e7:
        raise UnsupportedFormatError(f"{name}: the grid is finer than that of any ECG paper")
    size = us.size // _EVERY * _EVERY, vs.size // _EVERY * _EVERY
    coarse_u = low[0] + (np.arange(size[0] // _EVERY) * _EVERY + (_EVERY - 1) / 2) * step
    coarse_v = low[1] + (np.arange(size[1] // _EVERY) * _EVERY + (_EVERY - 1) / 2) * step
    first, second = np.meshgrid(coarse_u, coarse_v)
    coarse = np.stack([first, second], -1)
    seen_lines = _look(lines, bend.to_pixels(coarse))
    area, other = find_area(seen_lines, coarse.shape[:2])
    if other > _OTHER:
        raise UnsupportedFormatError(
            f"{name}: two pages in one picture; show one of them, or say where it is by --corners"
        )
    start = coarse, weigh(area, coarse.shape[:2]), seen_lines
    pixels, seen_lines, residual = _refine(lines, bend, start, (*_COARSE, *_FINE), mm_per_line)
    if mm_per_line <= 1.0:  # thick lines as dark as a trace mislead, and then thin ones fit better
        others = _refine(lines, bend, start, _FINE, mm_per_line)
        if others[2] < _CLEARLY * residual:
            pixels, seen_lines, residual = others
    area, _ = find_area(seen_lines, pixels.shape[:2])
    pixels = (pixels + 0.5) / scale - 0.5
    to_picture = enlarge(pixels.astype(np.float32), size)
    flat = cv2.remap(
        picture, to_picture, None, cv2.INTER_CUBIC, None, cv2.BORDER_CONSTANT, (255, 255, 255)
    )
    height, width = picture.shape[:2]
    x, y = to_picture[..., 0], to_picture[..., 1]
    on_grid = cv2.resize(area.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    seen = on_grid & (x >= 0) & (y >= 0) & (x < width) & (y < height)
    middle = to_picture[to_picture.shape[0] // 2, to_picture.shape[1] // 2 :][:2]
    px_per_mm = float(np.hypot(*(middle[1] - middle[0]))) * FLAT_PX_PER_MM
    return Grid(flat, to_picture, seen, px_per_mm, residual)


def _refine(
    lines: NDArray[np.float32],
    bend: Bend,
    start: tuple[Array, NDArray[np.float32], NDArray[np.float32]],
    passes: tuple[tuple[float, float], ...],
    mm_per_line: float,
) -> tuple[Array, NDArray[np.float32], float]:
    """Return the pixels under the coarse points, the lines there, and how far they were off, mm.

    Args:
        lines: of the picture.
        bend: from line numbers to pixels.
        start: (rows, columns, 2) numbers of the coarse points, their weights, and the lines
            that are seen there.
        passes: mm between the lines looked at, and over how many mm together.
        mm_per_line: millimetres from number to number.
    """
    coarse, weight, seen = start
    pixels, residual = bend.to_pixels(coarse), np.inf
    for period, spread in passes:
        shift, left = find_leftover(seen, weight, period, spread)
        if shift is None:
            continue  # thin lines that cannot be seen
        residual = left
        pixels = bend.to_pixels(coarse := coarse + shift / mm_per_line)
        seen = _look(lines, pixels)
    return pixels, seen, residual


def _look(lines: NDArray[np.float32], pixels: Array) -> NDArray[np.float32]:
    """Return (height, width) *lines* as seen through the coarse map *pixels*."""
    every = round(_EVERY * LINES_PX_PER_MM / FLAT_PX_PER_MM)
    size = pixels.shape[1] * every, pixels.shape[0] * every
    seen = cv2.remap(lines, enlarge(pixels.astype(np.float32), size), None, cv2.INTER_LINEAR)
    return np.asarray(seen, np.float32)


def _shrink(low: Array, high: Array, bend: Bend, shape: tuple[int, ...]) -> tuple[Array, Array]:
    """Return the box of line numbers, no larger than what the picture shows of it."""
    us, vs = np.linspace(low[0], high[0], 60), np.linspace(low[1], high[1], 60)
    first, second = np.meshgrid(us, vs)
    pixels = bend.to_pixels(np.stack([first, second], -1))
    inside = (pixels >= 0).all(-1) & (pixels < np.array([shape[1], shape[0]])).all(-1)
    if not inside.any():
        return low, high
    columns = np.flatnonzero(np.any(inside, axis=0))
    rows = np.flatnonzero(np.any(inside, axis=1))
    return (
        np.array([us[max(columns[0] - 1, 0)], vs[max(rows[0] - 1, 0)]]),
        np.array([us[min(columns[-1] + 1, 59)], vs[min(rows[-1] + 1, 59)]]),
    )
