"""Tests of precord.signal.electrode: hand-worked tables of exchanged cables, and their algebra."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from precord.errors import SignalError
from precord.leads import CHEST_LEADS, LEADS, LIMB_LEADS, Lead
from precord.record import Record, Scale
from precord.signal.electrode import (
    CHEST_REVERSALS,
    SEEN,
    Reversal,
    apply_reversal,
    order_of,
)
from precord.signal.lead_check import check_limb_leads
from precord.simulate import simulate

RECORD = simulate(("NORM",), np.random.default_rng(1)).record

# What each limb lead becomes: worked by hand from I = LA - RA, II = LL - RA, III = LL - LA.
TABLE = {
    Reversal.RA_LA: "-I III II aVL aVR aVF",
    Reversal.RA_LL: "-III -II -I aVF aVL aVR",
    Reversal.LA_LL: "II I -III aVR aVF aVL",
    Reversal.RA_LA_LL: "III -I -II aVL aVF aVR",
    Reversal.RA_LL_LA: "-II -III I aVF aVR aVL",
}


@pytest.mark.parametrize("which", TABLE)
def test_limb_leads_turn_into_one_another(which: Reversal) -> None:
    """As worked by hand; the chest leads stay."""
    found = apply_reversal(RECORD, which)

    for lead, becomes in zip(LIMB_LEADS, TABLE[which].split(), strict=True):
        sign, name = (-1, becomes[1:]) if becomes.startswith("-") else (1, becomes)
        expected = sign * RECORD.signal[LEADS.index(Lead(name))]
        np.testing.assert_allclose(found.signal[LEADS.index(lead)], expected, atol=1e-5)
    np.testing.assert_allclose(found.signal[6:], RECORD.signal[6:], atol=1e-6)


def test_right_leg_on_the_right_arm_by_hand() -> None:
    """RA sees the left leg: II = 0, I = -III, and Wilson's terminal rises by II / 3."""
    two, three = RECORD.signal[1], RECORD.signal[2]

    found = apply_reversal(RECORD, Reversal.RA_RL)

    np.testing.assert_allclose(found.signal[0], -three, atol=1e-5)
    np.testing.assert_allclose(found.signal[1], 0, atol=1e-6)
    np.testing.assert_allclose(found.signal[2], three, atol=1e-5)
    np.testing.assert_allclose(found.signal[6:], RECORD.signal[6:] - two / 3, atol=1e-5)


def test_the_legs_exchanged_change_nothing() -> None:
    """But for what lies between them, which lead II then shows."""
    same = apply_reversal(RECORD, Reversal.LL_RL)
    other = apply_reversal(RECORD, Reversal.LL_RL, between_legs=0.3)

    np.testing.assert_allclose(same.signal, RECORD.signal, atol=1e-5)
    np.testing.assert_allclose(other.signal[1], RECORD.signal[1] + 0.3, atol=1e-5)


@pytest.mark.parametrize("which", SEEN)
def test_no_exchange_breaks_the_laws(which: Reversal) -> None:
    """Which is why they have to be told by the shapes."""
    assert check_limb_leads(apply_reversal(RECORD, which)).residual == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize(
    "there_and_back",
    [
        (Reversal.RA_LA, Reversal.RA_LA),
        (Reversal.LA_LL, Reversal.LA_LL),
        (Reversal.RA_LA_LL, Reversal.RA_LL_LA),
        (Reversal.V3_V4, Reversal.V3_V4),
    ],
)
def test_exchanging_back(there_and_back: tuple[Reversal, Reversal]) -> None:
    """A pair exchanged twice, and a ring turned back, are as before; lead order is no matter."""
    turned = replace(RECORD, signal=RECORD.signal[::-1].copy(), leads=LEADS[::-1])
    for record in (RECORD, turned):
        there = apply_reversal(record, there_and_back[0])
        back = apply_reversal(there, there_and_back[1])
        assert not np.allclose(there.signal, record.signal, atol=1e-3)
        np.testing.assert_allclose(back.signal, record.signal, atol=1e-5)


def test_neighbours_on_the_chest() -> None:
    """Two rows change places, on any scale; their order says which."""
    for which, (one, other) in zip(CHEST_REVERSALS, pairwise(CHEST_LEADS), strict=True):
        found = apply_reversal(replace(RECORD, scale=Scale.UNKNOWN), which)
        np.testing.assert_array_equal(found.lead(one), RECORD.lead(other))
        np.testing.assert_array_equal(found.signal[6:], RECORD.signal[6:][list(order_of(which))])


def test_refusals() -> None:
    """What is not there, or not in millivolts, is not exchanged."""
    chest = Record(RECORD.signal[6:10], LEADS[6:10], RECORD.rate)
    for record, which, words in (
        (chest, Reversal.RA_LA, "needs leads I and II in millivolts"),
        (replace(RECORD, scale=Scale.UNKNOWN), Reversal.RA_LA, "in millivolts"),
        (chest, Reversal.V5_V6, "needs both leads"),
    ):
        with pytest.raises(SignalError, match=words):
            apply_reversal(record, which)
