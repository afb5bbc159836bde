"""Tests of precord.train.validate: what chooses a checkpoint."""

import numpy as np

from precord.relevance import Relevance
from precord.score import ScoreWeights
from precord.statements import CODES
from precord.train.validate import Embedded, Validation, choose_thresholds, validate
from tests.train.conftest import make_pool


def test_score_does_not_count_the_class_share() -> None:
    """Hits of many superclasses flatter it; the likeness of all and of the others chooses."""
    assert Validation(class_share=0.9, weighted_jaccard=0.5, others=0.25).score == 0.75
    assert Validation(0.0, 0.5, 0.25).score == Validation(1.0, 0.5, 0.25).score


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
