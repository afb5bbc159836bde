"""Tests of precord.image.withhold: what is withheld is gone, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest

from precord.image.encodings import SignedMap
from precord.image.view import View, stack_images, view_record
from precord.image.withhold import one_beat, without_polarity
from precord.leads import LEADS
from precord.record import Record
from tests.image.golden import beating


def _seen(record: Record, view: View) -> SignedMap:
    """Return the map of *record* that *view* shows."""
    found = view_record(record, view)
    assert isinstance(found, SignedMap)
    return found


def test_without_polarity_a_lead_and_its_mirror_look_the_same() -> None:
    """Turning any leads over changes nothing; the size of each sample stays."""
    record = beating()
    signs = np.where(np.arange(len(LEADS)) % 2, -1, 1)[:, None].astype(np.float32)
    turned = replace(record, signal=record.signal * signs)

    one, other = (_seen(r, View.SIGNED_NO_POLARITY) for r in (record, turned))

    np.testing.assert_allclose(one.pixels, other.pixels, atol=1e-6)
    whole = _seen(record, View.SIGNED)
    np.testing.assert_allclose(np.abs(one.pixels), np.abs(whole.pixels), atol=1e-6)
    assert (whole.pixels.min(axis=1) < -np.abs(whole.pixels.max(axis=1))).any()  # aVR was inverted
    assert one.is_calibrated


def test_without_voltage_any_gain_of_a_lead_looks_the_same() -> None:
    """Each lead fills its row, and nothing says what a millivolt is."""
    record = beating()
    gains = np.linspace(0.3, 3, len(LEADS), dtype=np.float32)[:, None]
    louder = replace(record, signal=record.signal * gains)

    one, other = (_seen(r, View.SIGNED_NO_VOLTAGE) for r in (record, louder))

    np.testing.assert_allclose(one.pixels, other.pixels, atol=1e-4)
    np.testing.assert_allclose(np.abs(one.pixels).max(axis=1), 1, atol=1e-5)
    assert stack_images([one])[2].tolist() == [0]


def test_one_beat_is_a_second_in_the_middle() -> None:
    """A hundred samples are there, and they are those round an R peak."""
    found = _seen(beating(), View.SIGNED_ONE_BEAT)

    assert found.mask.sum(axis=1).tolist() == [100] * len(LEADS)
    assert found.mask[:, 465:565].all()
    assert abs(int(found.pixels[1].argmax()) - 500) <= 2
    assert (found.pixels[~found.mask] == 0).all()


@pytest.mark.parametrize("peaks", [[], [10, 990]])
def test_without_a_whole_beat_the_middle_second_stays(peaks: list[int]) -> None:
    """Something is shown even so."""
    pixels = np.arange(12 * 1000, dtype=np.float32).reshape(12, 1000)
    shown = SignedMap(pixels, np.ones((12, 1000), np.bool_), is_calibrated=True)

    found = one_beat(shown, np.array(peaks, np.intp))

    np.testing.assert_array_equal(found.pixels[:, 465:565], pixels[:, 465:565])


def test_a_flat_lead_has_no_polarity() -> None:
    """Zeros stay zeros."""
    flat = SignedMap(np.zeros((12, 1000), np.float32), np.ones((12, 1000), np.bool_), False)

    assert not without_polarity(flat).pixels.any()
