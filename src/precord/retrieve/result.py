"""What a search returns: its hits, and what it saw of the query."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from precord.case import Case, Explanation, Hit
from precord.record import Measurements
from precord.retrieve.abstain import Trust, Verdict
from precord.retrieve.consensus import Consensus
from precord.retrieve.critical import Raised
from precord.signal.quality import LeadQuality


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search found, and what it saw of the query.

    Attributes:
        hits: best first.
        earlier: ids of the cases left out because they are of the same patient.
        query_quality: of the query's leads; empty for a text.
        query_measurements: empty for a text.
        query_statements: as read from the signal or as given; empty for a text.
        query_statements_are_read: whether the model read them from the signal.
        notes: what the reader of the hits must know, one sentence each.
        consensus: what the nearest real cases say together; None for a text, and where
            there is no real case to ask.
        trust: whether there is an answer; without one there are no hits.
        critical: what must not be overlooked, the most serious first.
        scarce: critical statements of which the library has few cases, with their number:
            what it cannot show.
    """

    hits: tuple[Hit, ...]
    earlier: tuple[str, ...] = ()
    query_quality: tuple[LeadQuality, ...] = ()
    query_measurements: Measurements = field(default_factory=Measurements)
    query_statements: frozenset[str] = frozenset()
    query_statements_are_read: bool = False
    notes: tuple[str, ...] = ()
    consensus: Consensus | None = None
    trust: Trust = field(default_factory=lambda: Trust(Verdict.ANSWER))
    critical: tuple[Raised, ...] = ()
    scarce: tuple[tuple[str, int], ...] = ()


def to_hits(
    cases: Sequence[Case],
    reasons: Sequence[Explanation | None],
    score: NDArray[np.floating],
    **parts: NDArray[np.floating],
) -> tuple[Hit, ...]:
    """Return the hits, best first; *parts* (hits,) are fields of `Hit`, NaN for none."""
    return tuple(
        Hit(
            case=case,
            rank=rank,
            score=float(score[rank - 1]),
            explanation=reason,
            **{name: _to_float(column[rank - 1]) for name, column in parts.items()},
        )
        for rank, (case, reason) in enumerate(zip(cases, reasons, strict=True), 1)
    )


def _to_float(score: np.floating) -> float | None:
    """Return *score*, or None for NaN."""
    return None if np.isnan(score) else float(score)
