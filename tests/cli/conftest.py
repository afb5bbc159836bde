"""What the tests of the commands share: a way to call them, a small library, an ECG file."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from precord.case import Case
from precord.cli import main
from precord.encoder import Encoder
from precord.io import write_wfdb
from precord.leads import LEADS
from precord.library.sqlite import SqliteLibrary
from precord.record import Measurements, Record
from precord.report import Language, Report, Source
from tests.fakes import FakeEncoder


@dataclass(frozen=True)
class Answer:
    """What a command left behind."""

    status: int
    out: str
    err: str


Run = Callable[..., Answer]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs `precord` in this process, with the fake encoder."""
    monkeypatch.setattr(Encoder, "load", lambda *_, **__: FakeEncoder())
    # `beating` shows one wave in all leads, which no search would take for an ECG
    monkeypatch.setattr("precord.retrieve.search.refuse", lambda *_: None)

    def call(*words: str | Path) -> Answer:
        monkeypatch.setattr(sys, "argv", ["precord", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        out, err = capsys.readouterr()
        return Answer(int(left.value.code or 0), out, err)

    return call


def beating(seed: int = 0, seconds: float = 10.0) -> Record:
    """Return 12 leads of narrow beats at 75 a minute, in noise that the seed draws.

    Samples are whole microvolts, none -0.0, so that a WFDB file holds the same bits.
    """
    rng = np.random.default_rng(seed)
    time = np.arange(round(500 * seconds)) / 500
    beats = np.exp(-0.5 * (((time + 0.4) % 0.8 - 0.4) / 0.015) ** 2)
    gains = np.array([0.8, 1.2, 0.4, -1.0, 0.2, 0.8, -0.6, 0.5, 0.9, 1.3, 1.2, 0.9])
    signal = gains[:, None] * beats + rng.normal(0, 0.01, (12, time.size))
    return Record((np.rint(signal * 1000) / 1000 + 0.0).astype(np.float32), LEADS, 500.0)


@pytest.fixture
def ecg(tmp_path: Path) -> Path:
    """Return the header of an ECG that is in no library."""
    return write_wfdb(beating(99), tmp_path / "ecg")


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Return a library of four cases: three real, of two patients, and one simulated."""
    path = tmp_path / "lib.db"
    encoder = FakeEncoder()
    with SqliteLibrary.create(path, encoder.fingerprint, encoder.precision, encoder.dim) as made:
        facts = [
            ("a/1", "p:1", "SR LVH", "Sinusrhythmus. Linkshypertrophie [v1]", Source.CLINICIAN),
            ("a/2", "p:1", "AFIB", "vorhofflimmern", Source.MACHINE),
            ("a/3", "p:2", "SR NORM", None, Source.STATEMENTS),
            ("s/1", None, "CLBBB SR", "left bundle branch block", Source.SIMULATED),
        ]
        records = [beating(seed) for seed in range(len(facts))]
        cases = [
            Case(
                id=case_id,
                patient=made.pseudonym(patient) if patient else None,
                statements=frozenset(codes.split()),
                report=Report(text, Language.GERMAN, source) if text else None,
                measurements=Measurements(heart_rate_bpm=80.0, qrs_ms=100.0),
                record=record,
            )
            for (case_id, patient, codes, text, source), record in zip(facts, records, strict=True)
        ]
        texts = [(case.report.text if case.report else "normal") for case in cases]
        ecg_vectors = encoder.encode_records(records).vectors
        made.add(cases, ecg_vectors, encoder.encode_texts(texts))
    return path
