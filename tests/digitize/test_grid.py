"""Tests of where the grid is, how far apart its lines are, and what is left without it."""

import numpy as np
import pytest
from numpy.typing import NDArray

from precord.digitize.bend import Bend
from precord.digitize.grid import FLAT_PX_PER_MM, Grid, find_grid
from precord.digitize.ink import find_ink
from precord.digitize.leftover import LINES_PX_PER_MM, find_area
from precord.digitize.spacing import line_spacing

_MM = round(FLAT_PX_PER_MM)


def _lines(
    size: tuple[int, int], inside: tuple[slice, slice], thin: float = 0.4
) -> NDArray[np.float32]:
    """Return (height, width) how dark a grid is that is printed *inside* of a flat page."""
    y, x = np.mgrid[: size[0], : size[1]]
    thick = ((x % (5 * _MM) < 2) | (y % (5 * _MM) < 2)).astype(np.float32)
    dark = np.maximum(thick, thin * ((x % _MM < 2) | (y % _MM < 2)))
    found = np.zeros(size, np.float32)
    found[inside] = dark[inside]
    return found


def test_a_corner_of_the_paper_is_no_grid() -> None:
    """Edges that meet 10 mm from the grid, as those of paper on a table, are left out."""
    inside = slice(300, 1100), slice(300, 2100)
    flat = _lines((1400, 2400), inside)
    for edge in (200, 1200):
        flat[edge - 2 : edge + 2, 200:2200] = 1.0
    for edge in (200, 2200):
        flat[200:1200, edge - 2 : edge + 2] = 1.0

    step = round(FLAT_PX_PER_MM / LINES_PX_PER_MM)
    area, other = find_area(np.ascontiguousarray(flat[::step, ::step]), (70, 120))
    area = area.repeat(step, axis=0).repeat(step, axis=1)

    assert area[inside].mean() > 0.99
    assert not area[:220].any()
    assert not area[1180:].any()
    assert not area[:, :220].any()
    assert other < 0.35


def _grid(dark: NDArray[np.float32], seen: NDArray[np.bool_]) -> Grid:
    """Return a flat page of white paper that is so *dark* where it is."""
    flat = np.rint(250.0 * (1.0 - dark))[..., None].repeat(3, -1).astype(np.uint8)
    return Grid(flat, np.zeros((*dark.shape, 2), np.float32), seen, 8.0, 0.0)


@pytest.mark.parametrize("corner", [(300, 300), (300, 2000), (1000, 300)])
def test_a_corner_of_the_grid_is_taken_away_like_its_middle(corner: tuple[int, int]) -> None:
    """Grid 3 cm from all edges, as dark as half the trace: no ink is left of its corners."""
    inside = slice(300, 1100), slice(300, 2100)
    dark = 0.4 * _lines((1400, 2400), inside)
    dark[700:704, 400:2000] = 0.8
    seen = np.zeros(dark.shape, bool)
    seen[270:1130, 270:2130] = True

    ink = find_ink(_grid(dark, seen))

    assert ink[700:704, 400:2000].min() > 0.8
    row, column = corner
    assert ink[row : row + 100, column : column + 100].max() < 0.2


def test_ink_on_a_line_of_the_grid_is_ink() -> None:
    """A trace along a thick line that is almost half as dark is as surely ink as beside it."""
    dark = 0.35 * _lines((1000, 2000), (slice(0, 1000), slice(0, 2000)))
    for row in (500, 530, 630, 730, 830):
        dark[row : row + 6, 100:1900] = 0.8

    ink = find_ink(_grid(dark, np.ones(dark.shape, bool)))

    assert ink[500:502, 110:1890].min() > 0.9
    assert ink[532:534, 110:1890].min() > 0.9


def test_rows_two_lines_apart_do_not_make_thick_lines_of_every_second() -> None:
    """Lines numbered each 5 mm, five thin ones in each, noise, and a trifle each 10 mm."""
    size = 1000, 1800
    per_mm = 6
    y, x = np.mgrid[: size[0], : size[1]]
    dark = np.random.default_rng(0).standard_normal(size)
    for mm, strength in ((1, 0.5), (5, 1.0), (10, 0.2)):
        dark += strength * ((x % (mm * per_mm) < 1) | (y % (mm * per_mm) < 1))
    step = 5 * per_mm
    first, second = np.meshgrid(np.arange(2, 58, 4.0), np.arange(2, 32, 4.0))
    numbers = np.stack([first.ravel(), second.ravel()], 1)
    bend = Bend.fit(numbers, numbers * step)

    assert line_spacing(dark.astype(np.float32), bend, numbers, 61.0) == 5.0


@pytest.mark.parametrize(("second", "mm_per_line"), [(0.0, 1.0), (0.7, 0.5)])
def test_a_page_of_half_a_metre_is_no_page_of_half_millimetres(
    second: float, mm_per_line: float
) -> None:
    """500 lines, each fifth thick; of lines half a millimetre apart each second stands out too."""
    step = 4
    y, x = np.mgrid[: 200 * step, : 500 * step]
    dark = np.random.default_rng(0).standard_normal(y.shape)
    thick = 5 if second == 0.0 else 10
    for lines, strength in ((1, 0.5), (2, second), (thick, 1.0)):
        dark += strength * ((x % (lines * step) < 1) | (y % (lines * step) < 1))
    across, down = np.meshgrid(np.arange(4, 496, 16.0), np.arange(4, 196, 16.0))
    numbers = np.stack([across.ravel(), down.ravel()], 1)
    bend = Bend.fit(numbers, numbers * step)

    assert line_spacing(dark.astype(np.float32), bend, numbers, 500.0) == mm_per_line


@pytest.mark.parametrize("stretch", [1.0, 1.28, 0.78])
def test_squares_may_be_higher_than_wide(stretch: float) -> None:
    """Plotting software gives each axis its own scale; a square is 1 mm by 1 mm all the same."""
    across = 4.0
    down = across * stretch
    y, x = np.mgrid[:900, :1200]
    page = np.full((900, 1200, 3), 255, np.uint8)
    page[(x % across < 1) | (y % down < 1)] = (255, 205, 205)
    page[(x % (5 * across) < 1) | (y % (5 * down) < 1)] = (250, 140, 140)
    page[400:402, 40:1160] = 0
    noise = np.random.default_rng(0).normal(0.0, 4.0, page.shape)

    grid = find_grid(np.clip(page + noise, 0, 255).astype(np.uint8), "x.png")

    height, width = grid.to_picture.shape[:2]
    along = np.median(np.diff(grid.to_picture[height // 2, 100 : width - 100, 0]))
    below = np.median(np.diff(grid.to_picture[100 : height - 100, width // 2, 1]))
    assert along * FLAT_PX_PER_MM == pytest.approx(across, rel=0.01)
    assert below * FLAT_PX_PER_MM == pytest.approx(down, rel=0.01)
