"""Tests of precord.signal.quality: each fault put into a good ECG, and good ECGs left alone."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from precord.corpora import open_corpus
from precord.leads import Lead
from precord.record import Record, Scale
from precord.signal.quality import Fault, assess
from precord.simulate import simulate

V3 = 8  # row of the lead that is damaged


@pytest.fixture
def good() -> Record:
    """Return a simulated ECG with ordinary noise."""
    return simulate(("NORM",), np.random.default_rng(5)).record


def _damage(record: Record, fault: Fault) -> Record:
    """Return *record* with *fault* in lead V3."""
    signal, rng = record.signal.copy(), np.random.default_rng(0)
    times = np.arange(signal.shape[1]) / record.rate
    row = signal[V3]
    match fault:
        case Fault.MISSING:
            row[: len(row) * 17 // 20] = np.nan
        case Fault.FLAT:
            row[:] = 0.1
        case Fault.SATURATED:
            row[:] = np.clip(row, np.quantile(row, 0.2), np.quantile(row, 0.9))
        case Fault.DISCONNECTED:
            row[:] = 8 * np.sin(2 * np.pi * 0.1 * times) + 0.01 * rng.normal(size=len(row))
        case Fault.NOISY:
            row += rng.normal(0, 0.8, len(row)).astype(np.float32)
    return replace(record, signal=signal)


def test_a_good_ecg_has_no_fault(good: Record) -> None:
    """Nothing is found where nothing is."""
    assert all(not lead.faults and lead.is_usable for lead in assess(good))


@pytest.mark.parametrize("fault", list(Fault))
@pytest.mark.parametrize("scale", list(Scale))
def test_each_fault_is_found_in_its_lead_alone(good: Record, fault: Fault, scale: Scale) -> None:
    """In millivolts, and where the scale is unknown."""
    record = _damage(good, fault)
    if scale is Scale.UNKNOWN:
        size = np.nanstd(good.signal, axis=1, keepdims=True)
        record = replace(record, signal=record.signal / size, scale=scale)

    found = assess(record)

    assert fault in found[V3].faults
    assert all(not lead.faults for i, lead in enumerate(found) if i != V3)
    usable = fault in {Fault.NOISY, Fault.SATURATED}
    assert found[V3].is_usable == usable


def test_a_lead_of_a_printed_page_is_no_fault(good: Record) -> None:
    """A quarter of ten seconds is all that paper has of it, and enough."""
    signal = good.signal.copy()
    signal[V3, len(signal[V3]) // 4 :] = np.nan

    found = assess(replace(good, signal=signal))[V3]

    assert found.missing_share == pytest.approx(0.75)
    assert not found.faults


def test_missing_share_is_counted(good: Record) -> None:
    """A fifth missing is told, and no fault yet."""
    signal = good.signal.copy()
    signal[V3, :1000] = np.nan

    found = assess(replace(good, signal=signal))[V3]

    assert found.missing_share == pytest.approx(0.2)
    assert not found.faults


@pytest.mark.data
def test_real_recordings_are_nearly_all_usable(shared_data: Path) -> None:
    """Of raw recordings of folds 1 to 8 at least 95 % have twelve usable leads."""
    entries = open_corpus("ptb-xl", shared_data / "ptb-xl").entries(range(1, 9))[::6]
    usable = [all(lead.is_usable for lead in assess(e.load())) for e in entries]

    assert np.mean(usable) >= 0.95


def test_a_record_of_two_samples_is_judged() -> None:
    """Too few for a run of three at one extreme: no warning, no saturation."""
    record = Record(np.array([[0.0, 1.0]], np.float32), (Lead.I,), 50.0)

    (found,) = assess(record)

    assert Fault.SATURATED not in found.faults
