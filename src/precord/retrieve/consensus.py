"""What the nearest cases say together: counts, and probabilities where they were calibrated.

Asked are the cases whose ECG is nearest to the query's by the cosine alone, whatever is shown
as hits: the hits' order follows the statement head already, so their votes would be the
head's own over again. Only real cases of other patients are asked, whatever criteria
narrow the hits.

Never said: that an ECG is normal because most of the neighbours are, or that something is
ruled out because none of them has it.
Shapes: N cases, S statements, K neighbours.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from precord.encoder import QueryEncoding
from precord.library.protocol import Vectors
from precord.relevance import to_class_probabilities
from precord.retrieve.calibration import Calibration, Probability
from precord.retrieve.rank import best_rows
from precord.statements import CODES, SUPERCLASSES

NEIGHBOURS = 30
_PRIOR = 1.0  # a share starts as if so many more neighbours were like the whole library


@dataclass(frozen=True, slots=True)
class Vote:
    """What the neighbours say of one superclass or statement.

    Attributes:
        name: a superclass, or an SCP-ECG code.
        n: neighbours that have it.
        probability: None where it was not calibrated: too rare, or other weights.
    """

    name: str
    n: int
    probability: Probability | None


@dataclass(frozen=True, slots=True)
class Consensus:
    """What the nearest cases say.

    Attributes:
        of: neighbours asked.
        classes: all five superclasses, in their own order.
        statements: those that a neighbour has, the most frequent first.
        fitted_on: what the probabilities were learnt from; empty where there are none.
        serious: the most serious finding that any of them has, and how many have it.
    """

    of: int
    classes: tuple[Vote, ...]
    statements: tuple[Vote, ...]
    fitted_on: str
    serious: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """The cases asked.

    Attributes:
        rows: (K,) rows of the library's vectors, nearest first.
        cosines: (K,) of their ECGs and the query's.
        statements: (S,) share of each statement among them, drawn towards the library's.
        classes: (5,) the same for superclasses.
        counts: (S,) and class_counts (5,): how many have it.
    """

    rows: NDArray[np.intp]
    cosines: NDArray[np.float64]
    statements: NDArray[np.float64]
    classes: NDArray[np.float64]
    counts: NDArray[np.intp]
    class_counts: NDArray[np.intp]


def find_neighbours(
    vector: NDArray[np.float32],
    vectors: Vectors,
    is_asked: NDArray[np.bool_],
    k: int = NEIGHBOURS,
) -> Neighbours | None:
    """Return the *k* nearest cases of those that *is_asked* (N,) allows; None if there is none.

    Args:
        vector: (D,) of the query.
        vectors: of the library.
        is_asked: which cases may be asked.
        k: at most so many.
    """
    with np.errstate(invalid="ignore"):  # a case without an ECG vector is a row of NaN
        cosine = np.where(is_asked, vectors.ecg @ vector, np.nan)
    rows = best_rows(cosine, k)
    if not rows.size:
        return None
    shares, counts = [], []
    for table in (vectors.statements.present, vectors.statements.classes):
        n = table[rows].sum(axis=0)
        of_all = table[is_asked].mean(axis=0)
        shares.append(np.asarray((n + _PRIOR * of_all) / (rows.size + _PRIOR), np.float64))
        counts.append(n.astype(np.intp))
    near = cosine[rows].astype(np.float64)
    return Neighbours(rows, near, shares[0], shares[1], counts[0], counts[1])


def ask(query: QueryEncoding, neighbours: Neighbours, calibration: Calibration | None) -> Consensus:
    """Return what *neighbours* say of *query*, as probabilities where *calibration* has any."""
    heads = to_class_probabilities(query.statements[None])[0]
    classes, statements = [], []
    known = calibration.classes if calibration else {}
    for i, superclass in enumerate(SUPERCLASSES):
        curve = known.get(superclass)
        probability = curve(neighbours.classes[i], heads[i]) if curve else None
        classes.append(Vote(superclass, int(neighbours.class_counts[i]), probability))
    known = calibration.statements if calibration else {}
    for i in np.argsort(-neighbours.counts, kind="stable"):
        curve = known.get(CODES[i])
        if not neighbours.counts[i] and curve is None:
            continue
        probability = curve(neighbours.statements[i], query.statements[i]) if curve else None
        statements.append(Vote(CODES[i], int(neighbours.counts[i]), probability))
    return Consensus(
        neighbours.rows.size,
        tuple(classes),
        tuple(statements),
        calibration.fitted_on if calibration else "",
    )
