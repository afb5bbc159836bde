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

from precord.statements import CODES, SUPERCLASSES, to_superclasses

_INDEX = {code: i for i, code in enumerate(CODES)}


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
    the mean over the superclasses that any query has.
    """
    wanted, there = to_superclass_hot(queries), to_superclass_hot(cases)
    shares = there[hits].mean(axis=1)  # (Q, 5)
    asked = wanted.sum(axis=0)
    each = (shares * wanted).sum(axis=0) / np.maximum(asked, 1)
    return float(each[asked > 0].mean())
