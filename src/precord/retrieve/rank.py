"""Rows in the order of their scores, and rankings joined."""

import numpy as np
from numpy.typing import NDArray

_FUSION = 60  # Cormack et al. 2009: the constant k of reciprocal rank fusion


def best_rows(scores: NDArray[np.floating], k: int) -> NDArray[np.intp]:
    """Return the rows of the *k* highest scores, best first, equal ones in their order."""
    rows = np.flatnonzero(~np.isnan(scores))
    if k < rows.size:
        least = np.partition(scores[rows], rows.size - k)[rows.size - k]
        rows = rows[scores[rows] >= least]
    return rows[np.argsort(-scores[rows], kind="stable")][:k]


def fuse(n: int, *rankings: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return (n,) the sum of 1 / (60 + rank) over *rankings*; NaN for a row in none."""
    fused = np.zeros(n)
    for ranking in rankings:
        fused[ranking] += 1.0 / (_FUSION + 1 + np.arange(ranking.size))
    return np.where(fused > 0, fused, np.nan)
