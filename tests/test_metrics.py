"""Tests of precord.metrics: hand-worked, and against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import (
    average_precision_score,
    ndcg_score,
    roc_auc_score,
    top_k_accuracy_score,
)

from precord.metrics import (
    Resamples,
    auroc,
    average_precision,
    best_ranks,
    median_rank,
    ndcg,
    recall_at_k,
    top_hits,
)


def test_top_hits_by_hand() -> None:
    """Best first; ties in the order of the gallery; never more than there are."""
    scores = np.array([[0.1, 0.9, 0.9, -np.inf]])

    assert top_hits(scores, 3).tolist() == [[1, 2, 0]]
    assert top_hits(scores, 99).tolist() == [[1, 2, 0, 3]]


def test_ndcg_by_hand() -> None:
    """Gains 0 and 1 where 1 and 0 was possible: 1 / log2(3)."""
    found = ndcg(np.array([[0.0, 1.0]]), np.array([[1.0, 0.0, 0.0]]))

    assert found[0] == pytest.approx(1 / np.log2(3))
    assert ndcg(np.zeros((1, 2)), np.zeros((1, 3)))[0] == 0


def test_ndcg_equals_scikit_learn(rng: np.random.Generator) -> None:
    """On random gains and scores, cut at ten."""
    gains, scores = rng.random((20, 50)), rng.normal(size=(20, 50))
    hits = top_hits(scores, 10)

    found = ndcg(np.take_along_axis(gains, hits, axis=1), gains)

    assert found.mean() == pytest.approx(ndcg_score(gains, scores, k=10))


def test_average_precision_equals_scikit_learn(rng: np.random.Generator) -> None:
    """On random rankings; a query without a relevant case has none."""
    relevant, scores = rng.random((20, 50)) < 0.2, rng.normal(size=(20, 50))
    relevant[0] = False
    order = top_hits(scores, 50)

    found = average_precision(np.take_along_axis(relevant, order, axis=1))

    assert np.isnan(found[0])
    pairs = zip(relevant[1:], scores[1:], strict=True)
    expected = [average_precision_score(r, s) for r, s in pairs]
    np.testing.assert_allclose(found[1:], expected)


def test_auroc_equals_scikit_learn_with_ties(rng: np.random.Generator) -> None:
    """Ties count half; one class alone has none."""
    positive, score = rng.random(200) < 0.3, rng.integers(0, 8, 200).astype(float)

    assert auroc(positive, score) == pytest.approx(roc_auc_score(positive, score))
    assert np.isnan(auroc(np.ones(3, bool), np.ones(3)))


def test_estimates_of_a_constant_have_no_width() -> None:
    """If all patients agree there is nothing to be unsure of."""
    found = Resamples.draw(["a", "b", "b", "c"]).mean(np.full(4, 0.25))

    assert (found.value, found.low, found.high, found.n) == (0.25, 0.25, 0.25, 4)


def test_interval_covers_the_truth_about_as_often_as_it_says(rng: np.random.Generator) -> None:
    """Of 200 samples of 60 patients, 95 % intervals miss the true mean in 1 to 12 %."""
    resamples = Resamples.draw(list(range(60)), 400)
    missed = 0
    for _ in range(200):
        found = resamples.mean(rng.normal(0.5, 0.2, 60))
        missed += not found.low <= 0.5 <= found.high

    assert 2 <= missed <= 24


def test_queries_of_one_patient_are_drawn_together() -> None:
    """Two queries of a patient always have the same weight, so copies narrow nothing."""
    values = np.array([0.0, 1.0, 0.2, 0.9])
    once = Resamples.draw(["a", "b", "c", "d"]).mean(values)

    twice = Resamples.draw(["a", "b", "c", "d"] * 2).mean(np.tile(values, 2))

    assert (twice.value, twice.low, twice.high) == pytest.approx((once.value, once.low, once.high))


def test_queries_without_a_value_do_not_count() -> None:
    """NaN is no zero; columns are averaged after their queries."""
    resamples = Resamples.draw(["a", "b", "c"])

    found = resamples.macro(np.array([[1.0, np.nan], [0.0, np.nan], [np.nan, 1.0]]))

    assert found.value == pytest.approx((0.5 + 1.0) / 2)
    assert found.n == 3
    assert resamples.mean(np.full(3, np.nan)).n == 0


def test_a_difference_is_paired_as_a_slow_loop_pairs_it(rng: np.random.Generator) -> None:
    """Patients drawn one by one, both methods judged on the same draw, columns averaged last."""
    patients = [f"p{i // 2}" for i in range(24)]
    values, base = rng.random((2, 24, 3))
    missing = rng.random((24, 3)) < 0.3
    values[missing], base[missing] = np.nan, np.nan
    resamples = Resamples.draw(patients, 300)

    def macro(table: np.ndarray, times: np.ndarray) -> float:
        columns = []
        for column in table.T:
            drawn = [
                value
                for value, n in zip(column, times, strict=True)
                for _ in range(int(n))
                if not np.isnan(value)
            ]
            if drawn:
                columns.append(sum(drawn) / len(drawn))
        return float(np.mean(columns))

    found = resamples.difference(values, base)

    once = np.ones(24)
    drawn = [macro(values, w) - macro(base, w) for w in resamples.weights]
    low, high = np.percentile(drawn, [2.5, 97.5])
    assert found.value == pytest.approx(macro(values, once) - macro(base, once))
    assert (found.low, found.high) == pytest.approx((low, high))
    assert found.n == int((~missing).any(axis=1).sum())
    for weights in resamples.weights:
        assert weights.sum() == 24
        assert (weights[::2] == weights[1::2]).all()  # two records of each patient


def test_what_two_methods_share_does_not_widen_their_difference(rng: np.random.Generator) -> None:
    """One is the other and a tenth, query by query: a difference of a tenth, without width."""
    base = rng.random(40)
    resamples = Resamples.draw(list(range(40)))

    found = resamples.difference((base + 0.1)[:, None], base[:, None])
    mean = resamples.mean(base)

    assert (found.value, found.low, found.high) == pytest.approx((0.1, 0.1, 0.1))
    assert mean.high - mean.low > 0.05


def test_a_difference_of_nothing_is_none() -> None:
    """No query has a value of one of them: NaN, and no warning."""
    resamples = Resamples.draw(["a", "b"])
    nothing, one = np.full((2, 1), np.nan), np.ones((2, 1))

    for values, base in ((nothing, one), (one, nothing), (nothing, nothing)):
        found = resamples.difference(values, base)
        assert np.isnan([found.value, found.low, found.high]).all()
        assert found.n == 0


def test_ranks_by_hand() -> None:
    """Second place, a tie that counts against the query, and nothing right at all."""
    scores = np.array([[0.9, 0.5, 0.1], [0.5, 0.5, 0.5], [0.1, 0.2, 0.3]])
    relevant = np.array([[False, True, True], [True, False, False], [False] * 3])

    ranks = best_ranks(scores, relevant)

    assert ranks.tolist() == [2, 3, np.inf]
    assert recall_at_k(ranks, 1) == 0
    assert recall_at_k(ranks, 2) == pytest.approx(1 / 3)
    assert median_rank(ranks) == 3
    assert median_rank(np.array([1.0, 4.0])) == 2.5


def test_recall_equals_scikit_learn(rng: np.random.Generator) -> None:
    """With one right case a query, recall is the accuracy of the first k."""
    scores, right = rng.normal(size=(40, 12)), rng.integers(0, 12, 40)
    ranks = best_ranks(scores, right[:, None] == np.arange(12))

    for k in (1, 5):
        expected = top_k_accuracy_score(right, scores, k=k, labels=np.arange(12))
        assert recall_at_k(ranks, k) == pytest.approx(expected)


def test_differences_equal_a_slow_loop(rng: np.random.Generator) -> None:
    """Paired: both are drawn alike, patient by patient; columns without a query do not count."""
    patients = ["a", "a", "b", "c", "d", "d"]
    values, base = rng.random((6, 2)), rng.random((6, 2))
    values[0, 1] = base[0, 1] = np.nan
    resamples = Resamples.draw(patients)

    found = resamples.difference(values, base)

    apart = []
    for weights in resamples.weights:
        means = []
        for table in (values, base):
            columns = []
            for column in table.T:
                there = ~np.isnan(column)
                if weights[there].sum() > 0:
                    columns.append(np.average(column[there], weights=weights[there]))
            means.append(np.mean(columns))
        apart.append(means[0] - means[1])
    expected = np.nanmean(values, axis=0).mean() - np.nanmean(base, axis=0).mean()
    assert found.value == pytest.approx(expected)
    assert (found.low, found.high) == pytest.approx(tuple(np.percentile(apart, [2.5, 97.5])))


def test_a_shared_difficulty_does_not_widen_a_difference(rng: np.random.Generator) -> None:
    """Hard and easy queries, each a little better: the pair sees it, two intervals do not."""
    hardness = rng.random((200, 1))
    resamples = Resamples.draw(range(200))
    better, worse = hardness + 0.02 + rng.normal(0, 0.02, (200, 1)), hardness
    paired = resamples.difference(better, worse)
    one, other = resamples.macro(better), resamples.macro(worse)
    assert paired.low > 0
    assert one.low < other.high, "the two intervals alone overlap"
