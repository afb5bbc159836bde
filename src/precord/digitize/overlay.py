"""A picture that shows what was read: the flattened page with each lead's trace on it.

Whoever it is of is blacked out (`redact`): the picture may be kept, and shown to others.
"""

from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from precord.digitize.ocr import read_words
from precord.digitize.reading import Reading
from precord.digitize.redact import redact
from precord.errors import QueryError

_COLORS = ((200, 30, 30), (20, 110, 40), (30, 60, 200), (160, 30, 160))


def draw_overlay(reading: Reading) -> NDArray[np.uint8]:
    """Return (height, width, 3) RGB: the flat page, pale, under coloured traces and names.

    Raises:
        QueryError: The page is too large to be drawn.
    """
    if reading.grid is None or reading.traces is None or reading.arrangement is None:
        raise QueryError("no overlay: the page is too large to be drawn")
    words = reading.words if reading.words is not None else read_words(reading.grid.flat)
    page = (reading.grid.flat // 2 + 127).astype(np.uint8)
    page = redact(page, reading.traces.y, words or ())
    for n, piece in enumerate(reading.arrangement.pieces):
        color = _COLORS[n % len(_COLORS)]
        offset = int(reading.traces.offset[piece.row])
        y = reading.traces.y[piece.row]
        _draw(page, y, (piece.first, piece.last), offset, color)
        at = piece.first + offset + 10, max(20, int(reading.traces.zero[piece.row]) - 60)
        cv2.putText(page, piece.lead, at, cv2.FONT_HERSHEY_SIMPLEX, 1.2, color, 3, cv2.LINE_AA)
    used = {piece.row for piece in reading.arrangement.pieces}
    for row in set(range(len(reading.traces.y))) - used:
        offset = int(reading.traces.offset[row])
        _draw(page, reading.traces.y[row], (0, page.shape[1]), offset, (90, 90, 90))
    return page


def _draw(
    page: NDArray[np.uint8],
    y: NDArray[np.float32],
    ends: tuple[int, int],
    offset: int,
    color: tuple[int, int, int],
) -> None:
    """Draw one stretch of a row's trace."""
    first, last = ends
    points = np.stack([np.arange(first, last) + offset, y[first:last]], 1)
    gaps = np.flatnonzero(~np.isfinite(points[:, 1]))
    for start, stop in pairwise([-1, *gaps.tolist(), len(points)]):
        piece = np.rint(points[start + 1 : stop]).astype(np.int32)
        if len(piece) > 1:
            cv2.polylines(page, [piece], False, color, 2, cv2.LINE_AA)
