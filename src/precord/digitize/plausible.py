"""Whether a reading can be a whole page at all: what no confidence can outweigh.

Half a page, or one seen in a mirror, has rows, a grid and even a calibration pulse, and would
be read with the wrong leads. Two things give it away: its columns are too short, and its limb
leads contradict each other. Four columns that are too long are fewer columns of another layout,
of which the first three leads alone keep the laws. And where the lines of the grid were counted
wrongly, the flat page shows a strip of the picture twice, or back to front.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from precord.digitize.arrange import Arrangement
from precord.digitize.grid import FLAT_PX_PER_MM, Grid
from precord.digitize.trace import Traces
from precord.errors import UnsupportedFormatError

_FOUR = 4
_COLUMN_SECONDS = {1: 10.0, 2: 5.0, _FOUR: 2.5}  # by how many columns stand beside each other
_SHORTEST = {1: 0.6, 2: 0.8, _FOUR: 0.8}  # of a column, at 25 mm/s; at 50 it may show half of it
_LONGEST = 1.25  # of one of four columns
_MOST_MISFIT = 0.5  # of Einthoven's and Goldberger's laws; leads of a mirrored page have .8 to 1
_FOLDED = 5  # columns of a trace where the page turns back on itself
_FLATTENED = 0.3  # of the usual area of a pixel of the picture: less is an edge of a fold


def refuse_folded(grid: Grid, traces: Traces, arrangement: Arrangement, name: str) -> None:
    """Refuse a page that could not be flattened where most of its rows are.

    Raises:
        UnsupportedFormatError: Leads of at least half of the rows cross such a fold.
    """
    areas = _areas(grid.to_picture)
    if not areas.size:
        return
    is_fold = areas < _FLATTENED * np.median(areas)
    first = min(piece.first for piece in arrangement.pieces)
    last = max(piece.last for piece in arrangement.pieces)
    height, width = is_fold.shape
    count = 0
    for row, offset in zip(traces.y, traces.offset, strict=True):
        columns = np.flatnonzero(np.isfinite(row[first:last])) + first
        across = (columns + offset).clip(0, width - 1)
        down = np.rint(row[columns]).astype(np.intp).clip(0, height - 1)
        count += int(is_fold[down, across].sum() >= _FOLDED)
    if 2 * count >= len(traces.y):
        raise UnsupportedFormatError(
            f"{name}: the paper could not be flattened: {count} of {len(traces.y)} rows cross a "
            "place where its grid was not followed; take a picture with the paper flat and evenly "
            "lit, or cut that part off by --corners"
        )


def _areas(to_picture: NDArray[np.float32]) -> NDArray[Any]:
    """Return (height - 1, width - 1) picture behind a flat pixel; 0 or less in a fold."""
    if to_picture.size == 0:
        return np.zeros((0, 0))
    right = to_picture[:-1, 1:] - to_picture[:-1, :-1]
    down = to_picture[1:, :-1] - to_picture[:-1, :-1]
    return np.asarray(right[..., 0] * down[..., 1] - right[..., 1] * down[..., 0])


def refuse_parts(
    arrangement: Arrangement, speed: float, name: str, *, is_layout_given: bool
) -> None:
    """Refuse what is a part of a page, or its mirror image.

    Raises:
        UnsupportedFormatError: Columns are too short or too long for the layout, which nobody
            stated, or the limb leads contradict each other.
    """
    main = [piece for piece in arrangement.pieces if piece.row == arrangement.pieces[0].row]
    width = float(np.median([piece.last - piece.first for piece in main])) / FLAT_PX_PER_MM
    seconds, usual = width / speed, _COLUMN_SECONDS.get(len(main), 0.0) * 25.0 / speed
    if not is_layout_given and seconds < _SHORTEST.get(len(main), 0.0) * usual:
        raise UnsupportedFormatError(
            f"{name}: layout {arrangement.layout} with columns of {seconds:.1f} s, expected about "
            f"{usual:g} s: a part of a page; show the whole page, or give --layout if it is whole"
        )
    if not is_layout_given and len(main) == _FOUR and seconds > _LONGEST * _COLUMN_SECONDS[_FOUR]:
        raise UnsupportedFormatError(
            f"{name}: layout {arrangement.layout} with four columns of {seconds:.1f} s, expected "
            "2.5 s: another layout, which is not read; give --layout if it is this one"
        )
    if arrangement.misfit > _MOST_MISFIT:
        raise UnsupportedFormatError(
            f"{name}: the limb leads contradict each other (II is not I + III), so the leads are "
            "not where they were looked for: show the whole page, not mirrored, or give --layout"
        )
