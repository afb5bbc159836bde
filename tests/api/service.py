"""A small library for the tests of the API and of the page."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from precord.case import Case
from precord.library.sqlite import SqliteLibrary
from precord.record import Acquisition, Measurements, Provenance, Record, Scale
from precord.report import Language, Report, Source
from precord.simulate import simulate
from tests.fakes import FakeEncoder

HOST = "127.0.0.1:8417"
SECRET_WORD = "Geheimwort"  # noqa: S105 - stands in a report, and must stand in no log

_FACTS = (
    ("a/1", "p:1", "SR LVH", f"Sinusrhythmus. Linkshypertrophie {SECRET_WORD}", Source.CLINICIAN),
    ("a/2", "p:1", "AFIB", "vorhofflimmern <b>fett</b>", Source.MACHINE),
    ("a/3", "p:2", "SR NORM", None, Source.STATEMENTS),
    ("z/4", "p:3", "SR", "sinusrhythmus", Source.CLINICIAN),
    ("s/1", None, "CLBBB SR", "left bundle branch block", Source.SIMULATED),
)


def heart(seed: int) -> Record:
    """Return ten seconds of a simulated normal ECG, of which nothing else is known."""
    record = simulate(("NORM",), np.random.default_rng(seed), rate=500.0).record
    return replace(record, acquisition=Acquisition(), provenance=Provenance())


def make_library(path: Path) -> Path:
    """Write a library of five cases to *path*; z/4 is of unknown scale."""
    encoder = FakeEncoder()
    records = [heart(seed) for seed in range(len(_FACTS))]
    deviations = records[3].signal.std(axis=1, keepdims=True)
    records[3] = replace(
        records[3], signal=records[3].signal / np.maximum(deviations, 1e-6), scale=Scale.UNKNOWN
    )
    with SqliteLibrary.create(path, encoder.fingerprint, encoder.precision, encoder.dim) as made:
        cases = [
            Case(
                id=case_id,
                patient=made.pseudonym(patient) if patient else None,
                statements=frozenset(codes.split()),
                report=Report(text, Language.GERMAN, source) if text else None,
                measurements=Measurements(heart_rate_bpm=80.0, qrs_ms=100.0),
                record=record,
            )
            for (case_id, patient, codes, text, source), record in zip(_FACTS, records, strict=True)
        ]
        texts = [(case.report.text if case.report else "normal") for case in cases]
        vectors = encoder.encode_records(records).vectors
        made.add(cases, vectors, encoder.encode_texts(texts))
    return path
