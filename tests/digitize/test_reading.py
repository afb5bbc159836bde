"""Tests of precord.digitize.reading: where the traces begin behind their calibration pulses."""

import cv2
import numpy as np
import pytest

from precord.digitize.lean import align_pulses
from precord.digitize.pulse import Pulse
from precord.digitize.reading import _ends
from precord.digitize.trace import Traces, follow


def test_rows_begin_behind_pulses_that_only_some_of_them_show() -> None:
    """Three pulses of seven could be followed; the others' rows do not begin at them either."""
    y = np.full((7, 3000), 300.0, np.float32)
    y[:, :300] = np.nan
    y[:, 400:440] = np.nan  # the room between a pulse and its trace
    traces = Traces(
        y, np.linspace(0, 1200, 7), 3.0, np.zeros((1, 3000), bool), np.zeros(7, np.intp)
    )
    pulse = Pulse(320, 370, 10.0, 5.0)

    found = _ends(traces, [pulse, pulse, None, pulse, None, None, None])

    assert found.is_sure
    assert abs(found.first - 441) <= 3

    alone = _ends(traces, [pulse, None, None, None, None, None, None])
    assert abs(alone.first - 301) <= 3


@pytest.mark.parametrize("pen", [5, 7])
def test_a_row_begins_where_its_pen_did(pen: int) -> None:
    """Half its width behind the ink; the tip of the round end is too narrow to be seen."""
    plane = np.zeros((600, 1500), np.uint8)
    x = np.arange(200, 1401)
    for zero in (150.0, 300.0, 450.0):
        points = np.stack([x, zero + 8 * np.sin(x / 60)], 1) * 16
        cv2.polylines(plane, [np.rint(points).astype(np.int32)], False, 255, pen, cv2.LINE_AA, 4)
    blurred = cv2.GaussianBlur(plane, (0, 0), 1.2)
    traces = follow(np.asarray(blurred / np.float32(255.0), np.float32))

    assert traces is not None
    found = _ends(traces, [None] * 3)
    assert found.is_sure
    assert found.first == 200


def test_a_pulse_of_another_width_does_not_say_that_the_print_lies_askew() -> None:
    """Four stand below one another, of which one lost the left of its top."""
    traces = Traces(
        np.full((6, 900), 300.0, np.float32),
        np.linspace(0, 1250, 6),
        3.0,
        np.zeros((1, 900), bool),
        np.zeros(6, np.intp),
    )
    whole, other = Pulse(190, 241, 10.0, 5.1), Pulse(194, 241, 10.0, 4.7)
    moved, _ = align_pulses(traces, [whole, whole, whole, other, None, None])
    assert not moved.offset.any()

    askew = [whole._replace(left=190 + 4 * k, right=241 + 4 * k) for k in range(6)]
    moved, _ = align_pulses(traces, [*askew])
    assert np.ptp(moved.offset) == 20
