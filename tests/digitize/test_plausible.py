"""Tests of precord.digitize.plausible: a page that turns back on itself is no page."""

import numpy as np
import pytest

from precord.digitize.arrange import Arrangement, Piece
from precord.digitize.grid import Grid
from precord.digitize.plausible import refuse_folded
from precord.digitize.trace import Traces
from precord.errors import UnsupportedFormatError
from precord.leads import Lead

HEIGHT, WIDTH = 400, 900
ROWS = np.array([100.0, 300.0])


def _page(folded: range, depth: int) -> tuple[Grid, Traces, Arrangement]:
    """Return two flat rows, and a map that goes back by 20 pixels at column 400 of some rows."""
    x, y = np.meshgrid(np.arange(WIDTH, dtype=np.float32), np.arange(HEIGHT, dtype=np.float32))
    for row in folded:
        part = slice(int(ROWS[row]) - 50, int(ROWS[row]) + 50)
        x[part, 400 : 400 + depth] = 400 - np.arange(depth)
        x[part, 400 + depth :] -= 2 * depth
    flat = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    grid = Grid(flat, np.stack([x, y], -1), np.ones((HEIGHT, WIDTH), bool), 10.0, 0.01)
    lines = np.repeat(ROWS[:, None], WIDTH, axis=1).astype(np.float32)
    traces = Traces(lines, ROWS, 3.0, np.zeros((1, WIDTH), bool), np.zeros(2, np.intp))
    return grid, traces, Arrangement("12x1", (Piece(Lead.I, 0, 50, 850),), 50, 0.1)


def test_a_flat_page_is_read() -> None:
    """Nothing is refused; nor is a fold that no trace crosses, or of which a column is seen."""
    refuse_folded(*_page(range(0), 20), "x.png")
    refuse_folded(*_page(range(2), 2), "x.png")


@pytest.mark.parametrize("rows", [range(1), range(2)])
def test_traces_that_cross_a_fold_are_refused(rows: range) -> None:
    """Half of the rows are enough: what is simultaneous is no longer so."""
    with pytest.raises(UnsupportedFormatError, match=f"{len(rows)} of 2 rows cross"):
        refuse_folded(*_page(rows, 20), "x.png")
