"""Tests of precord.signal.prepare and of the signed map that follows it."""

from pathlib import Path

import numpy as np
import pytest

from precord.corpora import open_corpus
from precord.errors import SignalError
from precord.image.encodings import signed_map
from precord.image.view import View, stack_images, view_record
from precord.leads import LEADS, Lead
from precord.record import Record, Scale
from precord.signal.prepare import MODEL_RATE, prepare


def _beats(rate: float, seconds: float = 10.0, size: float = 1.0) -> np.ndarray:
    """Return (12, samples): a beat a second, each lead of its own height and sign."""
    t = np.arange(0, seconds, 1 / rate)
    wave = np.exp(-(((t % 1.0) - 0.5) ** 2) / 2 / 0.02**2)
    heights = np.linspace(-1, 1.2, 12)[:, None]
    return (size * heights * wave).astype(np.float32)


def test_shape_rate_and_order() -> None:
    """Twelve leads in standard order, 100 Hz, ten seconds, scale kept."""
    record = Record(_beats(500)[::-1], LEADS[::-1], 500, scale=Scale.UNKNOWN)

    found = prepare(record)

    assert (found.leads, found.rate, found.signal.shape) == (LEADS, MODEL_RATE, (12, 1000))
    assert found.scale is Scale.UNKNOWN


def test_lead_order_and_rate_do_not_matter() -> None:
    """The same ECG at another rate and in another order is prepared to the same signal."""
    one = prepare(Record(_beats(500), LEADS, 500))
    other = prepare(Record(_beats(1000)[::-1], LEADS[::-1], 1000))

    np.testing.assert_allclose(one.signal, other.signal, atol=0.02)


def test_polarity_and_millivolts_stay() -> None:
    """Lead V6 stays positive and near its height; lead I stays negative."""
    found = prepare(Record(_beats(500), LEADS, 500))

    assert found.signal[11].max() == pytest.approx(1.2, abs=0.25)
    assert found.signal[0].min() == pytest.approx(-1.0, abs=0.25)


def test_absent_leads_and_short_records_are_masked() -> None:
    """Three leads of four seconds: nine rows and six seconds of the map are masked."""
    leads = (Lead.II, Lead.V1, Lead.V5)
    record = Record(_beats(250, seconds=4)[:3], leads, 250)

    found = signed_map(prepare(record))

    assert found.pixels.shape == found.mask.shape == (12, 1000)
    assert found.mask.sum() == 3 * 400
    assert found.mask[LEADS.index(Lead.V5), :400].all()
    assert (found.pixels[~found.mask] == 0).all()
    assert found.is_calibrated


def test_a_longer_record_gives_its_first_ten_seconds() -> None:
    """What comes later does not change the map, but for the filter's edge."""
    long = _beats(250, seconds=30)
    found = prepare(Record(long, LEADS, 250)).signal

    np.testing.assert_array_equal(found, prepare(Record(long[:, :2500], LEADS, 250)).signal)


def test_too_short_is_refused() -> None:
    """Half a second holds no beat."""
    with pytest.raises(SignalError, match="expected at least 1 s"):
        prepare(Record(_beats(500, seconds=0.5), LEADS, 500))


def test_nothing_in_the_first_ten_seconds_is_refused() -> None:
    """A record whose start is missing cannot be compared."""
    signal = _beats(100, seconds=20)
    signal[:, :1000] = np.nan

    with pytest.raises(SignalError, match="missing"):
        prepare(Record(signal, LEADS, 100))


def test_maps_stack() -> None:
    """Pixels, mask and scale flag of a batch are float32."""
    arrays = stack_images([view_record(Record(_beats(500), LEADS, 500), View.SIGNED)] * 2)

    assert [a.shape for a in arrays] == [(2, 12, 1000), (2, 12, 1000), (2,)]
    assert {a.dtype for a in arrays} == {np.dtype(np.float32)}


@pytest.mark.data
def test_no_source_keeps_a_stop_band_of_its_own(shared_data: Path) -> None:
    """Above 40 Hz hardly anything is left of either source, so that it tells nothing."""
    for kind in ("ptb-xl", "ptb-xl-zscored"):
        entries = open_corpus(kind, shared_data / kind).entries([1])[:20]
        for entry in entries:
            signal = np.nan_to_num(prepare(entry.load()).signal)
            power = np.abs(np.fft.rfft(signal, axis=1)) ** 2
            frequency = np.fft.rfftfreq(signal.shape[1], 1 / MODEL_RATE)
            assert power[:, frequency > 42].sum() < 0.002 * power.sum()
