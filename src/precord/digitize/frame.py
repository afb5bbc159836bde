"""The frame that plotting software draws around a grid, and what stands beside it.

Axes, ticks and their numbers are as dark as the traces; a long axis is followed like a row,
and numbers below it too. A frame is told by an upright and a level line that go along all of
the ink, close to its edge; a line that stands alone may be a mark between leads, or a fold.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from precord.digitize.leftover import FLAT_PX_PER_MM

Array = NDArray[Any]
_INK = 0.3  # from which a pixel may be part of a line
_ALONG = 0.9  # of the longest such stretch, of another that is a frame's too
_LONGEST = round(60 * FLAT_PX_PER_MM)  # at least, of a frame's line
_EDGE = 0.15  # of the width or height of the ink: there its frame may be


def clear_frame(ink: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (height, width) *ink* without a plot's frame and all that is outside of it."""
    on = (ink > _INK).astype(np.uint8)
    sides = [_outer_lines(cv2.dilate(on, np.ones((1, 3), np.uint8)))]
    if sides[0] == (None, None):
        return ink
    sides.append(_outer_lines(cv2.dilate(on, np.ones((3, 1), np.uint8)).T))
    if sides[1] == (None, None):
        return ink
    cleared = ink.copy()
    for plane, (first, last) in zip((cleared, cleared.T), sides, strict=True):
        if first is not None:
            plane[:, : first + 1] = 0.0
        if last is not None:
            plane[:, last:] = 0.0
    return cleared


def _outer_lines(on: NDArray[np.uint8]) -> tuple[int | None, int | None]:
    """Return the inner edges of the upright lines at the left and at the right of what is *on*."""
    counts = on.sum(axis=0, dtype=np.int64)
    columns = np.flatnonzero(counts)
    if columns.size == 0:
        return None, None
    room = _EDGE * np.ptp(columns)
    first, last = columns[0] + room, columns[-1] - room
    asked = np.flatnonzero(counts > _LONGEST)
    asked = asked[(asked < first) | (asked > last)]
    if asked.size == 0:
        return None, None
    lengths = _longest_runs(on[:, asked])
    full = asked[lengths > max(_LONGEST, _ALONG * lengths.max())]
    left, right = full[full < first], full[full > last]
    return (
        int(left.max()) if left.size else None,
        int(right.min()) if right.size else None,
    )


def _longest_runs(on: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Return (columns,) how long the longest stretch without a gap is."""
    height = on.shape[0]
    at = np.arange(1, height + 1)[:, None]
    gaps = np.where(on == 0, at, 0)
    return np.asarray((at - np.maximum.accumulate(gaps, axis=0)).max(axis=0), np.intp)
