"""Complexes of neighbouring rows that cross: which ink is whose.

A row is in the run of ink that it has chosen, and what one row alone has chosen is its own. Where
rows have chosen the same run, the ways of their pens are found (`way`). What a pen draws on its way
is a guess at the edges of a row's ink; the edge of a run of ink is that of the highest, or lowest,
of the rows in it. From both follows the line, which is a better way, and so on.
"""

from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, minimum_filter1d

from precord.digitize.leftover import FLAT_PX_PER_MM
from precord.digitize.pen import draw, stretches, to_line
from precord.digitize.runs import THIN, Runs
from precord.digitize.way import Plane, find_ways, step_edges

Array = NDArray[Any]
_BESIDE = round(0.4 * FLAT_PX_PER_MM)  # columns where all rows of a stretch are apart
_WIDEST = round(40.0 * FLAT_PX_PER_MM)  # of a stretch; what is wider are no complexes
_REACH = round(30.0 * FLAT_PX_PER_MM)  # of a complex beyond its row
_AROUND = round(6.0 * FLAT_PX_PER_MM)  # columns beside a stretch, for what a line moves about
_CENTRE = 0.85  # of half a pen's width from the edge of ink is its middle
_OFF = 4.0  # pixels of way are as dear as one off a row's own line where it begins
_SETTLE = 3  # times that the line is found
_LATE = 5  # columns: a way may be two off


class Edges(NamedTuple):
    """(rows, columns) upper and lower edge and centre of each row's ink, flat pixels."""

    upper: Array
    lower: Array
    centre: Array


class Stretch(NamedTuple):
    """First column and end of a stretch in which *rows* share ink."""

    first: int
    last: int
    rows: list[int]


def part(
    edges: Edges,
    chosen: NDArray[np.intp],
    *,
    runs: Runs,
    marked: NDArray[np.bool_],
    zero: Array,
    width: float,
) -> None:
    """Part the ink that rows share: set what of it is each row's.

    Args:
        edges: of the runs that the rows have chosen; changed.
        chosen: (rows, columns) run of each row, -1 where there is none.
        runs: of the page.
        marked: (height, columns) what is ink.
        zero: (rows,) each row's line of 0 mV.
        width: of the pen.
    """
    for stretch in find_stretches(chosen, runs):
        rows, inner = stretch.rows, slice(stretch.first, stretch.last)
        top = max(0, int(zero[rows].min()) - _REACH)
        low = min(len(marked), int(zero[rows].max()) + _REACH)
        ink, denied = _clear(marked[top:low, inner].copy(), top, stretch, chosen, runs)
        homes = np.where(np.isnan(edges.centre[rows]), zero[rows, None], edges.centre[rows]) - top
        plane = _plane(ink, denied, homes[:, [stretch.first, stretch.last - 1]], width)
        ways = find_ways(plane, width)
        _settle(edges, stretch, chosen, runs=runs, ways=ways + top, width=width)


def find_stretches(chosen: NDArray[np.intp], runs: Runs) -> list[Stretch]:
    """Return the stretches in which rows share ink, from where they are apart to where again."""
    n_rows = len(chosen)
    height = np.take_along_axis((runs.lower - runs.upper).T, chosen.clip(0), axis=0)
    same = (chosen[:, None] == chosen[None]) & (chosen >= 0)[None]  # (rows, rows, columns)
    same[np.arange(n_rows), np.arange(n_rows)] = False
    is_apart = ~same.any(axis=0) & ~((chosen >= 0) & (height >= THIN))
    found: list[Stretch] = []
    for a, b in np.argwhere(np.triu(same.any(axis=2))):
        for first, last in stretches(same[a, b]):
            found.append(_widen(Stretch(first, last, [int(a), int(b)]), is_apart))
    return [one for one in _join(found, is_apart) if one.last - one.first <= _WIDEST]


def _widen(stretch: Stretch, is_apart: NDArray[np.bool_]) -> Stretch:
    """Return the stretch with columns on both sides in which its rows are apart."""
    clear = np.asarray(is_apart[stretch.rows].all(axis=0), np.bool_)
    first, last = stretch.first, stretch.last
    while first > 0 and not clear[first : first + _BESIDE].all():
        first -= 1
    while last < clear.size and not clear[max(last - _BESIDE, 0) : last].all():
        last += 1
    return Stretch(first, last, stretch.rows)


def _join(found: list[Stretch], is_apart: NDArray[np.bool_]) -> list[Stretch]:
    """Return the stretches with those made one that overlap and have a row in common."""
    joined: list[Stretch] = []
    for stretch in sorted(found):
        one = stretch
        while True:
            meet = [
                other
                for other in joined
                if set(one.rows) & set(other.rows)
                and one.first < other.last
                and other.first < one.last
            ]
            if not meet:
                break
            joined = [other for other in joined if other not in meet]
            rows = sorted({row for other in (one, *meet) for row in other.rows})
            first = min(other.first for other in (one, *meet))
            last = max(other.last for other in (one, *meet))
            one = _widen(Stretch(first, last, rows), is_apart)
        joined.append(one)
    return joined


def _clear(
    ink: NDArray[np.bool_], top: int, stretch: Stretch, chosen: NDArray[np.intp], runs: Runs
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the ink without what is other rows', and (R, H, C) where each of these cannot be.

    What one row alone has chosen is that row's, and it is nowhere else.
    """
    denied = np.zeros((len(stretch.rows), *ink.shape), np.bool_)
    for x in range(stretch.first, stretch.last):
        column = x - stretch.first
        for k in np.flatnonzero(np.isfinite(runs.upper[x])):
            upper, lower = float(runs.upper[x, k]), float(runs.lower[x, k])
            piece = slice(max(int(upper) - top - 1, 0), max(int(lower) - top + 3, 0))
            owners = np.flatnonzero(chosen[:, x] == k)
            others = [n for n, row in enumerate(stretch.rows) if row not in owners]
            if not runs.is_long[x, k] or (owners.size and len(others) == len(stretch.rows)):
                ink[piece, column] = False
            elif owners.size == 1:
                own = stretch.rows.index(int(owners[0]))
                denied[others, piece, column] = True
                denied[own, : piece.start, column] = denied[own, piece.stop :, column] = True
    return ink, denied


def _plane(ink: NDArray[np.bool_], denied: NDArray[np.bool_], homes: Array, width: float) -> Plane:
    """Return the ink of a stretch, whose rows begin and end at *homes* (R, 2)."""
    away = cv2.distanceTransform(ink.astype(np.uint8), cv2.DIST_L2, 5)
    middle = np.clip(away / (_CENTRE * (width + 1) / 2), 0.0, 1.0)
    middle = np.where(denied, 0.0, middle[None]).transpose(0, 2, 1).astype(np.float32)
    off = _OFF * np.abs(np.arange(len(ink))[None, :, None] - homes[:, None])  # (R, H, 2)
    begin, end = off.astype(np.float32).transpose(2, 0, 1)
    return Plane(ink, middle, begin, end)


def _settle(
    edges: Edges,
    stretch: Stretch,
    chosen: NDArray[np.intp],
    *,
    runs: Runs,
    ways: NDArray[np.intp],
    width: float,
) -> None:
    """Set the edges of each row's ink where others share it; (R, C) *ways* are about its line."""
    wide = slice(max(stretch.first - _AROUND, 0), stretch.last + _AROUND)
    inner = slice(stretch.first - wide.start, stretch.last - wide.start)
    own = Edges(*(edge[stretch.rows, wide] for edge in edges))
    here = chosen[stretch.rows, stretch.first : stretch.last]
    shared = ((here[:, None] == here[None]).sum(axis=1) > 1) | (here < 0)
    highest, lowest = step_edges(ways)
    for _ in range(_SETTLE):
        seen = _see(Edges(*draw(highest, lowest, width), ways), runs, stretch.first, width)
        for edge, new in zip(own, seen, strict=True):
            edge[:, inner] = np.where(shared, new, edge[:, inner])
        line = to_line(*own, width)[:, inner]
        middles = (line[:, 1:] + line[:, :-1]) / 2
        before = np.concatenate([line[:, :1], middles], axis=1)
        after = np.concatenate([middles, line[:, -1:]], axis=1)
        around = np.stack([before, line, after])
        highest, lowest = around.min(axis=0), around.max(axis=0)
    for edge, new in zip(edges, own, strict=True):
        edge[stretch.rows, stretch.first : stretch.last] = new[:, inner]


def _see(drawn: Edges, runs: Runs, first: int, width: float) -> Edges:
    """Return the edges of what is *drawn* (R, C): the runs' where they are its, else as drawn."""
    here = slice(first, first + drawn.upper.shape[1])
    top, low = runs.upper[here].T[None], runs.lower[here].T[None]  # (1, runs, C)
    inside = np.minimum(low, drawn.lower[:, None]) - np.maximum(top, drawn.upper[:, None])
    inside = np.where(np.isnan(inside), -np.inf, inside)  # (R, runs, C)
    run, is_in = inside.argmax(axis=1), inside.max(axis=1) > 0  # (R, C)
    upper, lower, centre = (
        np.take_along_axis(edge[here].T, run, axis=0)
        for edge in (runs.upper, runs.lower, runs.centre)
    )
    same = (run[:, None] == run[None]) & is_in[None]  # (R, R, C)
    is_upper = is_in & (drawn.upper <= np.where(same, drawn.upper[None], np.inf).min(axis=1))
    is_lower = is_in & (drawn.lower >= np.where(same, drawn.lower[None], -np.inf).max(axis=1))
    is_upper &= minimum_filter1d(drawn.upper, _LATE, axis=1) < upper + width
    is_lower &= maximum_filter1d(drawn.lower, _LATE, axis=1) > lower - width
    return Edges(
        np.where(is_upper, upper, drawn.upper),
        np.where(is_lower, lower, drawn.lower),
        np.where(is_upper & is_lower, centre, (drawn.upper + drawn.lower) / 2),
    )
