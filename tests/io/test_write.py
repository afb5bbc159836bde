"""Tests of precord.io.write: what is written comes back, here and in the `wfdb` package."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import wfdb
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from precord.errors import FormatError, SignalError
from precord.io import read, write_csv, write_wfdb
from precord.leads import LEADS
from precord.record import Acquisition, Record, Scale, Sex
from tests.contracts import FUZZ

TIME = datetime(2021, 3, 4, 5, 6, 7, 890000)  # noqa: DTZ001 - the format has no time zone


def record_of(steps: object, per_mv: int = 1000, rate: float = 500.0) -> Record:
    """Return a record whose samples are *steps* divided by *per_mv* millivolts."""
    signal = (np.asarray(steps, float) / per_mv).astype(np.float32)
    return Record(signal, LEADS[: len(signal)], rate)


@FUZZ
@given(
    steps=hnp.arrays(
        np.int64,
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=12),
        elements=st.integers(-32767, 32767),
    ),
    per_mv=st.sampled_from([1000, 2000, 500, 200]),
    rate=st.floats(0.5, 50_000),
)
def test_round_trip_is_exact(
    tmp_path: Path, steps: np.ndarray[tuple[int, int], np.dtype[np.int64]], per_mv: int, rate: float
) -> None:
    """A signal on a grid of 1/gain comes back bit for bit, and so do leads and rate."""
    record = record_of(steps, per_mv, rate)

    again = read(write_wfdb(record, tmp_path / "r"))

    assert again.digest() == record.digest()
    assert again.rate == record.rate


def test_missing_samples_and_facts_come_back(tmp_path: Path) -> None:
    """NaN, age, sex and time survive; patient id and device are not written."""
    record = replace(
        record_of([[1, np.nan, 3], [np.nan] * 3, [-8191.75, 8191.75, 0]]),
        acquisition=Acquisition(TIME, "maker", 56.5, Sex.FEMALE, "patient-7"),
    )

    header = write_wfdb(record, tmp_path / "r")

    assert read(header).digest() == record.digest()
    assert read(header).acquisition == Acquisition(TIME, None, 56.5, Sex.FEMALE)
    assert "patient" not in header.read_text()
    assert header == tmp_path / "r.hea"


def test_oracle_reads_the_same(tmp_path: Path) -> None:
    """The `wfdb` package agrees on signal, missing samples, names, rate and checksums."""
    steps = np.random.default_rng(2).integers(-30_000, 30_000, (12, 500)).astype(float)
    steps[3, 10:20] = np.nan
    record = replace(record_of(steps), acquisition=Acquisition(time=TIME, age=40))
    write_wfdb(record, tmp_path / "r")

    oracle = wfdb.rdrecord(str(tmp_path / "r"))

    np.testing.assert_allclose(oracle.p_signal.T, record.signal, rtol=1e-6)
    assert (oracle.fs, oracle.sig_name, oracle.units) == (500, list(LEADS), ["mV"] * 12)
    assert oracle.base_datetime == TIME
    digital = wfdb.rdrecord(str(tmp_path / "r"), physical=False)
    assert digital.checksum == digital.calc_checksum()


@pytest.mark.parametrize(
    ("peak", "gain"), [(1.0, 4000), (8.19175, 4000), (8.192, 2000), (32.767, 1000), (32.768, 500)]
)
def test_gain_is_the_finest_that_fits(tmp_path: Path, peak: float, gain: int) -> None:
    """32,767 steps over the gain is the most a sample can be: hand-worked."""
    signal = np.array([[0.0, -peak, peak]], np.float32)
    header = write_wfdb(Record(signal, LEADS[:1], 500.0), tmp_path / "r")
    assert f"r.dat 16 {gain}(0)/mV" in header.read_text()
    np.testing.assert_array_equal(read(header).signal, signal)


@pytest.mark.parametrize("peak", [32_768.0, 3e38])
def test_nothing_is_clipped(tmp_path: Path, peak: float) -> None:
    """A signal that does not fit is refused, and no file is left behind."""
    record = Record(np.array([[0, peak]], np.float32), LEADS[:1], 500.0)
    with pytest.raises(SignalError, match="do not fit"):
        write_wfdb(record, tmp_path / "r")
    assert not list(tmp_path.iterdir())


def test_unknown_scale_is_refused(tmp_path: Path) -> None:
    """Standard deviations are no millivolts."""
    record = replace(record_of([[1, 2]]), scale=Scale.UNKNOWN)
    with pytest.raises(SignalError, match="no scale"):
        write_wfdb(record, tmp_path / "r")


@pytest.mark.parametrize("name", ["a b", "r.hea", "ä", "x" * 300, "r\n"])
def test_name_is_refused(tmp_path: Path, name: str) -> None:
    """A name that a header cannot hold, or the system cannot, is refused in one line."""
    with pytest.raises(FormatError) as caught:
        write_wfdb(record_of([[1, 2]]), tmp_path / name)
    assert str(caught.value).isprintable()


def test_missing_folder_is_refused(tmp_path: Path) -> None:
    """The system's own reason is passed on."""
    with pytest.raises(FormatError, match="No such file"):
        write_wfdb(record_of([[1, 2]]), tmp_path / "gone" / "r")


@pytest.mark.parametrize("scale", list(Scale))
@pytest.mark.parametrize("rate", [250.0, 360.0, 500.0])
def test_a_table_says_all_that_reading_it_takes(tmp_path: Path, scale: Scale, rate: float) -> None:
    """What `precord digitize` writes is read without stating anything, of unknown scale too."""
    signal = np.random.default_rng(0).normal(size=(12, 1000)).astype(np.float32)
    record = Record(signal, LEADS, rate, scale=scale)

    back = read(write_csv(record, tmp_path / "x.csv"))

    assert (back.leads, back.rate, back.scale) == (LEADS, rate, scale)
    spread = signal.std(axis=1, keepdims=True) if scale is Scale.UNKNOWN else 1.0
    middle = signal.mean(axis=1, keepdims=True) if scale is Scale.UNKNOWN else 0.0
    np.testing.assert_allclose(back.signal, (signal - middle) / spread, atol=1e-3)
