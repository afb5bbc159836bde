"""Tests of precord.relevance, by hand."""

import math

import numpy as np
import pytest

from precord.relevance import Relevance, StatementTable, to_class_probabilities, to_multi_hot
from precord.statements import CODES, SUPERCLASSES

SETS = [
    frozenset({"SR", "NORM"}),
    frozenset({"SR", "NORM"}),
    frozenset({"SR", "CLBBB"}),
    frozenset({"SR", "AFLT"}),
]


def test_weights_are_minus_log_of_the_share() -> None:
    """All are in sinus rhythm, which weighs nothing; half are normal; a quarter is paced."""
    weights = dict(zip(CODES, Relevance.fit(SETS).weights, strict=True))

    assert weights["SR"] == 0
    assert weights["NORM"] == pytest.approx(math.log(2))
    assert weights["CLBBB"] == pytest.approx(math.log(4))
    assert weights["WPW"] == pytest.approx(math.log(4))  # never seen: as if seen once


def test_weighted_jaccard_by_hand() -> None:
    """What both share over what either has, each by its weight."""
    rule = Relevance.fit(SETS)
    a = frozenset({"NORM", "CLBBB"})
    b = frozenset({"NORM", "AFLT"})

    found = rule([a], [b, a, frozenset({"WPW"})])

    assert found[0, 0] == pytest.approx(math.log(2) / (math.log(2) + 2 * math.log(4)))
    assert found[0, 1] == pytest.approx(1)
    assert found[0, 2] == 0


def test_sets_that_weigh_nothing_are_alike_only_when_equal() -> None:
    """Sinus rhythm alone equals sinus rhythm alone; two empty sets are never alike."""
    rule = Relevance.fit(SETS)
    sinus, nothing = frozenset({"SR"}), frozenset[str]()

    np.testing.assert_array_equal(rule([sinus, nothing], [sinus, nothing]), [[1, 0], [0, 0]])


def test_symmetric(rng: np.random.Generator) -> None:
    """The order of the two sets does not matter."""
    sets = [frozenset(rng.choice(CODES, 4).tolist()) for _ in range(20)]
    found = Relevance.fit(sets)(sets, sets)

    np.testing.assert_allclose(found, found.T)
    np.testing.assert_allclose(np.diag(found), 1)
    assert to_multi_hot(sets).sum() == sum(len(s) for s in sets)


def test_expected_overlap_of_the_certain_is_the_index_itself() -> None:
    """Probabilities of 0 and 1 give the weighted Jaccard index of training and evaluation."""
    rng = np.random.default_rng(3)
    sets = [frozenset(rng.choice(CODES, rng.integers(1, 5)).tolist()) for _ in range(30)]
    queries = sets[:7]
    table = StatementTable.fit(sets)

    found = table.expected_overlap(to_multi_hot(queries).astype(np.float32))

    np.testing.assert_allclose(found, Relevance.fit(sets)(queries, sets), rtol=1e-4, atol=1e-5)


def test_expected_overlap_by_hand() -> None:
    """Half sure of one of two equally rare statements, nothing else: .5 and .5 / 1.5."""
    sets = [frozenset({"AFIB"}), frozenset({"AFIB", "CLBBB"}), frozenset({"CLBBB"}), frozenset()]
    probabilities = np.zeros((1, len(CODES)), np.float32)
    probabilities[0, CODES.index("AFIB")] = 0.5

    found = StatementTable.fit(sets).expected_overlap(probabilities)

    np.testing.assert_allclose(found[0], [0.5, 0.5 / 2, 0.0, 0.0], atol=1e-6)


def test_class_probability_is_that_of_any_statement() -> None:
    """Two infarctions of one half each make an infarction of three quarters."""
    probabilities = np.zeros((1, len(CODES)))
    probabilities[0, [CODES.index("IMI"), CODES.index("AMI")]] = 0.5

    found = to_class_probabilities(probabilities)

    assert dict(zip(SUPERCLASSES, found[0].tolist(), strict=True)) == {
        "NORM": 0, "MI": 0.75, "STTC": 0, "CD": 0, "HYP": 0,
    }  # fmt: skip


def test_temperature_lifts_the_possible() -> None:
    """An infarction of one tenth overlaps more, the flatter the probabilities."""
    sets = [frozenset({"NORM"}), frozenset({"IMI"})]
    probabilities = np.zeros((1, len(CODES)), np.float32)
    probabilities[0, [CODES.index("NORM"), CODES.index("IMI")]] = 0.9, 0.1
    table = StatementTable.fit(sets)

    sure, flat = (table.expected_class_overlap(probabilities, t)[0] for t in (1.0, 3.0))

    assert sure[0] > sure[1]
    assert flat[1] > 2 * sure[1]
