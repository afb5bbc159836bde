"""Tests of precord.relevance, by hand."""

import math

import numpy as np
import pytest

from precord.relevance import Relevance, to_multi_hot
from precord.statements import CODES

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
