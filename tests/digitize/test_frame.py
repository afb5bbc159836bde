"""Tests of precord.digitize.frame: axes of a plot and what is beside them are no trace."""

import numpy as np
from numpy.typing import NDArray

from precord.digitize.frame import clear_frame

_ROW, _LEFT, _RIGHT, _TOP, _BOTTOM = 500, 100, 2500, 150, 1100


def _page() -> NDArray[np.float32]:
    """Return a page of ink with a trace of 240 mm, and numbers below and beside it."""
    ink = np.zeros((1300, 2700), np.float32)
    ink[_ROW : _ROW + 3, _LEFT:_RIGHT] = 1.0
    ink[_BOTTOM + 40 : _BOTTOM + 60, _LEFT:_RIGHT:7] = 0.9
    ink[_TOP:_BOTTOM:60, 40:70] = 0.9
    return ink


def test_axes_and_their_numbers_are_cleared_and_the_trace_is_kept() -> None:
    """A frame on four sides; and axes at the left and below alone."""
    for sides in ("left right top bottom", "left bottom"):
        ink = _page()
        if "right" in sides:
            ink[_TOP:_BOTTOM, _RIGHT : _RIGHT + 2] = 0.8
            ink[_TOP : _TOP + 2, _LEFT:_RIGHT] = 0.8
        ink[_TOP:_BOTTOM, _LEFT - 2 : _LEFT] = 0.8
        ink[_BOTTOM : _BOTTOM + 2, _LEFT - 2 : _RIGHT] = 0.8

        cleared = clear_frame(ink)

        kept = np.zeros_like(ink)
        kept[_ROW : _ROW + 3, _LEFT + 5 : _RIGHT - 5] = 1.0
        np.testing.assert_array_equal(
            cleared[:, _LEFT + 5 : _RIGHT - 5], kept[:, _LEFT + 5 : _RIGHT - 5]
        )
        assert not cleared[:, :_LEFT].any()


def test_a_line_that_stands_alone_is_no_frame() -> None:
    """A mark between two leads as high as the page, near its left edge, clears nothing."""
    ink = _page()
    ink[_TOP:_BOTTOM, _LEFT + 200 : _LEFT + 202] = 0.8

    np.testing.assert_array_equal(clear_frame(ink), ink)
