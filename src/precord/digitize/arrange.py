"""Which row and which stretch of it is which lead.

The number of rows leaves one or two layouts; where the columns begin, and which layout it
is, is what Einthoven's and Goldberger's laws fit best: II = I + III in one column, and
aVR + aVL + aVF = 0 in its neighbour.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from precord.digitize.grid import FLAT_PX_PER_MM
from precord.image.layout import LAYOUTS
from precord.leads import Lead

Array = NDArray[Any]
_BY_ROWS = {
    3: ("3x4",), 4: ("3x4+1",), 5: ("3x4+2",), 6: ("6x2", "3x4+3", "cabrera"),
    7: ("6x2+1",), 12: ("12x1",),
}  # fmt: skip
KNOWN = (*LAYOUTS, "3x4+2")
ROW_COUNTS = frozenset(_BY_ROWS)
_UNEXPLAINED = 0.5  # of misfit: marks between leads where a layout has none
_FAR, _NEAR = 10.0, 0.6  # mm that columns may begin from where the rows do, and where these agree
_PLAIN = 0.7  # three marks so sure that they say it against rows that agree
_SNAP = round(0.6 * FLAT_PX_PER_MM)  # that a mark may be off evenly wide columns
_MARK = 0.5  # of the rows, twice
_COLUMN_SECONDS = {4: 2.5, 2: 5.0, 1: 10.0}
_WHOLE, _LIKE = 0.004, 0.12  # of a usual width: columns so near have it surely, or may have it


@dataclass(frozen=True, slots=True)
class Piece:
    """One stretch of one lead: its row and its first and last column, flat pixels."""

    lead: Lead
    row: int
    first: int
    last: int
    sign: float = 1.0


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Where each lead is.

    Attributes:
        begin: first column of the first lead.
        misfit: how badly Einthoven's and Goldberger's laws are kept.
        marks: in what share of the rows the leads are parted by marks.
    """

    layout: str
    pieces: tuple[Piece, ...]
    begin: int
    misfit: float
    marks: float = 0.0


class Ends(NamedTuple):
    """First and last column of the traces; *is_sure* where the rows agree on the first."""

    first: int
    last: int
    is_sure: bool


def main_rows(layout: str) -> tuple[tuple[Lead, ...], ...]:
    """Return the rows of *layout* that hold columns of leads, without rhythm strips."""
    rows = LAYOUTS["3x4" if layout == "3x4+2" else layout]
    return rows if len(rows[0]) == 1 else tuple(row for row in rows if len(row) > 1)


def arrange(
    y: NDArray[np.float32],
    ends: Ends,
    layout: str | None,
    speed: float | None,
    marks: NDArray[np.float64] | None = None,
) -> Arrangement | None:
    """Return the best arrangement of (rows, columns) traces *y*, or None where none fits.

    Args:
        y: heights of the traces, flat pixels from the top.
        ends: of the traces, without calibration pulses.
        layout: where it is known.
        speed: mm/s where it is known.
        marks: (columns,) 0 to 1: where leads are parted by a mark.
    """
    marks = np.zeros(y.shape[1]) if marks is None else marks
    layouts = (layout,) if layout else _BY_ROWS.get(len(y), ())
    found = [a for one in layouts if (a := _fit(y, marks, ends, one, speed)) is not None]
    return min(found, key=lambda a: a.misfit + _UNEXPLAINED * _stray(a, marks)) if found else None


def _stray(found: Arrangement, marks: NDArray[np.float64]) -> float:
    """Return how surely marks stand in the middles of the columns, where nothing is parted."""
    bounds = sorted({piece.first for piece in found.pieces} | {found.pieces[-1].last})
    middles = [(a + b) // 2 for a, b in pairwise(bounds)]
    near = round(2.0 * FLAT_PX_PER_MM)
    peaks = [marks[max(m - near, 0) : m + near].max(initial=0.0) for m in middles]
    return float(np.mean(peaks))


def _fit(
    y: NDArray[np.float32],
    marks: NDArray[np.float64],
    ends: Ends,
    layout: str,
    speed: float | None,
) -> Arrangement | None:
    """Return the arrangement by *layout* with the columns where they fit best."""
    rows = main_rows(layout)
    if len(y) < len(rows):
        return None
    n = len(rows[0])
    signals = -(y - np.nanmedian(y, axis=1, keepdims=True))
    width = (ends.last - ends.first) / n
    speeds = (speed,) if speed else (25.0, 50.0)
    usual = [_COLUMN_SECONDS[n] * one * FLAT_PX_PER_MM for one in speeds] if n > 1 else []
    evidence = _Evidence(signals, rows, layout, marks, _jumps(signals))
    whole = [w for w in usual if ends.is_sure and abs(width / w - 1) < _WHOLE]
    if whole:  # both ends of the rows say it
        best = whole[0], float(ends.first)
        bounds = evidence.bounds(*best)
    else:
        widths = [w for w in usual if abs(width / w - 1) < _LIKE] or [width]
        best = _search(evidence, ends, widths)
        bounds = evidence.snapped(*best)
    clipped = [min(max(b, 0), y.shape[1]) for b in bounds]
    return Arrangement(
        layout,
        _pieces(rows, clipped, layout),
        clipped[0],
        _misfit(signals, rows, bounds, layout),
        evidence.marked(*best),
    )


class _Evidence(NamedTuple):
    """What tells where the columns of leads begin."""

    signals: Array
    rows: tuple[tuple[Lead, ...], ...]
    layout: str
    marks: Array
    jumps: Array

    def bounds(self, width: float, begin: float) -> list[int]:
        """Return where each column of leads begins, and where the last ends."""
        return [round(begin + k * width) for k in range(len(self.rows[0]) + 1)]

    def snapped(self, width: float, begin: float) -> list[int]:
        """Return the bounds, each moved to the mark that stands close to it, if one does."""
        bounds = self.bounds(width, begin)
        moves = [self._move(bound) for bound in bounds[1:-1]]
        if not moves:
            return bounds
        moves = [moves[0], *moves, moves[-1]]
        return [bound + move for bound, move in zip(bounds, moves, strict=True)]

    def _move(self, bound: int) -> int:
        """Return by how many columns the nearest mark is to the right of a bound."""
        low = max(bound - _SNAP, 0)
        near = self.marks[low : bound + _SNAP + 1]
        if near.max(initial=0.0) < _MARK:
            return 0
        return round(float(np.flatnonzero(near > near.max() - 1e-6).mean())) + low - bound

    def marked(self, width: float, begin: float) -> float:
        """Return how surely marks stand where columns meet, 0 to 1."""
        inner = np.clip(self.bounds(width, begin)[1:-1], 0, self.marks.size - 1)
        return float(self.marks[inner].mean()) if inner.size else 0.0

    def cost(self, width: float, begin: float, shift: float, *, is_near: bool = False) -> float:
        """Return how badly columns fit that begin *shift* pixels from where they should.

        The laws, which cannot tell a pixel, are left out where it *is_near* the right place.
        """
        bounds = self.bounds(width, begin)
        inner = [self.jumps[max(b - 3, 0) : max(b + 4, 1)].max(initial=0.0) for b in bounds[1:-1]]
        misfit = 0.0 if is_near else _misfit(self.signals, self.rows, bounds, self.layout)
        jump = float(np.mean(inner)) if inner else 0.0
        return misfit - 0.15 * jump - 0.5 * self.marked(width, begin) + 0.0005 * shift


def _search(evidence: _Evidence, ends: Ends, widths: list[float]) -> tuple[float, float]:
    """Return width and begin of the columns that fit best, of several *widths*."""
    n = len(evidence.rows[0])
    far = round(_FAR * FLAT_PX_PER_MM) if n > 1 else 0
    reach = min(far, round(_NEAR * FLAT_PX_PER_MM)) if ends.is_sure else far
    tried = [
        (w, float(ends.first + shift), float(abs(shift)))
        for w in widths
        for shift in range(-far, far + 1, 2)
        if abs(shift) <= reach or (n > 2 and evidence.marked(w, ends.first + shift) > _PLAIN)
    ]
    best = min(tried, key=lambda one: evidence.cost(*one))
    if n > 1 and evidence.marked(*best[:2]) > 0.4:  # marks say it better than the standard
        tried = [
            (best[0] * (1 + k / 400), best[1] + d, 1.0 * abs(k) + 0.1 * abs(d))
            for k in range(-10, 11)
            for d in range(-8, 9)
        ]
        best = min(tried, key=lambda one: evidence.cost(*one, is_near=True))
    return best[:2]


def _jumps(signals: Array) -> Array:
    """Return (columns,) 0 to 1: in how many rows the trace leaps and stays, as between leads."""
    size = 15
    result = np.zeros(signals.shape[1])
    for row in signals:
        filled = np.where(np.isfinite(row), row, 0.0)
        sums = np.concatenate([[0.0], np.cumsum(filled)])
        x = np.arange(size, row.size - size)
        before = (sums[x - 2] - sums[x - size]) / (size - 2)
        after = (sums[x + size] - sums[x + 2]) / (size - 2)
        sharp = np.abs(filled[np.minimum(x + 3, row.size - 1)] - filled[x - 3])
        leap = np.minimum(np.abs(after - before), sharp) / FLAT_PX_PER_MM
        result[x] += np.clip(leap - 0.3, 0.0, 1.5) / 1.5
    return result / len(signals)


def _pieces(
    rows: tuple[tuple[Lead, ...], ...], bounds: list[int], layout: str
) -> tuple[Piece, ...]:
    """Return the stretches of all leads of *rows*."""
    turned = {Lead.AVR} if layout == "cabrera" else set()
    return tuple(
        Piece(lead, row, first, last, -1.0 if lead in turned else 1.0)
        for row, leads in enumerate(rows)
        for lead, (first, last) in zip(leads, pairwise(bounds), strict=True)
        if last > first
    )


def _misfit(
    signals: Array, rows: tuple[tuple[Lead, ...], ...], bounds: list[int], layout: str
) -> float:
    """Return the rest of both laws over the size of their leads, 0 to 1 or more."""
    width = signals.shape[1]
    leads: dict[Lead, Array] = {}
    starts: dict[Lead, int] = {}
    for piece in _pieces(rows, [min(max(b, 0), width) for b in bounds], layout):
        part = piece.sign * signals[piece.row, piece.first : piece.last]
        leads[piece.lead], starts[piece.lead] = part, piece.first
    total, size = 0.0, 1e-9
    for names, signs in (
        ((Lead.I, Lead.II, Lead.III), (1.0, -1.0, 1.0)),
        ((Lead.AVR, Lead.AVL, Lead.AVF), (1.0, 1.0, 1.0)),
    ):
        if any(name not in leads for name in names):
            continue
        parts = np.stack([leads[name] for name in names])
        if parts.shape[1] < 20:
            continue
        if not np.isfinite(parts).all(axis=0).any():
            total, size = total + 1.0, size + 1.0  # what cannot be held against a law breaks it
            continue
        parts = parts - np.nanmedian(parts, axis=1, keepdims=True)
        rest = np.abs(np.array(signs) @ parts)
        total += float(np.nanmean(rest))
        size += float(np.nanmean(np.abs(parts))) * 2
    if {Lead.I, Lead.II, Lead.AVR} <= leads.keys() and starts[Lead.AVR] == starts[Lead.I]:
        rest = leads[Lead.AVR] + (leads[Lead.I] + leads[Lead.II]) / 2
        if np.isfinite(rest).any():
            total += float(np.nanmean(np.abs(rest - np.nanmedian(rest))))
            size += float(np.nanmean(np.abs(leads[Lead.AVR])) * 2)
    return total / size
