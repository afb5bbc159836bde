"""Tests of precord.digitize.lattice: a millimetre of paper, where each panel has a grid."""

import numpy as np
import pytest

from precord.digitize.lattice import find_lattice
from precord.digitize.pdf import Stroke, Style

_STYLE = Style((255, 180, 180, 255), 0.3)


def _line(x: float, y: float, dx: float, dy: float) -> Stroke:
    """Return a line of a grid from a point."""
    return Stroke(np.array([[x, y], [x + dx, y + dy]]), _STYLE)


@pytest.mark.parametrize("room", [5.588, 11.3, 6.9])
def test_panels_say_how_far_lines_are_apart_each_way(room: float) -> None:
    """Six panels of seven lines below one another, 4.657 mm apart and 5.208 mm across."""
    strokes = [_line(50.0 + 5.208 * k, 20.0, 0.0, 200.0) for k in range(50)]
    for panel in range(6):
        top = 20.0 + panel * (6 * 4.657 + room)
        strokes += [_line(50.0, top + 4.657 * k, 250.0, 0.0) for k in range(7)]

    found = find_lattice(strokes)

    assert found.across == pytest.approx(5.208 / 5)
    assert found.down == pytest.approx(4.657 / 5)
