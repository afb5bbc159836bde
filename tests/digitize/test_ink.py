"""Tests of precord.digitize.ink: what the pen drew, whatever its colour."""

import numpy as np
import pytest

from precord.digitize.grid import FLAT_PX_PER_MM, Grid
from precord.digitize.ink import find_ink

_MM = round(FLAT_PX_PER_MM)
_ROWS = (220, 470, 720)


@pytest.mark.parametrize("pen", [(0, 0, 178), (31, 63, 180), (0, 0, 0)])
def test_a_coloured_pen_is_as_sure_as_black_words(pen: tuple[int, int, int]) -> None:
    """Traces on a red grid with black words beside them, as plotting software draws."""
    y, x = np.mgrid[:1000, :2400]
    flat = np.full((1000, 2400, 3), 255, np.uint8)
    flat[(x % _MM < 2) | (y % _MM < 2)] = (255, 178, 178)
    flat[(x % (5 * _MM) < 2) | (y % (5 * _MM) < 2)] = (255, 0, 0)
    for row in _ROWS:
        flat[row + 4 : row + 8, 50:2350] = pen
        for word in range(60, 2300, 200):
            flat[row - 90 : row - 50, word : word + 30] = 0

    ink = find_ink(Grid(flat, np.zeros((1000, 2400, 2), np.float32), flat[..., 0] >= 0, 8.0, 0.0))

    for row in _ROWS:
        assert ink[row + 5 : row + 7, 60:2340].min() > 0.6
        assert ink[row + 30 : row + 100, 60:2340].max() < 0.2
