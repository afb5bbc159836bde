"""An encoder and cases whose vectors a test chose."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from precord.case import Case
from precord.encoder import QueryEncoding
from precord.library.sqlite import SqliteLibrary
from precord.record import Measurements, Record
from precord.report import Language, Report, Source
from precord.score import ScoreWeights
from precord.statements import CODES

DIM = 4
NO_VECTOR = [np.nan] * DIM


@dataclass
class ChosenEncoder:
    """Every record gets one vector, every text another, as the test chose them."""

    ecg: Sequence[float] = (1.0, 0.0, 0.0, 0.0)
    text: Sequence[float] = (0.0, 1.0, 0.0, 0.0)
    present: frozenset[str] = frozenset()
    score_weights: ScoreWeights = field(default_factory=lambda: ScoreWeights(ecg=0.75))
    fitting: str = ""
    fingerprint: str = "chosen"
    precision: str = "fp32"
    dim: int = DIM
    texts: list[str] = field(default_factory=list)

    def encode_query(self, record: Record) -> QueryEncoding:
        """Return the chosen vector and statements, whatever the record."""
        del record
        present = np.array([float(code in self.present) for code in CODES], np.float32)
        return QueryEncoding(np.array(self.ecg, np.float32), present)

    def read_towers(self, records: Sequence[Record]) -> NDArray[np.float32]:
        """Return what is read in each."""
        return np.stack([self.encode_query(record).statements for record in records])

    def match(self, query: QueryEncoding, texts: Sequence[str]) -> NDArray[np.float32] | None:
        """Return 1 for texts that hold the fitting word, else 0; None without such a word."""
        del query
        if not self.fitting:
            return None
        return np.array([float(self.fitting in text) for text in texts], np.float32)

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the chosen vector for each text, and remember the texts."""
        self.texts += texts
        return np.tile(np.array(self.text, np.float32), (len(texts), 1))

    def likely_statements(self, probabilities: NDArray[np.float32]) -> frozenset[str]:
        """Return the codes above one half."""
        return frozenset(c for c, p in zip(CODES, probabilities, strict=True) if p > 0.5)


def planted(
    case_id: str,
    *,
    text: str | None = "sinus rhythm",
    source: Source = Source.CLINICIAN,
    patient: str | None = None,
    statements: str = "SR",
    record: Record | None = None,
    measurements: Measurements | None = None,
) -> Case:
    """Return a case."""
    return Case(
        id=case_id,
        patient=patient,
        statements=frozenset(statements.split()),
        report=Report(text, Language.ENGLISH, source) if text is not None else None,
        record=record,
        measurements=measurements or Measurements(),
    )


def plant(library: SqliteLibrary, *rows: tuple[Case, list[float], list[float]]) -> None:
    """Add cases with their ECG and report vectors."""
    cases, ecg, report = zip(*rows, strict=True)
    library.add(cases, np.array(ecg, np.float32), np.array(report, np.float32))


def on(angle: float, plane: tuple[int, int] = (0, 1)) -> list[float]:
    """Return the unit vector at *angle* degrees in a plane."""
    vector = np.zeros(DIM)
    vector[plane[0]], vector[plane[1]] = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    return [float(x) for x in vector]
