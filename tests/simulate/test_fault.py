"""Tests of precord.simulate.fault: a fault is the recording's, and no more than it says."""

import numpy as np
import pytest

from precord.errors import QueryError
from precord.leads import LEADS, Lead
from precord.record import Record
from precord.signal.electrode import Reversal
from precord.simulate import simulate, spoil

RECORD = simulate(("NORM",), np.random.default_rng(0), rate=250.0, noise=False).record


def _spoil(fault: str, seed: int = 0) -> Record:
    """Return the record with *fault*."""
    return spoil(RECORD, fault, np.random.default_rng(seed))


def test_exchanged_arms_turn_lead_i_over() -> None:
    """RA and LA: I is negated, II and III change places, the chest leads stay (hand-worked)."""
    before, after = RECORD.signal, _spoil(Reversal.RA_LA).signal

    np.testing.assert_allclose(after[0], -before[0], atol=1e-5)
    np.testing.assert_allclose(after[1], before[2], atol=1e-5)
    np.testing.assert_allclose(after[6:], before[6:], atol=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_lost_leads_are_missing(seed: int) -> None:
    """One to three chest leads end in missing samples; all others are untouched."""
    after = _spoil("lost", seed).signal
    lost = np.array([bool(np.isnan(row).any()) for row in after])

    assert 1 <= lost.sum() <= 3
    assert not lost[:6].any()
    assert np.isnan(after[lost, -1]).all()
    np.testing.assert_array_equal(after[~lost], RECORD.signal[~lost])


def test_a_full_amplifier_cuts_what_it_measures() -> None:
    """No measured lead passes the limit, the highest reaches it, Einthoven's law holds."""
    after = _spoil("clipped").signal.astype(float)
    measured = [LEADS.index(lead) for lead in (Lead.I, Lead.II, *LEADS[6:])]
    limit = np.abs(after[measured]).max()

    assert limit < 0.91 * np.abs(RECORD.signal[measured]).max()
    assert (np.abs(np.abs(after[measured]) - limit) < 1e-6).sum() >= 10
    np.testing.assert_allclose(after[1], after[0] + after[2], atol=1e-5)


def test_an_unknown_fault_is_refused() -> None:
    """The message names those there are."""
    with pytest.raises(QueryError, match="no fault 'wet', expected one of: lost; clipped; RA-LA"):
        _spoil("wet")
