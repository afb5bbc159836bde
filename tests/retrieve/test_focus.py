"""Tests of precord.retrieve.focus, on simulated ECGs whose shapes are known."""

from dataclasses import replace

import numpy as np
import pytest

from precord.errors import PrecordError
from precord.leads import LEADS, Lead
from precord.record import Record, Scale
from precord.retrieve.focus import (
    Focus,
    compare_cases,
    compare_place,
    find_place,
    parse_focus,
    refocus,
    shape_beats,
)
from precord.signal.beats import find_beats
from precord.simulate import simulate

CHEST = (Lead.V1, Lead.V2, Lead.V3)


def _heart(codes: str, seed: int = 1) -> Record:
    """Return ten clean seconds."""
    return simulate(codes.split(), np.random.default_rng(seed), noise=False).record


def test_the_same_place_of_the_same_ecg_is_alike() -> None:
    """Likeness 1 to itself, less to the mirror image, in whatever unit."""
    record = _heart("NORM")
    place = find_place(record, Focus(CHEST))
    in_deviations = replace(record, signal=np.float32(1 / 0.3) * record.signal, scale=Scale.UNKNOWN)
    upside_down = replace(record, signal=-record.signal)

    found = compare_cases(place, CHEST, [record, in_deviations, upside_down, None])

    np.testing.assert_allclose(found, [1, 1, -1, -1], atol=0.05)


def test_only_the_leads_and_the_part_of_the_beat_count() -> None:
    """A case whose V1 to V3 are turned over is still alike in II, and in the PR segment."""
    record = _heart("NORM")
    turned = record.signal.copy()
    turned[[LEADS.index(lead) for lead in CHEST]] *= -1
    other = replace(record, signal=turned)
    beat = find_beats(record)[3] / record.rate
    st_t = (beat + 0.1, beat + 0.4)

    def likeness(*leads: Lead) -> float:
        """Return that of the ST-T of one beat."""
        (found,) = compare_cases(find_place(record, Focus(leads, st_t)), leads, [other])
        return float(found)

    assert likeness(Lead.II) > 0.95
    assert likeness(*CHEST) < -0.9


def test_voltage_counts_only_in_millivolts() -> None:
    """A case of half the voltage: 2 * 1/2 / (1 + 1/4) = 0.8; of unknown scale: 1."""
    record = _heart("NORM")
    half = replace(record, signal=np.float32(0.5) * record.signal)
    place = find_place(record, Focus(CHEST))

    found = compare_cases(place, CHEST, [half, replace(half, scale=Scale.UNKNOWN)])

    np.testing.assert_allclose(found, [0.8, 1.0], atol=0.03)


def test_a_beat_of_another_kind_is_compared_with_such() -> None:
    """A premature ventricular beat is like another patient's, and like no usual beat."""
    for seed in range(50):
        made = simulate({"PVC"}, np.random.default_rng(seed), noise=False)
        late = made.truth.r_peaks[~made.truth.is_conducted]
        if len(late) == 1 and 2 < late[0] < 8:
            break
    place = find_place(made.record, Focus(LEADS, (late[0] - 0.1, late[0] + 0.3)))
    own, normal = shape_beats(made.record, LEADS), shape_beats(_heart("NORM"), LEADS)
    assert own is not None
    assert normal is not None

    assert not place.is_usual
    assert compare_place(place, own) > 0.9
    assert compare_place(place, normal) == -1.0


def test_the_new_order_keeps_the_rest_behind() -> None:
    """Two of four are judged: half likeness, half score; the others follow, NaN stays."""
    total = np.array([0.9, 0.8, 0.95, np.nan])

    scores = refocus(total, np.array([2, 0]), np.array([-1.0, 1.0]))

    assert scores[0] == pytest.approx(0.95)
    assert scores[2] == pytest.approx(-0.025)
    assert scores[1] < scores[2]
    assert np.isnan(scores[3])


@pytest.mark.parametrize(
    ("leads", "window", "expected"),
    [
        ("V1, v2", "3.2-4.0", "V1 V2, 3.2 to 4 s"),
        ("aVF", "", "aVF"),
        ("", "0-1", f"{' '.join(LEADS)}, 0 to 1 s"),
    ],
)
def test_what_was_asked_for_is_read(leads: str, window: str, expected: str) -> None:
    """Leads in any case; a window or none."""
    assert str(parse_focus(leads, window)) == expected


@pytest.mark.parametrize(
    ("leads", "window", "words"),
    [
        ("V1,V1", "", "twice"),
        ("V9", "", "unknown lead"),
        ("V1", "4-3", "begin and end"),
        ("V1", "x", "begin and end"),
        ("V1", "1-nan", "begin and end"),
    ],
)
def test_what_is_none_is_refused(leads: str, window: str, words: str) -> None:
    """In one line."""
    with pytest.raises(PrecordError, match=words):
        parse_focus(leads, window)


def test_a_place_that_is_not_there_is_refused() -> None:
    """A lead that was not recorded, a window behind the end, one between two beats."""
    record = _heart("SBRAD")
    some = Record(record.signal[:3], LEADS[:3], record.rate)
    beat = find_beats(record)[3] / record.rate

    for shown, focus, words in (
        (some, Focus((Lead.V1,)), "V1 was not recorded"),
        (record, Focus((Lead.II,), (12.0, 13.0)), "of a record of 10.0 s"),
        (record, Focus((Lead.II,), (beat + 0.61, beat + 0.63)), "no beat lies in"),
    ):
        with pytest.raises(PrecordError, match=words):
            find_place(shown, focus)
