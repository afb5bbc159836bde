"""Tests of precord.digitize.arrange: where columns of leads begin."""

import numpy as np
import pytest
from numpy.typing import NDArray

from precord.digitize.arrange import Ends, _Evidence, arrange, main_rows
from precord.digitize.grid import FLAT_PX_PER_MM
from precord.image.layout import LAYOUTS
from precord.leads import LEADS
from precord.simulate.generate import simulate

WIDTH = round(62.5 * FLAT_PX_PER_MM)  # 2.5 s at 25 mm/s
FIRST = 500  # column where the leads begin


def _page() -> NDArray[np.float64]:
    """Return (3, columns) heights of a 3x4 page, a line before it that belongs to no lead."""
    record = simulate({"SR", "NORM"}, np.random.default_rng(4)).record
    columns = np.arange(4 * WIDTH)
    seconds = columns / (25.0 * FLAT_PX_PER_MM)
    y = np.full((3, FIRST + 4 * WIDTH + 200), np.nan)
    y[:, FIRST - 100 : FIRST] = 300.0
    for number, row in enumerate(LAYOUTS["3x4"]):
        for k, lead in enumerate(row):
            samples = record.signal[LEADS.index(lead)]
            here = columns[k * WIDTH : (k + 1) * WIDTH]
            mv = np.interp(seconds[here], np.arange(samples.size) / record.rate, samples)
            y[number, FIRST + here] = 300.0 - 10.0 * FLAT_PX_PER_MM * mv
    return y


def _marks(n: int, at: list[int]) -> NDArray[np.float64]:
    """Return (n,) ones about the columns *at*, zeros elsewhere."""
    marks = np.zeros(n)
    for column in at:
        marks[column - 3 : column + 4] = 1.0
    return marks


@pytest.mark.parametrize("is_sure", [True, False])
def test_marks_say_where_columns_begin_against_rows_that_agree(is_sure: bool) -> None:
    """The foot of a pulse was taken for the line in all rows; marks say better."""
    y = _page()
    marks = _marks(y.shape[1], [FIRST + k * WIDTH for k in (1, 2, 3)])
    ends = Ends(FIRST - 92, y.shape[1] - 200, is_sure)

    found = arrange(y.astype(np.float32), ends, "3x4", 25.0, marks)

    assert found is not None
    assert abs(found.begin - FIRST) <= 3


def test_one_mark_between_two_columns_moves_nothing() -> None:
    """What stands alone may be anything."""
    y = np.tile(_page()[:2], (3, 1))
    marks = _marks(y.shape[1], [FIRST + 2 * WIDTH + 60])
    ends = Ends(FIRST, FIRST + 4 * WIDTH, is_sure=True)
    found = arrange(y.astype(np.float32), ends, "6x2", 25.0, marks)

    assert found is not None
    assert abs(found.begin - FIRST) <= 6


def test_rows_that_agree_are_believed_where_marks_are_few() -> None:
    """One mark of three elsewhere is no reason to move all columns."""
    y = _page()
    marks = _marks(y.shape[1], [FIRST + WIDTH + 60])
    found = arrange(
        y.astype(np.float32), Ends(FIRST, y.shape[1] - 200, is_sure=True), "3x4", 25.0, marks
    )

    assert found is not None
    assert abs(found.begin - FIRST) <= 6


def test_rows_that_begin_and_end_as_columns_do_say_where_these_begin() -> None:
    """The rows leap between other columns, six pixels on; both their ends say better."""
    y = _page()
    ends = Ends(FIRST, FIRST + 4 * WIDTH, is_sure=True)
    for k in (1, 2, 3):
        y[:, FIRST + k * WIDTH + 6 : FIRST + (k + 1) * WIDTH + 6] += 20.0 * k

    found = arrange(y.astype(np.float32), ends, "3x4", 25.0)

    assert found is not None
    assert found.begin == FIRST
    assert {piece.last - piece.first for piece in found.pieces} == {WIDTH}


def test_each_boundary_moves_to_the_mark_beside_it() -> None:
    """Printed columns are not quite as wide as they should be; the outer ones move along."""
    marks = np.zeros(700)
    marks[[203, 205]] = 1.0  # the middle of both
    marks[296] = 0.7
    marks[420] = 1.0  # too far off
    marks[403] = 0.2  # too unsure
    evidence = _Evidence(np.zeros((3, 700)), main_rows("3x4"), "3x4", marks, np.zeros(700))
    assert evidence.snapped(100.0, 100.0) == [104, 204, 296, 400, 500]
