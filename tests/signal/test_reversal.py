"""Tests of precord.signal.reversal and lead_note.

The truth is the exchange that was worked out on a record; docs/results/leads.md has the
shares on all of fold 8.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precord.corpora import open_corpus
from precord.leads import CHEST_LEADS, LEADS, Lead
from precord.record import Measurements, Record, Scale
from precord.signal.electrode import CHEST_REVERSALS, SEEN, Reversal, apply_reversal
from precord.signal.lead_note import describe_leads
from precord.signal.measure import measure
from precord.signal.quality import assess
from precord.signal.reversal import ElectrodeCheck, MedianBeat, check_electrodes, load_rules
from precord.simulate import simulate

CLEAN = [simulate(("NORM",), np.random.default_rng([5, seed])).record for seed in range(12)]
RECORD = CLEAN[0]
RINGS_AND_PAIRS = [r for r, seen in SEEN.items() if "N" not in seen]


def _check(record: Record) -> ElectrodeCheck:
    """Return what looks exchanged."""
    return check_electrodes(record, measure(record), assess(record))


def _notes(record: Record) -> list[str]:
    """Return the notes on the leads."""
    return describe_leads(record, measure(record), assess(record))


def _inverted(record: Record, lead: Lead) -> Record:
    """Return *record* with *lead* upside down."""
    signal = record.signal.copy()
    signal[record.leads.index(lead)] *= -1
    return replace(record, signal=signal)


def _zscored(record: Record) -> Record:
    """Return *record* with each lead in its own standard deviations."""
    signal = record.signal - record.signal.mean(axis=1, keepdims=True)
    signal /= signal.std(axis=1, keepdims=True)
    return replace(record, signal=signal, scale=Scale.UNKNOWN)


def test_normal_records_raise_no_alarm() -> None:
    """At most one of twelve."""
    found = [_check(record) for record in CLEAN]

    assert sum(f.limb is not None or f.chest is not None for f in found) <= 1
    assert all(f.limb_not_testable == f.chest_not_testable == "" for f in found)


@pytest.mark.parametrize("which", [r for r in RINGS_AND_PAIRS if r is not Reversal.LA_LL])
def test_limb_electrodes_exchanged(which: Reversal) -> None:
    """An alarm on eleven of twelve normal records, of the right name on nine."""
    found = [_check(apply_reversal(record, which)).limb for record in CLEAN]

    assert sum(f is not None for f in found) >= 11
    assert sum(f is which for f in found) >= 9


@pytest.mark.parametrize(
    ("which", "said"),
    [
        (Reversal.RA_RL, Reversal.RA_RL),
        (Reversal.LA_RL, Reversal.LA_RL),
        (Reversal.ARMS_LEGS, Reversal.ARMS_LEGS),
        (Reversal.ARMS_LEGS_CROSSED, Reversal.ARMS_LEGS),
        (Reversal.LL_RL, None),
    ],
)
def test_the_right_leg_exchanged(which: Reversal, said: Reversal | None) -> None:
    """A frontal lead is flat but for 10 uV between the legs; the legs alone change nothing."""
    for seed, record in enumerate(CLEAN[:4]):
        noise = np.random.default_rng(seed).normal(0, 0.01, record.signal.shape[1])
        changed = apply_reversal(record, which, between_legs=noise)
        assert _check(changed).limb is said


@pytest.mark.parametrize("which", CHEST_REVERSALS[1:4])
def test_chest_electrodes_exchanged(which: Reversal) -> None:
    """V2 to V5: named on nine of twelve; the limbs are not suspected for it."""
    found = [_check(apply_reversal(record, which)) for record in CLEAN]

    assert sum(f.chest is which for f in found) >= 9
    assert sum(f.limb is not None for f in found) <= 1


def test_scale_and_lead_order_do_not_matter() -> None:
    """Margins agree in millivolts, at twice the size, z-scored, and in reverse order."""
    record = apply_reversal(RECORD, Reversal.RA_LA)
    expected = _check(record)
    assert expected.limb is Reversal.RA_LA
    turned = replace(record, signal=record.signal[::-1].copy(), leads=LEADS[::-1])
    for other in (replace(record, signal=2 * record.signal), _zscored(record), turned):
        found = _check(other)
        assert found.limb is expected.limb
        assert found.limb_margin == pytest.approx(expected.limb_margin, abs=0.2)
        assert found.chest_margin == pytest.approx(expected.chest_margin, abs=0.2)


def test_features_of_an_exchange_are_those_of_the_record_in_another_row() -> None:
    """The arrangement that takes RA-LA back sees what was recorded before it."""
    exchanged = apply_reversal(RECORD, Reversal.RA_LA)
    found = Measurements(pr_ms=160.0)
    before = MedianBeat.of(RECORD, found, assess(RECORD))
    after = MedianBeat.of(exchanged, found, assess(exchanged))
    assert isinstance(before, MedianBeat)
    assert isinstance(after, MedianBeat)

    np.testing.assert_allclose(after.limb_features()[1], before.limb_features()[0], atol=0.02)
    np.testing.assert_allclose(after.chest_features(), before.chest_features(), atol=0.02)


def test_without_a_p_wave_none_is_compared() -> None:
    """Its features are the same for all arrangements."""
    beat = MedianBeat.of(RECORD, Measurements(), assess(RECORD))
    assert isinstance(beat, MedianBeat)

    assert not beat.waves["P"].any()
    assert not np.ptp(beat.limb_features()[:, :14], axis=0).any()
    assert np.ptp(beat.limb_features()[:, 14:], axis=0).any()


def test_rules_fit_their_features() -> None:
    """One weight a feature, and thresholds that keep a tie from being an alarm."""
    beat = MedianBeat.of(RECORD, Measurements(), assess(RECORD))
    assert isinstance(beat, MedianBeat)
    rules = load_rules()

    assert rules["limb"].weights.shape == beat.limb_features().shape[1:]
    assert rules["chest"].weights.shape == beat.chest_features().shape[1:]
    assert min(rule.threshold for rule in rules.values()) > 1


def test_not_testable_says_why() -> None:
    """A missing chest lead, too few beats, leads without a common scale, no lead I."""
    flat = RECORD.signal.copy()
    flat[8] = 0
    few = replace(RECORD, signal=RECORD.signal[:, :900])
    no_one = Record(RECORD.signal[1:], LEADS[1:], RECORD.rate)
    assert "V3" in _check(replace(RECORD, signal=flat)).chest_not_testable
    assert "beats alike" in _check(few).chest_not_testable
    assert _check(no_one).limb_not_testable == "no lead I or II"
    assert _check(no_one).chest_not_testable == ""
    odd = _zscored(_inverted(RECORD, Lead.AVL))
    assert "scale of its own" in _check(odd).limb_not_testable


def test_a_printed_page_shows_too_little_of_the_chest_leads() -> None:
    """A quarter of each: that is said, and not that they are unusable."""
    signal = RECORD.signal.copy()
    signal[6:, signal.shape[1] // 4 :] = np.nan

    found = _check(replace(RECORD, signal=signal))

    assert found.chest_not_testable == "too little of V1, V2, V3, V4, V5, V6"


def test_notes() -> None:
    """One sentence for each doubt; none for a sound record, which is never changed."""
    before = RECORD.digest()
    chest = Record(RECORD.signal[6:], CHEST_LEADS, RECORD.rate)

    assert _notes(RECORD) == []
    (inverted,) = _notes(_inverted(RECORD, Lead.AVL))
    assert inverted.startswith("leads: by Einthoven's law, aVL inverted; check")
    (arms,) = _notes(apply_reversal(RECORD, Reversal.RA_LA))
    assert "looks like right and left arm electrodes are exchanged (RA-LA)" in arms
    (v2,) = _notes(apply_reversal(RECORD, Reversal.V2_V3))
    assert "looks like V2-V3 are exchanged" in v2
    (ratios,) = _notes(_zscored(RECORD))
    assert "recovered by Einthoven's law" in ratios
    untested, electrodes = _notes(chest)
    assert untested == "leads: limb leads not testable: 0 of them recorded, at least 3 needed"
    assert electrodes == "leads: exchanged limb electrodes not testable: no lead I or II"
    odd, _ = _notes(_zscored(_inverted(RECORD, Lead.AVL)))
    assert "no positive ones fit" in odd
    assert RECORD.digest() == before


@pytest.mark.data
def test_real_records(shared_data: Path) -> None:
    """PTB-XL fold 8 in millivolts: few false alarms, and RA-LA is found."""
    entries = open_corpus("ptb-xl", shared_data / "ptb-xl").entries((8,))
    records = [e.load() for e in entries]

    alarms = [_check(r).limb is not None for r in records]
    found = [_check(apply_reversal(r, Reversal.RA_LA)).limb is not None for r in records]

    assert len(records) == 42
    assert np.mean(alarms) <= 0.05
    assert np.mean(found) >= 0.9


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_whatever_the_record_the_notes_are_sentences(data: st.DataObject) -> None:
    """Any leads, gaps, flat rows, rates and lengths: no exception may stop a search."""
    rows = sorted(data.draw(st.sets(st.integers(0, 11), min_size=1)))
    n_samples = data.draw(st.integers(1, 2500))
    rate = data.draw(st.sampled_from([50.0, 100.0, 257.0, 500.0, 20_000.0]))
    signal = RECORD.signal[rows, :n_samples].copy()
    for row in range(len(rows)):
        start = data.draw(st.integers(0, n_samples))
        signal[row, start : start + n_samples // 2] = data.draw(
            st.sampled_from([np.nan, 0.0, 1.0, -3.5])
        )
    if np.isnan(signal).all():
        return
    scale = data.draw(st.sampled_from(Scale))
    record = Record(signal, tuple(LEADS[row] for row in rows), rate, scale)

    notes = _notes(record)

    assert all(note.startswith("leads: ") and "\n" not in note for note in notes)
