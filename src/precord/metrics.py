"""Measures of rankings and scores, with intervals, in plain NumPy.

Shapes: Q queries, G gallery cases, k hits, P patients, R resamples.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
RESAMPLES = 1000
_SEED = 20231210


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its 95 % bootstrap interval over patients, and how many queries made it."""

    value: float
    low: float
    high: float
    n: int


def top_hits(scores: NDArray[np.floating], k: int) -> NDArray[np.intp]:
    """Return (Q, k) indices of the highest *scores* (Q, G), best first; ties by index."""
    k = min(k, scores.shape[1])
    return np.argsort(-scores, axis=1, kind="stable")[:, :k]


def best_ranks(scores: NDArray[np.floating], relevant: NDArray[np.bool_]) -> Floats:
    """Return (Q,) the rank, from 1, of the best relevant case; infinity where there is none.

    Ties count against the query, so that equal scores for all find nothing.

    Args:
        scores: (Q, G), higher is better.
        relevant: (Q, G) whether each case is right.
    """
    best = np.where(relevant, scores, -np.inf).max(axis=1, keepdims=True)  # (Q, 1)
    ahead = ((scores >= best) & ~relevant).sum(axis=1)
    return np.where(relevant.any(axis=1), ahead + 1.0, np.inf)


def recall_at_k(ranks: Floats, k: int) -> float:
    """Return the share of queries whose best relevant case is among the first *k*."""
    return float((ranks <= k).mean())


def median_rank(ranks: Floats) -> float:
    """Return the median of *ranks* (Q,), the mean of the middle two where Q is even."""
    return float(np.median(ranks))


def ndcg(gains: Floats, ideal: Floats) -> Floats:
    """Return (Q,) the discounted gain of the hits over that of the best possible ones.

    Args:
        gains: (Q, k) gain of each hit, in the order found.
        ideal: (Q, G) gain of every case that could be found.

    Source: Järvelin and Kekäläinen 2002, with the logarithm's base 2.
    """
    k = gains.shape[1]
    discount = 1 / np.log2(np.arange(2, k + 2))
    best = -np.sort(-ideal, axis=1)[:, :k] @ discount[: ideal.shape[1]]
    found = gains @ discount
    return np.asarray(np.divide(found, best, out=np.zeros_like(found), where=best > 0), np.float64)


def average_precision(relevant: NDArray[np.bool_]) -> Floats:
    """Return (Q,) the mean precision at each relevant case; NaN where there is none.

    Args:
        relevant: (Q, G) whether each case is relevant, best ranked first.
    """
    ranks = np.arange(1, relevant.shape[1] + 1)
    precision = np.cumsum(relevant, axis=1) / ranks
    count = relevant.sum(axis=1)
    total = (precision * relevant).sum(axis=1)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan), np.float64)


def auroc(positive: NDArray[np.bool_], score: Floats) -> float:
    """Return the area under the ROC curve; NaN where one class is empty.

    Equals the chance that a positive scores above a negative, ties counting half.
    """
    n_pos = int(positive.sum())
    n_neg = len(positive) - n_pos
    if not n_pos or not n_neg:
        return float("nan")
    _, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks = (last - (counts - 1) / 2)[inverse]  # mean rank of ties, from 1
    return float((ranks[positive].sum() - n_pos * (n_pos + 1) / 2) / (n_pos * n_neg))


@dataclass(frozen=True, slots=True, eq=False)
class Resamples:
    """Bootstrap resamples of patients, shared by all measures so that they are paired.

    Attributes:
        weights: (R, Q) how often each query is drawn.
    """

    weights: Floats

    @classmethod
    def draw(cls, patients: Sequence[Hashable], n: int = RESAMPLES) -> "Resamples":
        """Return *n* seeded resamples; all queries of a patient are drawn together."""
        names = {patient: i for i, patient in enumerate(dict.fromkeys(patients))}
        group = np.array([names[patient] for patient in patients], np.intp)  # (Q,)
        rng = np.random.default_rng(_SEED)
        drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=n)
        return cls(drawn[:, group].astype(np.float64))

    def mean(self, values: Floats) -> Estimate:
        """Return the mean of *values* (Q,) over the queries that have one (not NaN)."""
        return self.macro(values[:, None])

    def macro(self, values: Floats) -> Estimate:
        """Return the mean over columns of each column's mean; NaN says a query has no value.

        Args:
            values: (Q, C), such as one column a superclass.
        """
        n = int((~np.isnan(values)).any(axis=1).sum())
        if not n:
            return Estimate(float("nan"), float("nan"), float("nan"), 0)
        value, means = self._draw_macro(values)
        low, high = np.nanpercentile(means, [2.5, 97.5])
        return Estimate(value, float(low), float(high), n)

    def difference(self, values: Floats, base: Floats) -> Estimate:
        """Return how much higher the `macro` of *values* is than that of *base*, both (Q, C).

        The resamples are the same for both, so that what the queries have in common does not
        widen the interval. NaN where no query has a value of one of them.
        """
        n = int((~np.isnan(values)).any(axis=1).sum())
        if not n or np.isnan(base).all():
            return Estimate(float("nan"), float("nan"), float("nan"), 0)
        value, means = self._draw_macro(values)
        base_value, base_means = self._draw_macro(base)
        low, high = np.nanpercentile(means - base_means, [2.5, 97.5])
        return Estimate(value - base_value, float(low), float(high), n)

    def _draw_macro(self, values: Floats) -> tuple[float, Floats]:
        """Return the macro mean of *values* (Q, C), and that of each resample (R,)."""
        there = ~np.isnan(values)
        filled = np.where(there, values, 0.0)
        used = there.any(axis=0)
        value = float((filled.sum(axis=0)[used] / there.sum(axis=0)[used]).mean())
        total = self.weights @ there[:, used]  # (R, C)
        drawn = total > 0
        column_means = (self.weights @ filled[:, used]) / np.where(drawn, total, 1)
        n_columns = drawn.sum(axis=1)  # a resample may hold no query of a rare column
        means = (column_means * drawn).sum(axis=1) / np.where(n_columns, n_columns, np.nan)
        return value, means
