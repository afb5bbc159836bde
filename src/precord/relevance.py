"""When one case is a right answer for another: the one rule of training, evaluation, display.

Two cases are alike as far as their statement sets overlap, each statement weighed by
-log of its share among the reference cases: that both are in sinus rhythm says almost
nothing, that both are paced says much. Source: the weighted Jaccard index (Ioffe 2010),
with the inverse document frequency of Spärck Jones 1972 as weight.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from precord.statements import CODES, STATEMENTS, SUPERCLASSES, to_superclasses

_INDEX = {code: i for i, code in enumerate(CODES)}
_CLASS_COLUMNS = [
    [i for i, code in enumerate(CODES) if STATEMENTS[code].superclass is superclass]
    for superclass in SUPERCLASSES
]


@dataclass(frozen=True, slots=True)
class Relevance:
    """Weighted overlap of statement sets.

    Attributes:
        weights: (S,) float64, one per code of `statements.CODES`, not negative.
    """

    weights: NDArray[np.float64]

    @classmethod
    def fit(cls, statement_sets: Sequence[frozenset[str]]) -> "Relevance":
        """Return the rule whose weights come from the shares in *statement_sets*.

        A statement that occurs nowhere weighs as much as one that occurs once.
        """
        n = max(len(statement_sets), 1)
        counts = to_multi_hot(statement_sets).sum(axis=0)
        return cls(-np.log(np.maximum(counts, 1) / n))

    def __call__(
        self, queries: Sequence[frozenset[str]], cases: Sequence[frozenset[str]]
    ) -> NDArray[np.float64]:
        """Return the (queries, cases) weighted Jaccard index, 0 to 1.

        Two sets that weigh nothing in common and nothing apart are alike only when equal.
        """
        a, b = to_multi_hot(queries), to_multi_hot(cases)  # (Q, S), (C, S)
        shared = (a * self.weights) @ b.T  # (Q, C)
        either = (a @ self.weights)[:, None] + (b @ self.weights)[None, :] - shared
        with np.errstate(invalid="ignore", divide="ignore"):
            index = np.where(either > 0, shared / either, 0.0)
        if (either <= 0).any():
            equal = (a @ b.T == a.sum(1)[:, None]) & (a.sum(1)[:, None] == b.sum(1)[None, :])
            index = np.where((either <= 0) & equal & (a.sum(1)[:, None] > 0), 1.0, index)
        return index


@dataclass(frozen=True, slots=True, eq=False)
class StatementTable:
    """The statements of N cases as numbers, and how far a query may be expected to share them.

    Attributes:
        present: (N, S) float32 ones and zeros, a column per code of `statements.CODES`.
        classes: (N, 5) float32 the same for the diagnostic superclasses.
        weights: (S,) float32, -log of each statement's share; class_weights: (5,).
    """

    present: NDArray[np.float32]
    classes: NDArray[np.float32]
    weights: NDArray[np.float32]
    class_weights: NDArray[np.float32]

    @classmethod
    def fit(cls, statement_sets: Sequence[frozenset[str]]) -> "StatementTable":
        """Return the table of *statement_sets*, weighed by their own shares."""
        classes = to_superclass_hot(statement_sets).reshape(-1, len(SUPERCLASSES))
        n = max(len(classes), 1)
        return cls(
            to_multi_hot(statement_sets).astype(np.float32),
            classes.astype(np.float32),
            Relevance.fit(statement_sets).weights.astype(np.float32),
            -np.log(np.maximum(classes.sum(axis=0), 1) / n).astype(np.float32),
        )

    def expected_overlap(self, probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (Q, N) the weighted Jaccard index to expect of queries and cases.

        The expectation of a ratio is taken as the ratio of expectations: exact where each
        probability is 0 or 1. A case without statements has none.

        Args:
            probabilities: (Q, S) of the queries' statements.
        """
        return _soft_jaccard(probabilities, self.present, self.weights)

    def expected_class_overlap(
        self, probabilities: NDArray[np.float32], temperature: float
    ) -> NDArray[np.float32]:
        """Return (Q, N) the same for superclasses, from probabilities made less sure.

        Args:
            probabilities: (Q, S) of the queries' statements.
            temperature: divides their logits; above 1, a superclass that is possible weighs
                nearly as much as one that is likely, so that a hit list shows it.
        """
        p = np.clip(probabilities.astype(np.float64), 1e-7, 1 - 1e-7)
        flat = 1 / (1 + ((1 - p) / p) ** (1 / temperature))  # sigmoid(logit / temperature)
        return _soft_jaccard(to_class_probabilities(flat), self.classes, self.class_weights)


def to_class_probabilities(probabilities: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return (Q, 5) the chance of at least one statement of each superclass, from (Q, S).

    Statements count as independent, so it is an upper estimate for those that exclude
    each other.
    """
    none = [np.prod(1 - probabilities[:, columns], axis=1) for columns in _CLASS_COLUMNS]
    return np.asarray(1 - np.stack(none, axis=1), np.float32)


def _soft_jaccard(
    probabilities: NDArray[np.float32], present: NDArray[np.float32], weights: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return (Q, N) of (Q, S), (N, S) and (S,): expected shared weight over either's."""
    weighted = np.asarray(probabilities * weights, np.float32)
    shared = weighted @ present.T  # (Q, N)
    either = weighted.sum(axis=1)[:, None] + (present @ weights)[None, :] - shared
    overlap = np.divide(shared, either, out=np.zeros_like(shared), where=either > 0)
    return np.asarray(overlap, np.float32)


def to_multi_hot(statement_sets: Sequence[frozenset[str]]) -> NDArray[np.float64]:
    """Return (sets, S) ones and zeros, a column per code of `statements.CODES`."""
    hot = np.zeros((len(statement_sets), len(CODES)))
    for row, codes in zip(hot, statement_sets, strict=True):
        row[[_INDEX[code] for code in codes]] = 1.0
    return hot


def to_superclass_hot(statement_sets: Sequence[frozenset[str]]) -> NDArray[np.float64]:
    """Return (sets, 5) ones and zeros, a column per diagnostic superclass."""
    found = [to_superclasses(codes) for codes in statement_sets]
    return np.array([[c in classes for c in SUPERCLASSES] for classes in found], np.float64)


def class_share(
    queries: Sequence[frozenset[str]], cases: Sequence[frozenset[str]], hits: NDArray[np.intp]
) -> float:
    """Return the class share of *hits* (queries, k), indices into *cases*.

    For each superclass, over the queries that have it, the share of the hits that have it;
    the mean over the superclasses that any query has; NaN where none has one.
    """
    wanted, there = to_superclass_hot(queries), to_superclass_hot(cases)
    shares = there[hits].mean(axis=1)  # (Q, 5)
    asked = wanted.sum(axis=0)
    each = (shares * wanted).sum(axis=0) / np.maximum(asked, 1)
    return float(each[asked > 0].mean()) if asked.any() else float("nan")
