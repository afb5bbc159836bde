"""What all real cases of other patients say of a query, beside the hits that are shown.

Consensus, what must not be overlooked, and whether there is an answer. Criteria narrow hits,
not this: a search among left bundle branch blocks must not vote for one.
Shapes: N cases, K hits, S statements.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from precord.encoder import QueryEncoding
from precord.library.protocol import Vectors
from precord.record import Measurements
from precord.relevance import to_class_probabilities
from precord.retrieve.abstain import CLOSE, JUDGED, Closeness, Trust, Verdict, doubt, mean_of_best
from precord.retrieve.calibration import Calibration
from precord.retrieve.consensus import NEIGHBOURS, Consensus, ask, find_neighbours
from precord.retrieve.critical import Raised, list_scarce, most_serious, raise_findings
from precord.retrieve.rank import best_rows
from precord.statements import CODES, SUPERCLASSES, Superclass

_PRECEDENTS = 2
_NORM = SUPERCLASSES.index(Superclass.NORM)


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """A query as far as it was looked at.

    Attributes:
        total: (N,) score of each case; NaN where it has none.
        overlap: (K,) expected overlap of statements with the hits.
    """

    encoding: QueryEncoding
    measured: Measurements
    total: NDArray[np.floating]
    overlap: NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Heard:
    """What the cases say."""

    consensus: Consensus | None
    trust: Trust
    critical: tuple[Raised, ...]
    scarce: tuple[tuple[str, int], ...]


def hear(
    question: Question,
    vectors: Vectors,
    is_other: NDArray[np.bool_],
    calibration: Calibration | None,
) -> Heard:
    """Return what the cases say of *question*.

    Args:
        question: the query.
        vectors: of the whole library.
        is_other: (N,) whether a case is of another patient.
        calibration: of the encoder's answers; without it there are counts only.
    """
    asked = ~vectors.is_simulated & is_other
    shown = is_other if vectors.is_simulated.all() else asked  # as among the hits
    present = vectors.statements.present
    query = question.encoding
    k = calibration.neighbours if calibration else NEIGHBOURS
    near = find_neighbours(query.vector, vectors, asked, k)
    near_has = present[near.rows if near else np.array([], np.intp)] > 0  # (K, S)

    def find(codes: frozenset[str]) -> tuple[tuple[str, ...], int]:
        """Return the best cases with one of *codes*, and how many there are."""
        has_it = shown & present[:, [CODES.index(c) for c in codes]].any(axis=1)
        best = best_rows(np.where(has_it, question.total, np.nan), _PRECEDENTS)
        return tuple(vectors.ids[i] for i in best), int(has_it.sum())

    raised = calibration.raised if calibration else {}
    critical = raise_findings(question.measured, query.statements, near_has, find, raised)
    scarce = list_scarce(present[shown].sum(axis=0))
    if near is None:
        return Heard(None, Trust(Verdict.ANSWER), critical, scarce)
    serious = most_serious(near_has)
    consensus = replace(ask(query, near, calibration), serious=serious)
    p = consensus.classes[_NORM].probability
    normal = p.value if p else float(to_class_probabilities(query.statements[None])[0, _NORM])
    close = Closeness(
        mean_of_best(near.cosines, CLOSE), mean_of_best(question.overlap, JUDGED), normal
    )
    return Heard(consensus, doubt(close, calibration), critical, scarce)
