"""How far to the right of the first row what was printed at one time stands in the others.

A printer draws on paper whose grid may lie askew under its head, and a page that was not quite
flattened leans as well. Two things tell it: calibration pulses, and a rhythm strip, which is one
of the leads above it once more: what both show at one time must stand at one place. How well the
limb leads keep their laws is not asked: it is what the reading is judged by.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from precord.digitize.arrange import Arrangement, Piece
from precord.digitize.grid import FLAT_PX_PER_MM
from precord.digitize.pulse import Pulse
from precord.digitize.strips import correlate, inner_part, name_strip
from precord.digitize.trace import Traces

Array = NDArray[Any]
_SKEW_ERROR = 2.5  # pixels that a pulse may lie off the line through all of them
_SAME_WIDTH = 0.25  # mm: pulses of one page are as wide; one that differs lost part of its top
_FARTHEST = round(0.9 * FLAT_PX_PER_MM)  # that a strip may stand off its lead
_LEAST = 1.0  # pixel from the first row to the last that is worth moving
_SURE = 0.9  # correlation of a strip with its lead, where they fit best
_AS_SURE = 0.02  # of correlation: a strip that is less like its lead than another is not asked
_ENDS = round(2.0 * FLAT_PX_PER_MM)  # of a lead, where it meets another, or its name stands in it


def align_pulses(traces: Traces, pulses: list[Pulse | None]) -> tuple[Traces, list[Pulse | None]]:
    """Return the traces moved so that the pulses, which were printed at one time, do align."""
    found = [(k, p) for k, p in enumerate(pulses) if p is not None and np.isfinite(p.width)]
    usual = float(np.median([p.width for _, p in found])) if found else 0.0
    whole = {k: p.left for k, p in found if abs(p.width - usual) < _SAME_WIDTH}
    if len(whole) < 3:
        return traces, pulses
    rows, lefts = list(whole), np.array(list(whole.values()))
    slope, at_top = np.polyfit(traces.zero[rows], lefts, 1)
    lean = slope * traces.zero + at_top
    errors = np.abs(lefts - lean[rows])
    if errors.max() > _SKEW_ERROR or np.ptp(lean) < 2 * _SKEW_ERROR:
        return traces, pulses
    return shift_rows(traces, pulses, lean - lean.mean())


def find_lean_of_strips(traces: Traces, arrangement: Arrangement) -> NDArray[np.float64] | None:
    """Return (rows,) columns by which each row stands to the right, None where none do, or unknown.

    Rows between a strip and its lead, and beyond them, lean as these two do.
    """
    up = -(traces.y - np.nanmedian(traces.y, axis=1, keepdims=True)).astype(np.float64)
    pieces = {piece.lead: piece for piece in arrangement.pieces}
    leads = {
        lead: (piece.first + _ENDS, inner_part(up, piece, _ENDS)) for lead, piece in pieces.items()
    }
    used = {piece.row for piece in arrangement.pieces}
    found = []  # correlation, columns to the right, and pixels below
    for row in sorted(set(range(len(up))) - used):
        named = name_strip(up[row], leads, set())
        best = _lag(up[row], up, pieces[named[0]]) if named is not None else None
        if named is not None and best is not None:
            found.append((*best, traces.zero[row] - traces.zero[pieces[named[0]].row]))
    if not found:
        return None
    fits, lags, away = np.array(found).T
    sure = fits > fits.max() - _AS_SURE
    slope = (lags * away)[sure].sum() / (away[sure] ** 2).sum()
    lean = slope * (traces.zero - traces.zero.mean())
    return np.asarray(lean) if np.ptp(lean) >= _LEAST else None


def _lag(strip: Array, up: Array, piece: Piece) -> tuple[float, float] | None:
    """Return how a strip fits its lead, and how many columns to the right; None if nowhere best."""
    first, last = piece.first + _ENDS, piece.last - _ENDS
    if first < _FARTHEST or last + _FARTHEST > strip.size or last - first < 10 * _FARTHEST:
        return None
    own = inner_part(up, piece, _ENDS)
    lags = np.arange(-_FARTHEST, _FARTHEST + 1)
    fits = np.array([correlate(own, strip[first + lag : last + lag]) for lag in lags])
    k = int(np.argmax(fits))
    if fits[k] < _SURE or not 0 < k < lags.size - 1:
        return None
    before, at, after = fits[k - 1 : k + 2]
    bend = before - 2 * at + after
    return float(at), float(lags[k] + (0.5 * (before - after) / bend if bend < 0 else 0.0))


def shift_rows(
    traces: Traces, pulses: list[Pulse | None], lean: NDArray[np.float64]
) -> tuple[Traces, list[Pulse | None]]:
    """Return the traces and their pulses with each row moved to the left by (rows,) *lean*.

    What is less than a column lies on the straight line between two.
    """
    offset = np.rint(lean).astype(np.intp)
    columns = np.arange(traces.y.shape[1])
    places = columns[None] + np.asarray(lean)[:, None]
    y = np.stack([_between(row, at) for row, at in zip(traces.y, places, strict=True)])
    shared = traces.is_shared
    if shared is not None:
        whole = columns[None] + offset[:, None]
        inside = (whole >= 0) & (whole < columns.size)
        shared = inside & np.take_along_axis(shared, whole.clip(0, columns.size - 1), axis=1)
    moved = [
        None if p is None else p._replace(left=p.left - int(d), right=p.right - int(d))
        for p, d in zip(pulses, offset, strict=True)
    ]
    return replace(traces, y=y, offset=traces.offset + offset, is_shared=shared), moved


def _between(row: NDArray[np.float32], at: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return (columns,) heights of a row *at* fractions of columns; NaN where the nearest has none.

    Beside a gap the nearest column says it alone.
    """
    last = row.size - 1
    nearest = np.rint(at).astype(np.intp)
    held = np.where((nearest >= 0) & (nearest <= last), row[nearest.clip(0, last)], np.nan)
    left = np.floor(at).astype(np.intp)
    before, after = row[left.clip(0, last)], row[(left + 1).clip(0, last)]
    mixed = before + (at - left) * (after - before)
    return np.where(np.isfinite(mixed) & np.isfinite(held), mixed, held).astype(np.float32)
