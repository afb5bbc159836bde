"""Tests of precord.train.validate: what chooses a checkpoint, worked by hand."""

from collections.abc import Sequence

import numpy as np
import pytest
from sklearn.metrics import f1_score

from precord.relevance import Relevance
from precord.score import ScoreWeights
from precord.statements import CODES
from precord.train.pool import Pool
from precord.train.validate import HITS, Embedded, Validation, choose_thresholds, validate
from tests.train.conftest import make_pool

ECG_ALONE = ScoreWeights(ecg=1.0)


def _pool(statements: Sequence[str], patients: Sequence[str | None]) -> Pool:
    """Return a pool of which nothing but statements and patients is looked at."""
    n = len(statements)
    return Pool(
        np.zeros((n, 12, 4), np.float32),
        np.ones((n, 12, 4), np.float32),
        np.ones(n, np.float32),
        tuple(frozenset(codes.split()) for codes in statements),
        ((),) * n,
        tuple(patients),
        (1,) * n,
    )


def _embedded(angles: Sequence[float]) -> Embedded:
    """Return unit vectors at *angles* degrees; texts and probabilities say nothing."""
    radians = np.radians(np.array(angles))
    ecg = np.stack([np.cos(radians), np.sin(radians)], axis=1).astype(np.float32)
    return Embedded(ecg, ecg, np.zeros((len(angles), len(CODES)), np.float32))


def test_the_score_is_the_sum_of_two_likenesses() -> None:
    """That of all queries, and once more of those that are not only normal; no class share."""
    assert Validation(0.9, 0.25, 0.125).score == 0.375
    assert Validation(0.1, 0.25, 0.125).score == Validation(0.9, 0.25, 0.125).score


def test_validation_by_hand() -> None:
    """Ten hits among twenty, all near: a normal query finds nine of ten, AFIB one of ten.

    The gallery has ten of each set, so each statement weighs the same and the likeness of two
    sets is 1 or 0.
    """
    near = list(range(10))
    gallery = _pool(["NORM"] * 10 + ["AFIB"] * 10, [f"g{i}" for i in range(20)])
    angles = [*near[:9], 170, 1.5, *(180 + i for i in range(9))]  # nine NORM near 0, one AFIB too
    queries = _pool(["NORM", "AFIB"], ["q0", "q1"])

    found = validate(queries, _embedded([0, 1]), gallery, _embedded(angles), ECG_ALONE)

    assert HITS == 10
    assert found.weighted_jaccard == pytest.approx((0.9 + 0.1) / 2)
    assert found.others == pytest.approx(0.1)
    assert found.class_share == pytest.approx(0.9)  # of NORM alone: AFIB has no superclass
    assert found.score == pytest.approx(0.6)


def test_a_patients_own_records_are_no_hits() -> None:
    """Twelve cases, of which the two nearest are the query's own and alone like it."""
    gallery = _pool(["AFIB"] * 2 + ["NORM"] * 10, ["q", "q", *(f"g{i}" for i in range(10))])
    query = _pool(["AFIB"], ["q"])
    stranger = _pool(["AFIB"], ["other"])
    at, there = _embedded([0]), _embedded([0, 0, *range(10, 20)])

    assert validate(query, at, gallery, there, ECG_ALONE).weighted_jaccard == 0
    assert validate(stranger, at, gallery, there, ECG_ALONE).weighted_jaccard == pytest.approx(0.2)


def test_unknown_patients_are_not_one_patient() -> None:
    """Of neither is known whose it is: they may find each other."""
    gallery = _pool(["NORM"] * 10 + ["AFIB"] * 2, [None] * 12)

    found = validate(
        _pool(["AFIB"], [None]),
        _embedded([0]),
        gallery,
        _embedded([*range(10, 20), 0, 0]),
        ECG_ALONE,
    )

    assert found.weighted_jaccard == pytest.approx(0.2)
    assert np.isnan(found.class_share)  # a rhythm alone has no superclass


def test_normal_queries_alone_have_no_others() -> None:
    """No number of theirs, rather than a missing one."""
    pool = _pool(["NORM"] * 12, [f"g{i}" for i in range(12)])

    found = validate(_pool(["NORM"], ["q"]), _embedded([0]), pool, _embedded(range(12)), ECG_ALONE)

    assert found.others == 0


def test_a_threshold_is_the_best_one_by_scikit_learn(rng: np.random.Generator) -> None:
    """No level that is tried has a higher F1; a statement with four cases gets none."""
    n = 200
    present = np.zeros((n, len(CODES)))
    present[:60, CODES.index("AFIB")] = 1
    present[:4, CODES.index("LVH")] = 1
    probabilities = np.zeros((n, len(CODES)), np.float32)
    raw = rng.normal(0, 1, n) + 1.5 * present[:, CODES.index("AFIB")]
    probabilities[:, CODES.index("AFIB")] = 1 / (1 + np.exp(-raw))

    chosen = choose_thresholds(present, probabilities)

    assert chosen.keys() == {"AFIB"}
    column, truth = probabilities[:, CODES.index("AFIB")], present[:, CODES.index("AFIB")]
    levels = np.unique(np.quantile(column, np.linspace(0.5, 0.999, 60)))
    best = max(f1_score(truth, column >= level) for level in levels)
    assert f1_score(truth, column >= np.float32(chosen["AFIB"])) == pytest.approx(best)


def test_likeness_by_a_slow_loop() -> None:
    """Ten best by cosine, the patient's own left out; the mean likeness, all and the others."""
    rng = np.random.default_rng(3)
    gallery, queries = make_pool(30, seed=1), make_pool(12, seed=2)  # patient i has statement i
    vectors = [rng.normal(size=(n, 8)).astype(np.float32) for n in (30, 12)]
    g, q = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in vectors)
    nothing = [np.full((n, 8), np.nan, np.float32) for n in (30, 12)]
    zeros = [np.zeros((n, len(CODES)), np.float32) for n in (30, 12)]

    found = validate(
        queries,
        Embedded(q, nothing[1], zeros[1]),
        gallery,
        Embedded(g, nothing[0], zeros[0]),
        ScoreWeights(ecg=1.0),
    )

    likeness = Relevance.fit(gallery.statements)(queries.statements, gallery.statements)
    means = []
    for i in range(12):
        ranked = sorted((-float(q[i] @ g[j]), j) for j in range(30) if j != i)
        means.append(np.mean([likeness[i, j] for _, j in ranked[:10]]))
    normal = [codes == {"NORM"} for codes in queries.statements]
    np.testing.assert_allclose(found.weighted_jaccard, np.mean(means), rtol=1e-6)
    others = [m for m, n in zip(means, normal, strict=True) if not n]
    np.testing.assert_allclose(found.others, np.mean(others), rtol=1e-6)


def test_thresholds_part_what_can_be_parted() -> None:
    """A statement with five cases above all others gets a level between; four get none."""
    present = np.zeros((40, len(CODES)))
    probabilities = np.full((40, len(CODES)), 0.1, np.float32)
    present[:5, 0], probabilities[:5, 0] = 1, 0.8
    present[:4, 1], probabilities[:4, 1] = 1, 0.8
    found = choose_thresholds(present, probabilities)
    assert set(found) == {CODES[0]}
    assert 0.1 < found[CODES[0]] <= 0.8
