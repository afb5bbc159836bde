"""Tests of precord.signal.ecg_check: what is taken for an ECG, and what is not.

The oracle of the distance is scipy's; everything else is told by where it comes from.
"""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.distance import mahalanobis

from precord.evaluate.strange import FAR, NEAR
from precord.leads import Lead
from precord.record import Record, Scale
from precord.signal.ecg_check import FEATURES, ShapeRule, describe_shape, is_like_ecg, load_rule
from precord.simulate import simulate


@pytest.mark.parametrize("name", FAR)
def test_what_is_no_ecg_is_told(name: str) -> None:
    """Noise of any colour, a sine, a square wave, muscle, an EEG: three of each."""
    rng = np.random.default_rng(5)

    assert [is_like_ecg(FAR[name](rng)) for _ in range(3)] == [False] * 3


@pytest.mark.parametrize("code", ["NORM", "AFIB", "AFLT", "CLBBB", "2AVB", "WPW", "LVH", "PVC"])
def test_an_ecg_is_an_ecg(code: str) -> None:
    """Whatever it shows, at any gain and without its scale."""
    record = simulate({code}, np.random.default_rng(40)).record
    louder = replace(record, signal=record.signal * np.float32(3.0))
    unscaled = record.signal / record.signal.std(axis=1, keepdims=True)

    assert is_like_ecg(record)
    assert is_like_ecg(louder)
    assert is_like_ecg(replace(record, signal=unscaled, scale=Scale.UNKNOWN))


def test_an_ecg_drowned_in_noise_is_none() -> None:
    """White noise twice its size leaves nothing to compare."""
    rng = np.random.default_rng(1)
    record = simulate({"NORM"}, rng).record

    assert is_like_ecg(NEAR["under noise twice its size"](record, rng)) is False


def test_gain_of_single_leads_changes_nothing() -> None:
    """All but the beats' likeness are the same to five digits; that one, nearly."""
    record = simulate({"NORM"}, np.random.default_rng(2)).record
    gains = np.linspace(0.5, 2, 12, dtype=np.float32)[:, None]

    one, other = (
        describe_shape(record),
        describe_shape(replace(record, signal=gains * record.signal)),
    )

    assert one is not None
    assert other is not None
    assert one.shape == (len(FEATURES),)
    np.testing.assert_allclose(one[:6], other[:6], rtol=1e-4)
    np.testing.assert_allclose(one, other, rtol=0.05)


def test_too_little_is_not_judged() -> None:
    """Three leads, three seconds, or columns of a printed page: neither yes nor no."""
    record = simulate({"NORM"}, np.random.default_rng(2)).record
    three = Record(record.signal[:3], (Lead.I, Lead.II, Lead.III), record.rate)
    short = replace(record, signal=record.signal[:, :1500])
    page = record.signal.copy()
    for column in range(4):
        leads = np.setdiff1d(np.arange(12), np.arange(3 * column, 3 * column + 3))
        page[leads, 1250 * column : 1250 * (column + 1)] = np.nan

    assert [is_like_ecg(r) for r in (three, short, replace(record, signal=page))] == [None] * 3


def test_distance_is_mahalanobis_and_the_limit_a_quantile() -> None:
    """With equally frequent statements all rows weigh the same: scipy's distance."""
    rows = np.random.default_rng(0).normal(size=(200, 8)) * np.arange(1, 9)
    rule = ShapeRule.fit(rows, [frozenset({"SR"})] * 200, 0.9)
    inverse = np.linalg.inv(np.cov(rows.T, bias=True))

    expected = [mahalanobis(row, rows.mean(axis=0), inverse) for row in rows]

    np.testing.assert_allclose([rule.distance(row) for row in rows], expected)
    assert rule.limit == pytest.approx(np.quantile(expected, 0.9))


def test_a_rare_kind_is_not_refused_for_being_rare() -> None:
    """Twenty of a thousand lie apart: a limit over all would cut them off, this one does not."""
    rng = np.random.default_rng(0)
    rows = np.concatenate([rng.normal(size=(980, 8)), rng.normal(8, 1, size=(20, 8))])
    sets = [frozenset({"NORM"})] * 980 + [frozenset({"PACE"})] * 20

    rule = ShapeRule.fit(rows, sets, 0.9)

    assert np.mean([rule.distance(row) <= rule.limit for row in rows[980:]]) >= 0.9


def test_the_rule_that_ships_is_whole() -> None:
    """Its precision is symmetric and positive."""
    rule = load_rule()

    np.testing.assert_allclose(rule.precision, rule.precision.T, rtol=1e-3, atol=1e-3)
    assert np.linalg.eigvalsh(rule.precision).min() > 0
    assert rule.limit > 0
