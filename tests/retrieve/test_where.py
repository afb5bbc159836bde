"""Tests of precord.retrieve.where: an encoder that looks at one place must be found out."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from precord.encoder import EcgEncoding
from precord.errors import QueryError
from precord.leads import LEADS, Lead
from precord.library.protocol import Vectors
from precord.record import Record
from precord.relevance import StatementTable
from precord.report import Source
from precord.retrieve.where import list_pieces, map_match
from precord.score import ScoreWeights
from precord.statements import CODES


@dataclass
class OneEyed:
    """Looks at V2 from 3 to 4 s only: (1, 0) if it is there, else (0, 1)."""

    score_weights: ScoreWeights = field(default_factory=lambda: ScoreWeights(ecg=1.0))

    def encode_records(self, records: Sequence[Record]) -> EcgEncoding:
        """Return one of two vectors, and no statement."""
        seen = [not np.isnan(r.signal[LEADS.index(Lead.V2), 1500:2000]).any() for r in records]
        vectors = np.array([[1.0, 0.0] if s else [0.0, 1.0] for s in seen], np.float32)
        return EcgEncoding(vectors, np.zeros((len(records), len(CODES)), np.float32))


@pytest.fixture
def vectors() -> Vectors:
    """Return the vectors of two cases: the first like what is seen, the second unlike."""
    ecg = np.array([[1.0, 0.0], [-1.0, 0.0]], np.float32)
    sets = [frozenset({"SR"}), frozenset({"NORM"})]
    nothing = np.full((2, 2), np.nan, np.float32)
    table = StatementTable.fit(sets)
    return Vectors(("a", "b"), (None, None), (1, 1), (Source.CLINICIAN,) * 2, ecg, nothing, table)


def test_the_only_place_looked_at_is_found(vectors: Vectors, rng: np.random.Generator) -> None:
    """Hiding it costs the whole cosine, 1 - 0; hiding anything else costs nothing."""
    record = Record(rng.normal(size=(12, 5000)).astype(np.float32), LEADS, 500.0)
    expected = np.zeros((12, 10))
    expected[LEADS.index(Lead.V2), 3] = 1.0

    found = map_match(record, "a", vectors, OneEyed())

    np.testing.assert_array_equal(found.worth, expected)
    assert found.best_leads() == ("V2",)
    assert found.best_seconds() == (3.0, 4.0)


def test_what_speaks_against_is_negative(vectors: Vectors, rng: np.random.Generator) -> None:
    """The second case is the first's opposite: -1 with the piece, 0 without."""
    record = Record(rng.normal(size=(12, 5000)).astype(np.float32), LEADS, 500.0)

    found = map_match(record, "b", vectors, OneEyed())

    assert found.worth.min() == -1.0
    assert found.best_leads() == ()


def test_what_was_not_recorded_is_worth_nothing(rng: np.random.Generator) -> None:
    """Three leads of four seconds: twelve pieces, of these leads and seconds alone."""
    signal = rng.normal(size=(3, 2000)).astype(np.float32)
    record = Record(signal, (Lead.I, Lead.II, Lead.V1), 500.0).to_standard()

    assert sorted(list_pieces(record)) == [(lead, w) for lead in (0, 1, 6) for w in range(4)]


def test_an_unknown_case_is_refused(vectors: Vectors, rng: np.random.Generator) -> None:
    """The id is named."""
    record = Record(rng.normal(size=(12, 5000)).astype(np.float32), LEADS, 500.0)

    with pytest.raises(QueryError, match="no/1"):
        map_match(record, "no/1", vectors, OneEyed())
