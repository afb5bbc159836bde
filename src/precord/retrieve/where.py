"""Which leads, and when, made a match: what the score loses when a piece of the query is hidden.

Occlusion as in Zeiler and Fergus 2014 (arXiv:1311.2901), through the encoder as it is: a
piece of one lead is marked missing, which the towers were trained to bear, and the score of
the case is worked out anew. A piece whose loss costs much carried the match; one that costs
less than nothing spoke against it.

Not told: what two pieces do together. A beat like all others costs little, because the
others still show it.
Shapes: L = 12 leads, W windows of a second.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from precord.encoder import EcgEncoding
from precord.errors import QueryError
from precord.leads import LEADS
from precord.library.protocol import Vectors
from precord.record import Record
from precord.relevance import StatementTable
from precord.score import ScoreWeights, score_cases
from precord.signal.prepare import MODEL_SECONDS

WINDOW = 1.0  # seconds


class MapEncoder(Protocol):
    """What a map needs of an encoder."""

    score_weights: ScoreWeights

    def encode_records(self, records: Sequence[Record]) -> EcgEncoding:
        """Return vectors and statement probabilities of *records*."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class MatchMap:
    """What each piece of the query is worth to one match.

    Attributes:
        case_id: of the match.
        worth: (L, W) score with everything minus score without the piece; 0 where nothing
            was recorded. Rows are the twelve leads in standard order.
    """

    case_id: str
    worth: NDArray[np.float64]

    def best_leads(self, n: int = 3) -> tuple[str, ...]:
        """Return the leads worth most in all, those that speak against the match left out."""
        total = self.worth.sum(axis=1)
        return tuple(str(LEADS[i]) for i in np.argsort(-total)[:n] if total[i] > 0)

    def best_seconds(self) -> tuple[float, float]:
        """Return begin and end of the window that is worth most over all leads."""
        at = int(self.worth.sum(axis=0).argmax())
        return at * WINDOW, (at + 1) * WINDOW


def map_match(record: Record, case_id: str, vectors: Vectors, encoder: MapEncoder) -> MatchMap:
    """Return what each lead and second of *record* is worth to its match with a case.

    Args:
        record: the query.
        case_id: of the case matched.
        vectors: of the library.
        encoder: that the vectors come from.

    Raises:
        QueryError: The library holds no such case.
        SignalError: As encoding does.
    """
    if case_id not in vectors.ids:
        raise QueryError(f"{case_id}: not in the library")
    row = [vectors.row_of[case_id]]
    standard = record.to_standard()
    pieces = list_pieces(standard)
    records = [standard, *(hide(standard, lead, window) for lead, window in pieces)]
    encoded = encoder.encode_records(records)
    table = vectors.statements
    one = StatementTable(table.present[row], table.classes[row], table.weights, table.class_weights)
    case = (vectors.ecg[row], vectors.report[row], one)
    scores = score_cases(encoded.vectors, encoded.statements, case, encoder.score_weights).total
    worth = np.zeros((len(LEADS), round(MODEL_SECONDS / WINDOW)))
    for (lead, window), score in zip(pieces, scores[1:, 0], strict=True):
        worth[lead, window] = scores[0, 0] - score
    return MatchMap(case_id, worth)


def list_pieces(standard: Record) -> list[tuple[int, int]]:
    """Return lead and window of each piece that was recorded and is not all there is."""
    found = []
    for window in range(round(MODEL_SECONDS / WINDOW)):
        shown = ~np.isnan(standard.signal[:, _samples(standard, window)])
        found += [(int(lead), window) for lead in np.flatnonzero(shown.any(axis=1))]
    return found if len(found) > 1 else []


def hide(standard: Record, lead: int, window: int) -> Record:
    """Return *standard* with one second of one lead missing."""
    signal = standard.signal.copy()
    signal[lead, _samples(standard, window)] = np.nan
    return replace(standard, signal=signal)


def _samples(record: Record, window: int) -> slice:
    """Return the samples of a window."""
    return slice(round(window * WINDOW * record.rate), round((window + 1) * WINDOW * record.rate))
