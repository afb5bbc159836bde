"""Cases as rows of a SQLite library, and back."""

import json
import re
import sqlite3
import unicodedata
from collections.abc import Sequence
from dataclasses import astuple
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from precord.case import Case
from precord.criteria import MEASURED
from precord.errors import LibraryError, SignalError
from precord.leads import Lead
from precord.library.protocol import Vectors
from precord.library.waveform import Waveform, unpack
from precord.record import Acquisition, Measurements, Provenance, Record, Scale, Sex
from precord.relevance import StatementTable
from precord.report import Language, Report, Source
from precord.statements import CODES
from precord.text.normalise import clean_report
from precord.text.wording import WORDS

_COLUMNS = (
    *("id", "patient", "corpus", "fold", "statements", "statements_are_read"),
    *("report", "language", "source"),
    *MEASURED,
    *("age", "sex", "time", "device", "provenance", "digest"),
)
_MEASURED, _FACTS = _COLUMNS.index(MEASURED[0]), _COLUMNS.index("age")
_INSERT = (
    f"INSERT INTO cases ({', '.join(_COLUMNS)}) "  # noqa: S608 - our own names
    f"VALUES ({', '.join('?' * len(_COLUMNS))})"
)
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM cases"  # noqa: S608 - our own names
_SELECT_WAVEFORM = "SELECT id, leads, rate, scale, data FROM cases JOIN waveforms USING (key)"
_SELECT_VECTORS = (
    "SELECT id, patient, fold, source, statements, ecg, vectors.report "
    "FROM cases JOIN vectors USING (key) ORDER BY key"
)
SEARCH_WORDS = (
    "SELECT cases.id, -bm25(words) AS score FROM words JOIN cases ON cases.key = words.rowid "
    "WHERE words MATCH ? ORDER BY score DESC, cases.key LIMIT ?"
)

_CHUNK = 500  # ids in one SELECT; SQLite allows at least 999 parameters
_WORD = re.compile(r"\w+")
_MAX_TERMS = 200  # of a text query; the rest of a longer text adds nothing to the best hits

Row = tuple[Any, ...]


def insert_case(
    db: sqlite3.Connection,
    case: Case,
    waveform: Waveform | None,
    ecg: NDArray[np.float32],
    report: NDArray[np.float32],
) -> None:
    """Insert one case, its packed signal and its (D,) vectors; a vector of NaN is left out."""
    key = db.execute(_INSERT, _to_row(case, waveform)).lastrowid
    blobs = (to_blob(ecg), to_blob(report))
    db.execute("INSERT INTO vectors VALUES (?, ?, ?)", (key, *blobs))
    words = (key, *_to_words(case))
    db.execute("INSERT INTO words (rowid, report, statements) VALUES (?, ?, ?)", words)
    if waveform is not None:
        packed = (" ".join(waveform.leads), waveform.rate, waveform.scale, waveform.data)
        db.execute("INSERT INTO waveforms VALUES (?, ?, ?, ?, ?)", (key, *packed))


def select_ids(db: sqlite3.Connection, ids: Sequence[str]) -> list[str]:
    """Return those of *ids* that are there."""
    return list(_select(db, "SELECT id FROM cases", ids))


def select_cases(db: sqlite3.Connection, ids: Sequence[str]) -> dict[str, Row]:
    """Return the rows of the cases of *ids*."""
    return _select(db, _SELECT, ids)


def select_waveforms(db: sqlite3.Connection, ids: Sequence[str]) -> dict[str, Row]:
    """Return the packed signals of the cases of *ids*."""
    return _select(db, _SELECT_WAVEFORM, ids)


def read_vectors(db: sqlite3.Connection, dim: int) -> Vectors:
    """Return the vectors of all cases.

    Raises:
        LibraryError: A vector is not of *dim* numbers.
    """
    rows = db.execute(_SELECT_VECTORS).fetchall()
    columns = zip(*rows, strict=True) if rows else ((),) * 7
    ids, patients, folds, sources, codes, ecg, report = columns
    return Vectors(
        ids=ids,
        patients=patients,
        folds=folds,
        sources=tuple(map(Source, sources)),
        ecg=_to_matrix(ecg, dim),
        report=_to_matrix(report, dim),
        statements=_to_table(codes),
    )


def _to_table(codes: Sequence[str]) -> StatementTable:
    """Return the statements of all cases.

    Raises:
        LibraryError: A code is none of the statements.
    """
    try:
        return StatementTable.fit([frozenset(text.split(";")) - {""} for text in codes])
    except (KeyError, AttributeError) as error:
        raise LibraryError(f"a case is damaged in the library: statement {error}") from error


def to_case(row: Row, waveform: Row | None) -> Case:
    """Return the case of a row, with its record where *waveform* is given.

    Raises:
        LibraryError: The row is damaged.
    """
    case_id, patient, corpus, fold, codes, are_read, text, language, source = row[:_MEASURED]
    try:
        return Case(
            id=case_id,
            patient=patient,
            statements=frozenset(codes.split(";")) - {""},
            report=None if text is None else Report(text, Language(language), Source(source)),
            measurements=Measurements(*row[_MEASURED:_FACTS]),
            record=None if waveform is None else _to_record(row, waveform),
            corpus=corpus,
            fold=fold,
            statements_are_read=bool(are_read),
        )
    except LibraryError as error:
        raise LibraryError(f"case {case_id}: {error}") from error
    except (ValueError, KeyError, TypeError, AttributeError, SignalError) as error:
        raise LibraryError(f"case {case_id}: damaged in the library: {error}") from error


def to_match(query: str) -> str:
    """Return *query* as an FTS5 expression: any of its words, none of FTS5's operators."""
    terms = dict.fromkeys(_WORD.findall(_fold(query)))
    return " OR ".join(f'"{term}"' for term in list(terms)[:_MAX_TERMS])


def _select(db: sqlite3.Connection, select: str, ids: Sequence[str]) -> dict[str, Row]:
    """Return what *select* gives for cases of *ids*, by id."""
    found: dict[str, Row] = {}
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        where = f"WHERE id IN ({', '.join('?' * len(chunk))})"
        found |= {row[0]: row for row in db.execute(f"{select} {where}", chunk)}
    return found


def _to_row(case: Case, waveform: Waveform | None) -> Row:
    """Return the columns of *case*; a raw patient id in its record is left out."""
    report, record = case.report, case.record
    acquisition = record.acquisition if record else Acquisition()
    return (
        case.id,
        case.patient,
        case.corpus,
        case.fold,
        ";".join(sorted(case.statements, key=CODES.index)),
        int(case.statements_are_read),
        report.text if report else None,
        report.language if report else None,
        case.source,
        *map(_to_float, astuple(case.measurements)),
        _to_float(acquisition.age),
        acquisition.sex,
        acquisition.time.isoformat() if acquisition.time else None,
        acquisition.device,
        _to_json(record.provenance) if record else None,
        waveform.digest if waveform else None,
    )


def _to_float(number: float | None) -> float | None:
    """Return a plain float, which SQLite stores as a number; NumPy's it may store as bytes."""
    return None if number is None else float(number)


def _to_words(case: Case) -> tuple[str, str]:
    """Return what a text search sees of *case*: its report, and all words for its statements."""
    report = clean_report(case.report.text) if case.report else ""
    phrases = [
        phrase.casefold()
        for code in sorted(case.statements, key=CODES.index)
        for language in (Language.ENGLISH, Language.GERMAN)
        for phrase in WORDS[code, language]
    ]
    words = dict.fromkeys(word for phrase in phrases for word in phrase.split())
    return _fold(report), _fold(" ".join(words))


def _fold(text: str) -> str:
    """Return *text* with its letters in one piece each, and without regard to case."""
    return unicodedata.normalize("NFC", text.casefold())


def _to_record(row: Row, waveform: Row) -> Record:
    """Return the record that a row and its packed signal describe."""
    age, sex, time, device, provenance, digest = row[_FACTS:]
    _, names, rate, scale, data = waveform
    leads = tuple(Lead(name) for name in names.split())
    packed = Waveform(data, leads, rate, Scale(scale), digest)
    return Record(
        unpack(packed),
        leads,
        rate,
        packed.scale,
        Acquisition(
            time=datetime.fromisoformat(time) if time else None,
            device=device,
            age=age,
            sex=Sex(sex) if sex else None,
        ),
        _from_json(provenance),
    )


def _to_json(provenance: Provenance) -> str:
    """Return *provenance* as JSON."""
    return json.dumps(
        {
            "format": provenance.format,
            "name": provenance.name,
            "is_digitised": provenance.is_digitised,
            "confidence": provenance.confidence,
            "derived": sorted(provenance.derived),
            "notes": provenance.notes,
        }
    )


def _from_json(text: str | None) -> Provenance:
    """Return the provenance that `_to_json` wrote."""
    if text is None:
        return Provenance()
    values = json.loads(text)
    return Provenance(
        format=values["format"],
        name=values["name"],
        is_digitised=values["is_digitised"],
        confidence=tuple(values["confidence"]),
        derived=frozenset(Lead(lead) for lead in values["derived"]),
        notes=tuple(values["notes"]),
    )


def to_blob(vector: NDArray[np.float32]) -> bytes | None:
    """Return the bytes of *vector*, or None where it is missing."""
    return None if np.isnan(vector).any() else np.ascontiguousarray(vector, "<f4").tobytes()


def _to_matrix(blobs: Sequence[bytes | None], dim: int) -> NDArray[np.float32]:
    """Return (N, D) the vectors in *blobs*, NaN where there is none."""
    missing = np.full(dim, np.nan, "<f4").tobytes()
    if any(blob is not None and len(blob) != len(missing) for blob in blobs):
        raise LibraryError("a vector is damaged; restore the library from a backup")
    joined = b"".join(blob or missing for blob in blobs)
    return np.frombuffer(joined, "<f4").reshape(len(blobs), dim)
