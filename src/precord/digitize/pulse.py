"""The calibration pulse: how high and how wide it stands in a row, in millimetres."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from precord.digitize.grid import FLAT_PX_PER_MM
from precord.image.layout import GAINS, SPEEDS

Array = NDArray[Any]
_SHAPE_ERROR = 0.09  # of the height; a paper's own error is a tenth of it
_RISE = 3.5 * FLAT_PX_PER_MM  # at least, of a pulse's sides
_WIDTHS = (2.0, 12.0)  # mm
_ROOM = 40.0  # mm at either end of a row
_FEWEST = 3  # pulses below one another: they were printed in all rows
_EXACT = 0.05  # of height and of width, where a pulse is the only one


class Pulse(NamedTuple):
    """A calibration pulse: 1 mV; flat pixels, and mm for its size; NaN where it is cut off."""

    left: int
    right: int
    height: float
    width: float


def find_pulses(rows: NDArray[np.float32]) -> list[Pulse | None]:
    """Find the pulse of each of (rows, columns), None where there is none."""
    return keep_aligned([find_pulse(row) or find_cut_pulse(row) for row in rows])


def find_pulse(y: NDArray[np.float32]) -> Pulse | None:
    """Find a row's pulse in (columns,) heights of its trace, at the left end or the right."""
    present = np.flatnonzero(np.isfinite(y))
    if present.size < 300:
        return None
    room = round(_ROOM * FLAT_PX_PER_MM)
    for start, stop in ((present[0], present[0] + room), (present[-1] - room, present[-1] + 1)):
        found = _search(y, max(int(start), 0), min(int(stop), y.size))
        if found is not None:
            return found
    return None


def find_cut_pulse(y: NDArray[np.float32]) -> Pulse | None:
    """Find a pulse whose rise is cut off by the picture's edge: flat, and down to the line."""
    present = np.flatnonzero(np.isfinite(y))
    if present.size < 300:
        return None
    start = int(present[0])
    piece = y[start : start + round(_WIDTHS[1] * FLAT_PX_PER_MM)]
    falls = [x for x in range(5, piece.size - 12) if _step(piece, x) < -_RISE]
    if not falls:
        return None
    end = falls[len([x for x in falls if x < falls[0] + 7]) // 2]
    top, base = piece[min(4, end // 2) : end - 2], piece[end + 4 : end + 16]
    if not (np.isfinite(top).all() and np.isfinite(base).sum() > 4):
        return None
    height = float(np.nanmedian(base) - np.median(top)) / FLAT_PX_PER_MM
    error = min(abs(height / gain - 1) for gain in GAINS)
    if error < _SHAPE_ERROR and np.ptp(top) < 0.5 * FLAT_PX_PER_MM:
        return Pulse(start, start + end + 2, height, float("nan"))
    return None


def keep_aligned(pulses: list[Pulse | None]) -> list[Pulse | None]:
    """Return *pulses* without those that do not end below one another: they are beats."""
    rights = np.array([pulse.right for pulse in pulses if pulse is not None], float)
    if rights.size == 0:
        return pulses
    near = np.abs(rights[:, None] - rights[None]) < 1.5 * FLAT_PX_PER_MM
    right = rights[int(np.argmax(near.sum(1)))]
    return [
        pulse if pulse is not None and abs(pulse.right - right) < 1.5 * FLAT_PX_PER_MM else None
        for pulse in pulses
    ]


def find_usual(pulses: Sequence[Pulse | None]) -> Pulse | None:
    """Return a pulse like most of several that stand below one another, else None."""
    found = sorted((p for p in pulses if p is not None), key=lambda pulse: pulse.right)
    return found[len(found) // 2] if len(found) >= _FEWEST else None


def tell_by_one(pulses: Sequence[Pulse | None]) -> tuple[float, float] | None:
    """Return gain in mm/mV and speed in mm/s by the only whole one of *pulses*, or None.

    It must be as high and as wide as 1 mV and 0.2 s of paper are, more exactly than several
    that agree: what looks like a pulse in one row may be a beat. Pulses that are cut off must
    be as high.
    """
    whole = [pulse for pulse in pulses if pulse is not None and np.isfinite(pulse.width)]
    heights = [pulse.height for pulse in pulses if pulse is not None]
    if len(whole) != 1:
        return None
    gains = [g for g in GAINS if all(abs(height / g - 1) < _EXACT for height in heights)]
    speeds = [s for s in SPEEDS if abs(whole[0].width / (0.2 * s) - 1) < _EXACT]
    return (gains[0], speeds[0]) if gains and speeds else None


def _search(y: NDArray[np.float32], start: int, stop: int) -> Pulse | None:
    """Find a pulse between two columns: up, flat, and down again by as much."""
    piece = np.where(np.isfinite(y[start:stop]), y[start:stop], np.nan)
    n = piece.size
    best: tuple[float, Pulse] | None = None
    edges = [x for x in range(3, n - 8) if _step(piece, x) > _RISE]
    for x in edges:
        for width in range(round(_WIDTHS[0] * FLAT_PX_PER_MM), round(_WIDTHS[1] * FLAT_PX_PER_MM)):
            end = x + width
            if end + 4 >= n or _step(piece, end) > -_RISE:
                continue
            top = piece[x + 3 : end - 2]
            base = np.concatenate([piece[max(x - 12, 0) : x - 2], piece[end + 3 : end + 12]])
            if top.size < 10 or not np.isfinite(top).all() or np.isfinite(base).sum() < 6:
                continue
            height = float(np.nanmedian(base) - np.median(top)) / FLAT_PX_PER_MM
            error = min(abs(height / gain - 1) for gain in GAINS)
            rough = float(np.ptp(top)) / FLAT_PX_PER_MM
            if error < _SHAPE_ERROR and rough < 0.8:
                score = error + rough
                pulse = Pulse(start + x, start + end, height, width / FLAT_PX_PER_MM)
                if best is None or score < best[0]:
                    best = score, pulse
    return _centred(piece, start, best[1]) if best else None


def _centred(piece: Array, start: int, pulse: Pulse) -> Pulse:
    """Return *pulse* from where its rise is half as high as its top to where its fall is."""
    left, right = pulse.left - start, pulse.right - start
    top = float(np.median(piece[left + 3 : right - 2]))
    half = top + pulse.height * FLAT_PX_PER_MM / 2
    low = np.flatnonzero(~(piece < half))
    middle = (left + right) // 2
    before, after = low[low < middle], low[low > middle]
    if before.size == 0 or after.size == 0:
        return pulse
    left, right = int(before[-1]), int(after[0])
    return pulse._replace(
        left=start + left, right=start + right, width=(right - left) / FLAT_PX_PER_MM
    )


def _step(piece: Array, x: int) -> float:
    """Return by how many pixels the trace rises between three columns before and after *x*."""
    before = piece[max(x - 3, 0)]
    after = piece[min(x + 3, piece.size - 1)]
    return float(before - after) if np.isfinite(before) and np.isfinite(after) else 0.0
