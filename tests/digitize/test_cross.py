"""Tests of precord.digitize.cross and way: complexes that cross come back, each in its own row."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from precord.digitize.cross import find_stretches
from precord.digitize.pen import draw
from precord.digitize.runs import Runs
from precord.digitize.trace import Traces, follow
from precord.digitize.way import Plane, find_ways

_SHIFT = 4
_WIDTH, _HEIGHT, _PEN = 1500, 700, 4
_FIRST, _EVERY, _N = 220, 250, 5  # columns of the first beat, and between beats


def _curve(zero: float, *waves: tuple[float, float, float]) -> NDArray[np.float64]:
    """Return (columns,) heights of a line with beats of triangles.

    Args:
        zero: the line's own height.
        waves: columns behind the beat, pixels up, and columns to either side, of each triangle.
    """
    x = np.arange(_WIDTH)
    y = zero + 4 * np.sin(2 * np.pi * x / 400)
    for at, high, half in waves:
        for beat in range(_N):
            middle = _FIRST + beat * _EVERY + at
            y -= high * np.clip(1 - np.abs(x - middle) / half, 0, 1)
    return np.asarray(y, np.float64)


def _read(*curves: NDArray[np.float64]) -> Traces:
    """Return what is read where a pen draws *curves*."""
    plane = np.zeros((_HEIGHT, _WIDTH), np.uint8)
    for curve in curves:
        points = np.rint(np.stack([np.arange(_WIDTH), curve], 1) * 2**_SHIFT).astype(np.int32)
        cv2.polylines(plane, [points], False, 255, _PEN, cv2.LINE_AA, _SHIFT)
    blurred = cv2.GaussianBlur(plane, (0, 0), 0.8)
    found = follow(np.asarray(blurred / np.float32(255.0), np.float32))
    assert found is not None
    assert len(found.y) == len(curves)
    return found


def _worst(y: NDArray[np.float32], truth: NDArray[np.float64]) -> float:
    """Return by how many pixels the height of a beat is off, the worst of all beats."""
    errors = []
    for beat in range(_N):
        near = slice(_FIRST + beat * _EVERY - 40, _FIRST + beat * _EVERY + 60)
        errors += [abs(y[near].max() - truth[near].max()), abs(y[near].min() - truth[near].min())]
    return float(np.max(errors))


def _db(y: NDArray[np.float32], truth: NDArray[np.float64]) -> float:
    """Return the signal to noise of a row, without its ends."""
    inner = slice(30, -30)
    noise = (y - truth)[inner]
    return float(10 * np.log10(truth[inner].var() / noise.var()))


def test_a_deep_wave_through_the_next_row_stays_its_own() -> None:
    """It reaches 6 mm below the next row's line, which has a small wave of its own beside it."""
    upper = _curve(200, (0, 40, 8), (20, -190, 12))
    lower = _curve(330, (-6, 45, 8))
    found = _read(upper, lower)
    for y, truth in zip(found.y, (upper, lower), strict=True):
        assert _worst(y, truth) < 4
        assert _db(y, truth) > 15


def test_peaks_that_reach_into_the_row_above_keep_their_heights() -> None:
    """Two rows 13 mm apart: each rises by 16 mm and then falls by 5, all at one time."""
    rows = [_curve(zero, (0, 160, 8), (22, -50, 9)) for zero in (230.0, 360.0)]
    found = _read(*rows)
    for y, truth in zip(found.y, rows, strict=True):
        assert _worst(y, truth) < 8
        assert _db(y, truth) > 12


def test_ink_that_one_row_alone_was_followed_through_is_its_own() -> None:
    """The upper row's deep wave ends beside the lower row's peak; few columns are shared."""
    upper = _curve(200, (0, 50, 6), (16, -150, 14))
    lower = _curve(330, (4, 100, 9), (20, -100, 12))
    found = _read(upper, lower)
    assert found.is_shared is not None
    assert 0.0 < found.is_shared.mean() < 0.05
    for y, truth in zip(found.y, (upper, lower), strict=True):
        assert _worst(y, truth) < 4


@pytest.mark.parametrize("high", [60, -60])
def test_rows_that_stay_apart_are_as_they_were(high: float) -> None:
    """Nothing is parted where nothing is shared."""
    rows = [_curve(zero, (0, high, 9)) for zero in (200.0, 450.0)]
    found = _read(*rows)
    assert found.is_shared is not None
    assert not found.is_shared.any()
    for y, truth in zip(found.y, rows, strict=True):
        assert _worst(y, truth) < 2.5


def test_ways_go_to_tips_of_the_ink() -> None:
    """Of two pens on lines 60 apart the lower one drew the peak through the upper one's line."""
    columns, height, width = 40, 120, 4.0
    x = np.arange(columns)
    peak = 90.0 - 80.0 * np.clip(1 - np.abs(x - 20) / 9, 0, 1)
    edges = np.stack([np.full(columns, 30.0), peak])
    before = np.concatenate([edges[:, :1], edges[:, :-1]], axis=1)
    tops, bottoms = draw(np.minimum(edges, before), np.maximum(edges, before), width)
    y = np.arange(height)[:, None]
    drawn = (y >= tops[:, None]) & (y <= bottoms[:, None])
    ink = np.asarray(drawn.any(axis=0), np.bool_)
    away = cv2.distanceTransform(ink.astype(np.uint8), cv2.DIST_L2, 5)
    middle = np.clip(away / 2.0, 0, 1).T[None].repeat(2, axis=0).astype(np.float32)
    ends = 4.0 * np.abs(np.arange(height)[None] - np.array([[30.0], [90.0]])).astype(np.float32)
    ways = find_ways(Plane(ink, middle, ends, ends), width)
    assert np.abs(ways[0] - 30).max() <= 2
    assert ways[1].min() <= 13
    assert np.abs(ways[1][[0, -1]] - 90).max() <= 2


def test_a_stretch_goes_on_until_all_its_rows_are_apart() -> None:
    """Rows 0 and 1 share ink in columns 20 to 24, rows 1 and 2 in 24 to 29; row 3 stands apart."""
    columns = 60
    chosen = np.arange(4)[:, None].repeat(columns, axis=1)
    chosen[1, 20:25] = 0
    chosen[2, 25:30] = 1
    upper = (np.arange(4)[None] * 100.0).repeat(columns, axis=0)
    runs = Runs(upper, upper + 5.0, upper + 2.5, np.ones(upper.shape, bool))
    [one] = find_stretches(chosen, runs)
    assert one.rows == [0, 1, 2]
    assert (one.first, one.last) == (16, 34)
