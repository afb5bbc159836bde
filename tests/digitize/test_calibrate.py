"""Tests of precord.digitize.calibrate: a size that nothing on the page says."""

from contextlib import nullcontext

import pytest

from precord.digitize.calibrate import Unit, refuse_out_of_scale
from precord.errors import PrecordError


@pytest.mark.parametrize(
    ("is_assumed", "seconds", "is_refused"),
    [(True, 8.37, True), (True, 10.1, False), (True, 5.0, False), (False, 8.37, False)],
)
def test_rows_belie_a_page_that_was_not_drawn_to_scale(
    is_assumed: bool, seconds: float, is_refused: bool
) -> None:
    """A plot of 10 s on A4 whose title says 25 mm/s, but whose axis is 209 mm long."""
    unit = Unit(1.0, 1.0, "", is_assumed)
    refusal = pytest.raises(PrecordError, match="to scale") if is_refused else nullcontext()
    with refusal:
        refuse_out_of_scale(unit, seconds, "x.pdf")
