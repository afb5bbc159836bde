"""What is possible is shown: no abnormal class that may be there is missing from the hits.

A ranking by likeness alone shows the likely ten times over. Whoever decides must see the rest
too, once: the best case of each abnormal superclass that the model holds possible is among the
hits. docs/decisions/0038-possible.md says what that costs.
"""

import numpy as np
from numpy.typing import NDArray

from precord.retrieve.rank import best_rows
from precord.statements import SUPERCLASSES, Superclass

POSSIBLE = 0.05  # probability from which a class must be among the hits
_NAMES = {
    Superclass.MI: "myocardial infarction",
    Superclass.STTC: "ST-T changes",
    Superclass.CD: "conduction disturbance",
    Superclass.HYP: "hypertrophy",
}
_ABNORMAL = np.array([c is not Superclass.NORM for c in SUPERCLASSES])


def choose_rows(
    scores: NDArray[np.floating],
    classes: NDArray[np.floating],
    probabilities: NDArray[np.floating],
    k: int,
    least: float = POSSIBLE,
) -> NDArray[np.intp]:
    """Return the *k* best rows, best first, with the best of each class that is possible.

    Such cases take the last places, at most half of them; the first is always the nearest.

    Args:
        scores: (N,), NaN where a case is not found.
        classes: (N, 5) ones and zeros, a column per superclass.
        probabilities: (5,) of the query's superclasses.
        k: number of rows.
        least: probability from which a class is possible.
    """
    nearest = best_rows(scores, k)
    wanted = np.flatnonzero(_ABNORMAL & (probabilities >= least))
    missing = wanted[~(classes[nearest][:, wanted] > 0).any(axis=0)]
    found = [best_rows(np.where(classes[:, c] > 0, scores, np.nan), 1) for c in missing]
    added = np.unique(np.concatenate([np.array([], np.intp), *found]))
    added = added[np.argsort(-scores[added], kind="stable")][: k // 2]
    if not added.size:
        return nearest
    kept = _keep(classes[nearest][:, wanted] > 0, k - added.size)
    return np.concatenate([nearest[kept], added])


def describe_added(
    rows: NDArray[np.intp],
    nearest: NDArray[np.intp],
    classes: NDArray[np.floating],
    probabilities: NDArray[np.floating],
) -> list[str]:
    """Return a note on each of *rows* that is not among the *nearest*; others as above."""
    notes = []
    among = np.isin(rows, nearest)
    shown = (classes[rows[among]] > 0).any(axis=0)
    for place, row in enumerate(rows, start=1):
        if among[place - 1]:
            continue
        added = _ABNORMAL & (probabilities >= POSSIBLE) & (classes[row] > 0) & ~shown
        words = ", ".join(
            f"{probabilities[c]:.0%} {_NAMES[SUPERCLASSES[c]]}" for c in np.flatnonzero(added)
        )
        notes.append(f"case {place} is not the next nearest; it shows what is possible: {words}")
    return notes


def _keep(shows: NDArray[np.bool_], n: int) -> NDArray[np.intp]:
    """Return *n* of the hits, the first ones and whichever alone shows its class.

    Args:
        shows: (K, C) whether a hit shows a wanted class.
        n: of K.
    """
    kept = list(range(len(shows)))
    for hit in reversed(range(1, len(shows))):
        if len(kept) <= n:
            break
        others = [i for i in kept if i != hit]
        if not (shows[hit] & ~shows[others].any(axis=0)).any():
            kept = others
    return np.array(kept[:n], np.intp)
