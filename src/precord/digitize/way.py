"""The ways of several pens through ink that they share.

Each pen goes from where it is on the left to where it is on the right by the way that costs least:
short, and in the middle of the ink, since a pen has a width (a shortest path, column by column).
Ink on nobody's way is the tip of a complex that a way was too short for: it goes to the pen whose
way it lengthens least, and the ways are found again.

Shapes: R pens, C columns, H pixels from the top.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from precord.digitize.pen import draw

Array = NDArray[Any]
_EDGE = 6.0  # times the cost of a pixel in the middle of the ink is that of one on paper, and more
_GAP = 80.0  # pixels of way are as dear as a column of paper
_FORCED = 1e5
_ROUNDS = 6
_SLACK = 1.2  # pixels by which ink may stand out of what a pen drew
_LEAST, _SURE = 3, 0.75  # pixels of a tip from top to bottom; and how sure a pen can be in it
_DEAREST = 5.0  # pixels of way for one of the height of a tip: else it is no pen's, as writing
_NEAR = 4  # columns: what a pen draws so near a tip
_TOWARDS, _MOST = 0.5, 100.0  # of the way that a pen goes towards a tip anyhow; pixels, at most


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """Ink that pens share.

    Attributes:
        ink: (H, C) bool.
        middle: (R, C, H) 0 to 1: how surely the middle of a pen can be there.
        begin, end: (R, H) what it costs a pen to be there in the first and last column.
    """

    ink: NDArray[np.bool_]
    middle: NDArray[np.float32]
    begin: NDArray[np.float32]
    end: NDArray[np.float32]


def find_ways(plane: Plane, width: float) -> NDArray[np.intp]:
    """Return (R, C) where each pen of *width* is as it leaves each column, pixels from the top."""
    sums = np.cumsum(1.0 + _EDGE * (1.0 - plane.middle), axis=2)  # (R, C, H) way from the top
    node = (_GAP * (1.0 - plane.middle)).astype(np.float32)
    ink = plane.ink.copy()
    quality = plane.middle.max(axis=0).T  # (H, C)
    for _ in range(_ROUNDS):
        left = _costs(plane.begin, sums, node)
        ways = _trace(left, sums, plane.end)
        tips = _find_tips(ink, quality, ways, width)
        if not tips:
            break
        back = np.roll(sums[:, ::-1], 1, axis=1)  # a step costs the same both ways
        right = _costs(plane.end, back, node[:, ::-1])[:, ::-1]
        through = left + right - node  # (R, C, H) cost of the best way by each place
        least = (left[:, -1] + plane.end).min(axis=1)
        for x, y, height in tips:
            more = through[:, x, y] - least
            row = int(np.argmin(more - _towards(ways, x, y)))
            if more[row] > _DEAREST * height:
                ink[max(y - 2, 0) : y + 3, max(x - 2, 0) : x + 3] = False
            else:
                _force(node[row, x], int(ways[row, x]), y)
    return ways


def step_edges(ways: NDArray[np.intp]) -> tuple[Array, Array]:
    """Return (R, C) highest and lowest place of each pen within each column."""
    before = np.concatenate([ways[:, :1], ways[:, :-1]], axis=1)
    return np.minimum(ways, before), np.maximum(ways, before)


def _costs(begin: Array, sums: Array, node: Array) -> NDArray[np.float32]:
    """Return (R, C, H) the cost of the best way to each place at which a column is left."""
    cost = np.empty_like(node)
    now = begin
    for x in range(node.shape[1]):
        if x:
            way = sums[:, x]
            down = way + np.minimum.accumulate(now - way, axis=1)
            up = np.minimum.accumulate((now + way)[:, ::-1], axis=1)[:, ::-1] - way
            now = np.minimum(down, up)
        now = now + node[:, x]
        cost[:, x] = now
    return cost


def _trace(left: Array, sums: Array, end: Array) -> NDArray[np.intp]:
    """Return (R, C) the best ways, of the (R, C, H) costs of all."""
    ways = np.empty(left.shape[:2], np.intp)
    rows = np.arange(len(left))
    y = (left[:, -1] + end).argmin(axis=1)
    ways[:, -1] = y
    for x in range(left.shape[1] - 1, 0, -1):
        way = sums[:, x]
        y = (left[:, x - 1] + np.abs(way - way[rows, y][:, None])).argmin(axis=1)
        ways[:, x - 1] = y
    return ways


def _find_tips(
    ink: NDArray[np.bool_], quality: Array, ways: NDArray[np.intp], width: float
) -> list[tuple[int, int, float]]:
    """Return column, place and height of each part of the ink that is on nobody's way."""
    tops, bottoms = draw(*step_edges(ways), width + 2 * _SLACK)
    y = np.arange(len(ink))[:, None]
    drawn = ((y >= tops[:, None]) & (y <= bottoms[:, None])).any(axis=0)
    n, labels, stats, _ = cv2.connectedComponentsWithStats((ink & ~drawn).astype(np.uint8))
    found = []
    for k in range(1, n):
        left, top, wide, high = stats[k, :4]
        spot = labels[top : top + high, left : left + wide] == k
        spot &= quality[top : top + high, left : left + wide] > _SURE
        i, j = np.nonzero(spot)
        if i.size == 0 or high < _LEAST:
            continue
        far = int(np.abs(i[:, None] + top - ways[:, j + left].T).min(axis=1).argmax())
        x = int(left + j[far])
        if 0 < x < ink.shape[1] - 1:
            found.append((x, int(top + i[far]), float(high)))
    return found


def _towards(ways: NDArray[np.intp], x: int, y: int) -> Array:
    """Return (R,) what speaks for each pen: how far it goes towards a tip, beyond its own line."""
    home = (ways[:, 0] + ways[:, -1]) / 2
    near = ways[:, max(x - _NEAR, 0) : x + _NEAR + 1]
    far = np.where(y < home, home - near.min(axis=1), near.max(axis=1) - home)
    return np.asarray(np.minimum(_TOWARDS * np.maximum(far, 0.0), _MOST))


def _force(node: Array, now: int, y: int) -> None:
    """Let a pen that is at *now* go to *y* or beyond: change its (H,) cost of a column."""
    beyond = node[: y + 1] if y < now else node[y:]
    beyond[beyond > -_FORCED / 2] -= _FORCED
