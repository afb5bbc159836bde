"""Tests of precord.signal.lead_check.

The truth is what was done to a record here: the simulator's leads obey the laws exactly.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precord.corpora import open_corpus
from precord.leads import LEADS, LIMB_LEADS, Lead
from precord.record import Provenance, Record, Scale
from precord.signal.lead_check import (
    FaultKind,
    LeadFault,
    check_limb_leads,
    recover_limb_scale,
)
from precord.signal.measure import measure
from precord.simulate import simulate

RECORD = simulate(("NORM",), np.random.default_rng(1)).record
ONE, TWO, THREE, AVR, AVL, AVF = range(6)


def _changed(change: Callable[[np.ndarray], None], record: Record = RECORD) -> Record:
    """Return *record* after *change* to a copy of its signal."""
    signal = record.signal.copy()
    change(signal)
    return replace(record, signal=signal)


def _only(record: Record, *rows: int) -> Record:
    """Return *record* with these rows alone."""
    leads = tuple(record.leads[row] for row in rows)
    return replace(record, signal=record.signal[list(rows)], leads=leads)


def _exchange(one: int, other: int) -> Callable[[np.ndarray], None]:
    """Return a change that exchanges two rows."""

    def change(signal: np.ndarray) -> None:
        signal[[one, other]] = signal[[other, one]]

    return change


def _scale(row: int, factor: float) -> Callable[[np.ndarray], None]:
    """Return a change that multiplies one row."""

    def change(signal: np.ndarray) -> None:
        signal[row] *= factor

    return change


def _copy(row: int, of: int) -> Callable[[np.ndarray], None]:
    """Return a change that lets one row show another."""

    def change(signal: np.ndarray) -> None:
        signal[row] = signal[of]

    return change


def test_residual_by_hand() -> None:
    """I = II = III = s breaks II = I + III by s; projected on (1, -1, 1) / sqrt(3): 1/3 s."""
    wave = np.sin(np.arange(1000) / 7).astype(np.float32)
    record = Record(np.stack([wave, wave, wave]), (Lead.I, Lead.II, Lead.III), 250.0)

    found = check_limb_leads(record)

    assert found.laws is not None
    assert found.laws["II = I + III"] == pytest.approx(1.0)
    assert found.residual == pytest.approx(1 / 3)
    assert not found.is_consistent


def test_a_sound_record_is_consistent() -> None:
    """All five laws hold, whatever the offsets and the order of the leads."""
    offset = np.linspace(-1, 1, 12)[:, None].astype(np.float32)
    turned = replace(RECORD, signal=RECORD.signal[::-1] + offset, leads=LEADS[::-1])

    for record in (RECORD, turned):
        found = check_limb_leads(record)
        assert found.is_consistent
        assert not found.explanations
        assert found.laws is not None
        assert len(found.laws) == 5
        assert max(found.laws.values()) < 1e-3


@pytest.mark.parametrize("row", range(6), ids=LIMB_LEADS)
def test_one_lead_at_fault_is_named(row: int) -> None:
    """Inverted, of another gain, flat, shown twice: which lead, and how."""
    lead = LEADS[row]
    faults = {
        FaultKind.INVERTED: _scale(row, -1),
        FaultKind.GAIN: _scale(row, 0.5),
        FaultKind.LOST: _scale(row, 0),
        FaultKind.COPY: _copy(row, 9),
    }
    for kind, change in faults.items():
        found = check_limb_leads(_changed(change))
        ((fault,),) = found.explanations
        assert (fault.lead, fault.kind) == (lead, kind)
        if kind is FaultKind.GAIN:
            assert fault.gain == pytest.approx(0.5, rel=0.02)
        if kind is FaultKind.COPY:
            assert fault.other == "V4"


@pytest.mark.parametrize(
    ("one", "other"), [(ONE, TWO), (TWO, THREE), (AVR, AVL), (THREE, AVF), (TWO, 7)]
)
def test_exchanged_leads_are_named(one: int, other: int) -> None:
    """Two limb leads, or a limb lead and one of the chest."""
    found = check_limb_leads(_changed(_exchange(one, other)))

    assert found.explanations == (
        (LeadFault(LEADS[one], FaultKind.EXCHANGED, other=LEADS[other]),),
    )


def test_two_leads_at_fault_are_named() -> None:
    """Both inverted; four others agree."""

    def change(signal: np.ndarray) -> None:
        signal[[AVL, AVF]] *= -1

    (faults,) = check_limb_leads(_changed(change)).explanations

    assert [str(fault) for fault in faults] == ["aVL inverted", "aVF inverted"]


def test_what_three_leads_cannot_tell_is_left_open() -> None:
    """II = I + III: "I inverted" and "II and III exchanged" look alike, and both are said."""
    found = check_limb_leads(_only(_changed(_scale(ONE, -1)), ONE, TWO, THREE))

    assert {str(e[0]) for e in found.explanations} == {"I inverted", "II and III exchanged"}


def test_noise_is_contradicted_but_not_explained(noise_record: Record) -> None:
    """Twelve rows of noise: no one or two leads are at fault."""
    found = check_limb_leads(noise_record)

    assert not found.is_consistent
    assert found.explanations == ()


def test_noise_of_single_leads_is_no_fault() -> None:
    """Ten microvolts in each lead apart break the laws by a little, and blame nobody."""
    noise = np.random.default_rng(3).normal(0, 0.01, RECORD.signal.shape).astype(np.float32)
    noisy = replace(RECORD, signal=RECORD.signal + noise)

    assert check_limb_leads(noisy).is_consistent
    ((fault,),) = check_limb_leads(_changed(_scale(AVL, -1), noisy)).explanations
    assert str(fault) == "aVL inverted"


def test_not_testable_says_why() -> None:
    """Too few leads, computed leads, unknown scale, or never at the same time."""
    computed = replace(
        RECORD, provenance=Provenance(derived=frozenset({Lead.III, Lead.AVR, Lead.AVL, Lead.AVF}))
    )

    def apart(signal: np.ndarray) -> None:
        for row in range(6):
            signal[row, : 800 * row] = np.nan
            signal[row, 800 * (row + 1) :] = np.nan

    cases = {
        "2 of them recorded": _only(RECORD, ONE, TWO, 6),
        "computed: III, aVR, aVL, aVF": computed,
        "scale of its own": replace(RECORD, scale=Scale.UNKNOWN),
        "no second": _changed(apart),
    }
    for words, record in cases.items():
        found = check_limb_leads(record)
        assert words in found.not_testable
        assert found.residual is None


def test_a_printed_page_is_tested_column_by_column() -> None:
    """I, II, III of the first 2.5 s, the others of the next; aVL inverted is still seen."""

    def page(signal: np.ndarray) -> None:
        signal[[ONE, THREE], 1250:] = np.nan
        signal[AVR:6, :1250] = np.nan
        signal[AVR:6, 2500:] = np.nan
        signal[AVL] *= -1

    found = check_limb_leads(_changed(page))

    assert found.explanations == ((LeadFault(Lead.AVL, FaultKind.INVERTED),),)


def _zscored(record: Record, factors: np.ndarray | None = None) -> Record:
    """Return *record* with each lead in its own standard deviations, or times *factors*."""
    signal = record.signal - record.signal.mean(axis=1, keepdims=True)
    if factors is None:
        factors = 1 / signal.std(axis=1)
    scaled = (signal * factors[:, None]).astype(np.float32)
    return replace(record, signal=scaled, scale=Scale.UNKNOWN)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0.05, 20), min_size=12, max_size=12))
def test_recovered_scales_undo_any_positive_ones(factors: list[float]) -> None:
    """The limb leads come back up to one common factor."""
    scaled = _zscored(RECORD, np.array(factors))

    found = recover_limb_scale(scaled)

    assert found is not None
    back = found.apply(scaled).signal[:6]
    true = RECORD.signal[:6] - RECORD.signal[:6].mean(axis=1, keepdims=True)
    common = float((back * true).sum() / np.square(true).sum())
    np.testing.assert_allclose(back, common * true, atol=1e-3 * common * np.abs(true).max())


def test_scales_that_cannot_be_recovered_are_unknown(noise_record: Record) -> None:
    """An inverted lead, noise, a missing lead, one flat, millivolts, two leads alike."""
    zscored = _zscored(RECORD)
    alike = _zscored(_changed(lambda s: s.__setitem__(slice(0, 6), s[1])))
    for record in (
        _changed(_scale(AVL, -1), zscored),
        replace(noise_record, scale=Scale.UNKNOWN),
        _only(zscored, ONE, TWO, THREE, AVR, AVL),
        _changed(_scale(AVL, 0), zscored),
        RECORD,
        alike,
    ):
        assert recover_limb_scale(record) is None


def test_axes_are_measured_from_recovered_ratios() -> None:
    """The same three axes as in millivolts, to three degrees."""
    true, found = measure(RECORD), measure(_zscored(RECORD))

    for name in ("p_axis_deg", "qrs_axis_deg", "t_axis_deg"):
        assert getattr(found, name) == pytest.approx(getattr(true, name), abs=3)


@pytest.mark.data
def test_all_but_one_zscored_record_give_their_ratios_back(shared_data: Path) -> None:
    """Only ecg_id 10565 breaks Einthoven's law."""
    entries = open_corpus("ptb-xl-zscored", shared_data / "ptb-xl-zscored").entries()

    failed = [e.case_id for e in entries if recover_limb_scale(e.load()) is None]

    assert failed == ["ptb-xl-zscored/10565"]


@pytest.mark.data
def test_real_records_obey_the_laws(shared_data: Path) -> None:
    """None of PTB-XL folds 1 to 8 comes near half the tolerance."""
    for entry in open_corpus("ptb-xl", shared_data / "ptb-xl").entries(range(1, 9)):
        found = check_limb_leads(entry.load())
        assert found.residual is not None
        assert found.residual < 0.01, entry.case_id
