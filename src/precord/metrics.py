"""Measures of rankings and scores, in plain NumPy.

Shapes: Q queries, G gallery cases, k hits.
"""

import numpy as np
from numpy.typing import NDArray


def top_hits(scores: NDArray[np.floating], k: int) -> NDArray[np.intp]:
    """Return (Q, k) indices of the highest *scores* (Q, G), best first; ties by index."""
    k = min(k, scores.shape[1])
    return np.argsort(-scores, axis=1, kind="stable")[:, :k]
