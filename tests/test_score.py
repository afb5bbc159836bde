"""Tests of precord.score."""

import numpy as np
import pytest

from precord.relevance import StatementTable, to_multi_hot
from precord.score import ScoreWeights, rerank, score_cases

SETS = [frozenset({"AFIB"}), frozenset({"NORM", "SR"}), frozenset({"AFIB", "LVH"})]


def test_total_is_the_weighted_sum_of_its_witnesses() -> None:
    """Cosines .6 and .8, overlap 1, class overlap 0 (atrial fibrillation has no superclass)."""
    table = StatementTable.fit(SETS)
    vectors = np.array([[1.0, 0.0]], np.float32)
    ecg, report = np.array([[0.6, 0.8]] * 3, "f4"), np.array([[0.8, 0.6]] * 3, "f4")
    certain = to_multi_hot([frozenset({"AFIB"})]).astype(np.float32)
    weights = ScoreWeights(
        ecg=0.25, similarity=0.2, statements=0.5, superclasses=0.3, temperature=1.0
    )

    found = score_cases(vectors, certain, (ecg, report, table), weights)

    similarity = 0.25 * 0.6 + 0.75 * 0.8
    assert found.total[0, 0] == pytest.approx(0.2 * similarity + 0.5 * 1.0, abs=1e-5)
    assert found.total[0, 1] == pytest.approx(0.2 * similarity, abs=1e-5)
    shares = np.log([3 / 2, 3 / 1])  # -log of the shares of AFIB and LVH
    assert found.overlap[0, 2] == pytest.approx(shares[0] / shares.sum(), abs=1e-5)


def test_a_case_without_vectors_has_no_score() -> None:
    """Statements alone do not make a hit; one vector is enough."""
    nothing = np.full((3, 2), np.nan, np.float32)
    one = nothing.copy()
    one[1] = 1, 0
    certain = to_multi_hot([frozenset({"AFIB"})]).astype(np.float32)
    vectors = np.array([[1.0, 0.0]], np.float32)

    found = score_cases(vectors, certain, (nothing, one, StatementTable.fit(SETS)), ScoreWeights())

    assert np.isnan(found.total[0]).tolist() == [True, False, True]
    assert found.total[0, 1] == pytest.approx(1.0)


def test_what_was_judged_stays_before_the_rest() -> None:
    """Among the judged the head may change the order; a case that it did not see stays behind."""
    total = np.array([0.9, 0.8, 0.7, np.nan])

    found = rerank(total, np.array([0, 1]), np.array([0.0, 0.5], "f4"), 0.4)

    np.testing.assert_allclose(found[:3], [0.9, 1.0, 0.3])
    assert np.isnan(found[3])
