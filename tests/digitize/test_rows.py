"""Tests of precord.digitize.rows: what is no row of traces is left out, and nothing else."""

import numpy as np
import pytest

from precord.digitize.rows import without_stray_rows
from precord.digitize.trace import Traces


def _traces(zero: list[float], width: int = 1000) -> Traces:
    """Return flat rows at these heights."""
    y = np.repeat(np.array(zero, np.float32)[:, None], width, axis=1)

    return Traces(y, np.array(zero), 3.0, np.zeros((1, width), bool), np.zeros(len(zero), np.intp))


def _kept(zero: list[float]) -> list[float]:
    """Return the heights of the rows that are kept."""
    traces, pulses = without_stray_rows(_traces(zero), [None] * len(zero))
    assert len(pulses) == len(traces.zero)
    return [float(one) for one in traces.zero]


EVEN = [100.0 * k for k in range(1, 13)]


@pytest.mark.parametrize(("first", "last"), [(False, True), (True, False), (True, True)])
def test_an_outer_row_off_the_even_lines_is_left_out(first: bool, last: bool) -> None:
    """Twelve rows 10 mm apart, and the edge of a table above, below, or both."""
    rows = [*([-60.0] if first else []), *EVEN, *([1330.0] if last else [])]
    assert _kept(rows) == EVEN


def test_a_row_too_many_that_stands_even_is_not_guessed_away() -> None:
    """Thirteen even rows: nothing tells which is none, so the page is refused later."""
    rows = [*EVEN, 1300.0]
    assert _kept(rows) == rows


@pytest.mark.parametrize("n", [3, 4, 6, 7, 12])
def test_a_number_of_rows_that_a_layout_has_is_left_alone(n: int) -> None:
    """A rhythm strip may stand farther off than the rows above it."""
    rows = [*EVEN[: n - 1], EVEN[n - 2] + 150.0]
    assert _kept(rows) == rows
