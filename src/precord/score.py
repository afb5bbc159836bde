"""The score of a case: how near it is in the joint space, and how far it says the same.

One rule for search, for validation in training and for evaluation. Three witnesses:

    similarity     cosines of the query's ECG with the case's ECG and with its text
    statements     expected overlap of what the model reads in the query with what the case has
    superclasses   the same one level up, from flattened probabilities, so that a class that
                   is possible though not likely is among the hits

Shapes: Q queries, N cases, D width, S statements.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from precord.relevance import StatementTable

Array = NDArray[np.float32]
RERANK_DEPTH = 100  # cases that the matching head judges


@dataclass(frozen=True, slots=True)
class ScoreWeights:
    """How much each witness weighs; chosen inside the training folds, kept with the weights.

    Attributes:
        ecg: share of the ECG-to-ECG cosine in the similarity; the rest is the text's.
        similarity, statements, superclasses: of the witnesses above; they sum to 1.
        temperature: that flattens the probabilities of superclasses.
        matching: added for the best hits, times the matching head's probability.
    """

    ecg: float = 0.8
    similarity: float = 1.0
    statements: float = 0.0
    superclasses: float = 0.0
    temperature: float = 1.0
    matching: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Scores of all cases, each (Q, N); NaN where a case has none."""

    total: Array
    ecg: Array
    report: Array
    overlap: Array


def score_cases(
    vectors: Array,
    probabilities: Array,
    cases: tuple[Array, Array, StatementTable],
    weights: ScoreWeights,
) -> Scores:
    """Return how well each case answers each query.

    A case that lacks one vector is similar as far as the other says; what has neither
    is not found.

    Args:
        vectors: (Q, D) unit vectors of the queries' ECGs.
        probabilities: (Q, S) of their statements.
        cases: ECG vectors (N, D), text vectors (N, D), a row of NaN where there is none,
            and statements.
        weights: of the witnesses.
    """
    ecg, report, statements = cases
    near_ecg, near_report, similarity = compare(vectors, ecg, report, weights.ecg)
    overlap = statements.expected_overlap(probabilities)
    total = weights.similarity * similarity + weights.statements * overlap
    if weights.superclasses:
        total += weights.superclasses * statements.expected_class_overlap(
            probabilities, weights.temperature
        )
    return Scores(total, near_ecg, near_report, overlap)


def compare(
    vectors: Array, ecg: Array, report: Array, ecg_weight: float
) -> tuple[Array, Array, Array]:
    """Return the cosines (Q, N) with ECGs and texts, and their weighted sum or the one there is."""
    with np.errstate(invalid="ignore"):  # a row of NaN marks a vector that is not there
        near_ecg, near_report = vectors @ ecg.T, vectors @ report.T
    both = ecg_weight * near_ecg + (1 - ecg_weight) * near_report
    both = np.where(
        np.isnan(near_ecg), near_report, np.where(np.isnan(near_report), near_ecg, both)
    )
    return near_ecg, near_report, both


def rerank(
    total: NDArray[np.floating], top: NDArray[np.intp], matches: Array, weight: float
) -> NDArray[np.floating]:
    """Return scores (N,) in which what the matching head judged stays before all others.

    Args:
        total: (N,) scores.
        top: the rows that were judged.
        matches: of those rows, the probability that the text fits the ECG.
        weight: of the matching head.
    """
    scores = total - weight  # no probability is below 0, so the others stay behind
    scores[top] += weight * (1 + matches)
    return scores
