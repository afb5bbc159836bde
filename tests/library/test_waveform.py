"""Tests of precord.library.waveform: whatever goes in comes out, bit for bit."""

import contextlib
import time
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from precord.errors import LibraryError
from precord.io import read_wfdb
from precord.leads import LEADS, Lead
from precord.library.waveform import Waveform, pack, unpack
from precord.record import Record, Scale

_Floats = NDArray[np.float32]


def _round_trip(signal: _Floats, leads: tuple[Lead, ...]) -> _Floats:
    """Return what comes out when *signal* goes in."""
    return unpack(Waveform(pack(signal, leads), leads, 500.0, Scale.MILLIVOLT, ""))


def _assert_same_bits(found: _Floats, expected: _Floats) -> None:
    """Compare every bit, so that -0.0 is not 0.0, and a NaN equals itself."""
    assert found.dtype == np.float32
    np.testing.assert_array_equal(
        found.view(np.uint32), np.ascontiguousarray(expected).view(np.uint32)
    )


@settings(max_examples=300, deadline=None)
@given(
    signal=hnp.arrays(
        np.float32,
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=13).filter(lambda s: s[0] <= 12),
        elements=st.floats(width=32, allow_nan=True, allow_infinity=False),
    ),
    rng=st.randoms(),
)
def test_any_floats_survive(signal: _Floats, rng: Random) -> None:
    """Any float32 that a record may hold, NaN and -0.0 included, in any order of leads."""
    leads = list(LEADS)
    rng.shuffle(leads)
    _assert_same_bits(_round_trip(signal, tuple(leads[: len(signal)])), signal)


@settings(max_examples=300, deadline=None)
@given(
    steps=hnp.arrays(
        np.int32,
        st.tuples(st.integers(1, 12), st.integers(1, 40)),
        elements=st.integers(-40_000, 40_000),
    ),
    step=st.sampled_from([1e-3, 5e-3, 2.5e-3, 4.88e-3, 1.25e-3, 1.0, 1 / 204.8, 0.3]),
    is_quotient=st.booleans(),
    missing=st.floats(0, 1),
    seed=st.integers(0, 99),
)
def test_any_steps_survive(
    steps: NDArray[np.int32], step: float, is_quotient: bool, missing: float, seed: int
) -> None:
    """Multiples of a step, with gaps, whichever way a reader computes them."""
    wide = steps / (1 / step) if is_quotient else steps * step
    signal = wide.astype(np.float32)
    signal[np.random.default_rng(seed).random(signal.shape) < missing] = np.nan
    leads = LEADS[: len(signal)]
    _assert_same_bits(_round_trip(signal, leads), signal)


def test_nan_of_another_bit_pattern_survives() -> None:
    """A negative NaN, as x86 makes it from 0 / 0, comes back as such: the digest covers it."""
    signal = np.zeros((1, 50), np.float32)
    signal.view(np.uint32)[0, 7] = 0xFFC00000
    _assert_same_bits(_round_trip(signal, LEADS[:1]), signal)


@pytest.mark.parametrize("step", [1e-3, 5e-3, 4.88e-3, 2.44e-3, 1.25e-3, 1 / 400])
def test_steps_of_a_converter_are_found(rng: np.random.Generator, step: float) -> None:
    """A walk of small steps takes less than a byte and a half a sample, whatever the step."""
    signal = (np.cumsum(rng.integers(-3, 4, (8, 2000)), axis=1) * step).astype(np.float32)
    leads = LEADS[:1] + LEADS[5:]

    packed = pack(signal, leads)

    assert len(packed) < 0.75 * signal.size  # noise of log2(7) = 2.8 bits a first difference
    _assert_same_bits(_round_trip(signal, leads), signal)


def test_derived_limb_leads_cost_little(rng: np.random.Generator) -> None:
    """III, aVR, aVL and aVF that obey Einthoven's and Goldberger's laws take a bit a sample."""
    one, two = np.cumsum(rng.integers(-3, 4, (2, 4000)), axis=1)
    limb = np.stack([one, two, two - one, -(one + two) >> 1, one - (two >> 1), two - (one >> 1)])
    signal = (limb / 1000).astype(np.float32)

    assert len(pack(signal, LEADS[:6])) < 2 * len(pack(signal[:2], LEADS[:2]))
    _assert_same_bits(_round_trip(signal, LEADS[:6]), signal)


def test_one_odd_lead_does_not_cost_the_others(rng: np.random.Generator) -> None:
    """A lead of arbitrary floats beside eleven of steps is kept as floats, alone."""
    signal = (np.cumsum(rng.integers(-3, 4, (12, 2000)), axis=1) / 1000).astype(np.float32)
    signal[4] = rng.normal(size=2000)

    assert len(pack(signal, LEADS)) < 2000 * (4 + 11 * 1.1)
    _assert_same_bits(_round_trip(signal, LEADS), signal)


@settings(max_examples=500, deadline=None)
@given(data=st.data())
def test_damaged_data_give_a_signal_or_a_library_error(data: st.DataObject) -> None:
    """Whatever bytes are overwritten or cut off, nothing but a LibraryError escapes."""
    signal = np.array([[1, 2, 3, np.nan], [0.1, np.pi, 5, 6]], np.float32)
    packed = bytearray(pack(signal, LEADS[:2]))
    at = data.draw(st.integers(0, len(packed)))
    packed[at : at + data.draw(st.integers(0, 12))] = data.draw(st.binary(max_size=12))
    with contextlib.suppress(LibraryError):
        unpack(Waveform(bytes(packed), LEADS[:2], 500.0, Scale.MILLIVOLT, ""))


def test_a_bomb_is_not_inflated() -> None:
    """A stream that inflates beyond what its header promises is refused."""
    whole = pack(np.zeros((1, 1_000_000), np.float32), LEADS[:1])
    lying = whole[:2] + (10).to_bytes(4, "little") + whole[6:]
    with pytest.raises(LibraryError, match="damaged"):
        unpack(Waveform(lying, LEADS[:1], 500.0, Scale.MILLIVOLT, ""))


def test_waveform_keeps_what_the_record_says(noise_record: Record) -> None:
    """Leads, rate, scale and digest go along."""
    record = replace(noise_record, scale=Scale.UNKNOWN, rate=257.0)
    waveform = Waveform.of(record)
    again = Record(unpack(waveform), waveform.leads, waveform.rate, waveform.scale)
    assert again.digest() == record.digest() == waveform.digest


@pytest.mark.data
def test_real_recordings_shrink_tenfold_in_milliseconds(shared_data: Path) -> None:
    """500 Hz recordings: bit-exact, less than a tenth of their float32 size, quickly packed."""
    headers = sorted((shared_data / "ptb-xl/records500").rglob("*.hea"))[:40]
    records = [read_wfdb(path) for path in headers]
    start = time.process_time()
    packed = [pack(record.signal, record.leads) for record in records]
    elapsed = time.process_time() - start

    for record, data in zip(records, packed, strict=True):
        waveform = Waveform(data, record.leads, record.rate, record.scale, "")
        _assert_same_bits(unpack(waveform), record.signal)
    assert sum(map(len, packed)) < sum(record.signal.nbytes for record in records) / 10
    assert elapsed / len(records) < 0.02  # seconds; 4 ms on a quiet core
