"""Tests of precord.image.view."""

from dataclasses import replace

import numpy as np
import pytest

from precord.image.encodings import signed_map
from precord.image.qiu2023 import Style, draw_beat
from precord.image.view import View, stack_images, view_record
from precord.leads import LEADS
from precord.record import Record
from precord.signal.prepare import prepare
from tests.image.golden import beating


def test_signed_is_the_signed_map_of_the_prepared_record() -> None:
    """Pixels, mask and scale flag, a row a record."""
    record = beating()
    expected = signed_map(prepare(record))

    pixels, mask, calibrated = stack_images([view_record(record, View.SIGNED)] * 2)

    assert pixels.shape == mask.shape == (2, 12, 1000)
    assert pixels.dtype == mask.dtype == calibrated.dtype == np.float32
    np.testing.assert_array_equal(pixels[1], expected.pixels)
    np.testing.assert_array_equal(calibrated, [1, 1])


@pytest.mark.parametrize("view", [View.QIU2023_GRID, View.QIU2023_CONCAT])
def test_a_picture_shows_one_beat_and_no_voltage(view: View) -> None:
    """The same record the same picture; twice the voltage looks the same."""
    record = beating()
    loud = replace(record, signal=record.signal * 2)

    one, again, other = (view_record(r, view) for r in (record, record, loud))

    assert one.pixels.shape == (3, 224, 224)
    assert one.pixels.dtype == np.uint8
    assert one.mask.all()
    assert not one.is_calibrated
    np.testing.assert_array_equal(one.pixels, again.pixels)
    assert np.abs(one.pixels.astype(int) - other.pixels).mean() < 4


def test_the_two_layouts_differ() -> None:
    """Each is drawn by its own rule; colours come first."""
    record = beating()
    grid, concat = (
        view_record(record, view).pixels for view in (View.QIU2023_GRID, View.QIU2023_CONCAT)
    )

    assert np.abs(grid.astype(int) - concat).mean() > 5
    assert draw_beat(np.zeros((12, 100), np.float32), Style.GRID).shape == (224, 224, 3)


def test_what_has_no_picture_is_black_and_masked() -> None:
    """Three leads, or no beat: nothing is shown, and the mask says so."""
    three = Record(beating().signal[:3], LEADS[:3], 500.0)

    found = view_record(three, View.QIU2023_GRID)

    assert found.pixels.max() == 0
    assert not found.mask.any()
