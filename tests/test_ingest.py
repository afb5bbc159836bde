"""Tests of precord.ingest: nothing committed is lost, nothing broken stops the rest."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from precord.case import Case
from precord.corpora import Entry
from precord.corpora.folder import FolderCorpus
from precord.encoder import EcgEncoding
from precord.errors import LibraryError, SignalError
from precord.ingest import IngestReport, ingest
from precord.io import write_wfdb
from precord.leads import LEADS
from precord.library import SqliteLibrary
from precord.record import Acquisition, Record, Sex
from precord.report import Source
from precord.signal.measure import measure
from precord.text import case_texts, mean_vectors
from tests.fakes import FakeEncoder

N = 40  # records in the folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of small records with a table: three a patient, every second with text."""
    folder = tmp_path_factory.mktemp("clinic")
    lines = ["file,patient,statements,report,source,age,sex"]
    rng = np.random.default_rng(1)
    for i in range(N):
        steps = np.cumsum(rng.integers(-9, 10, (12, 300)), axis=1)
        write_wfdb(Record((steps / 4000).astype(np.float32), LEADS, 100.0), folder / f"r{i}")
        text = f"sinusrhythmus {i},machine" if i % 2 else ","
        lines.append(f"r{i}.hea,{i // 3},SR;NORM,{text},50,M")
    (folder / "table.csv").write_text("\n".join(lines))
    return folder


def open_library(path: Path) -> SqliteLibrary:
    """Open the library at *path* for the fake encoder, or create it."""
    fake = FakeEncoder()
    return SqliteLibrary.create(path, fake.fingerprint, fake.precision, fake.dim, exist_ok=True)


def content(library: SqliteLibrary) -> list[tuple[Case, str, bytes, bytes]]:
    """Return all that a library holds, in its order; what a pseudonym is depends on its key."""
    vectors = library.vectors()
    cases = library.cases(vectors.ids, with_record=True)
    return [
        (
            replace(case, record=None, patient=None),
            case.record.digest() if case.record else "",
            ecg.tobytes(),
            report.tobytes(),
        )
        for case, ecg, report in zip(cases, vectors.ecg, vectors.report, strict=True)
    ]


def test_a_folder_becomes_searchable(folder: Path, tmp_path: Path) -> None:
    """Facts, signal, measurements and both vectors of each case are in the library."""
    entries = FolderCorpus(folder).entries()
    with open_library(tmp_path / "lib.db") as library:
        assert ingest(entries, library, FakeEncoder()) == IngestReport(added=N)
        vectors = library.vectors()
        case = library.case(entries[1].case_id, with_record=True)

        assert vectors.ids == tuple(entry.case_id for entry in entries)
        assert case.record is not None
        original = entries[1].load()
        assert case.record.digest() == original.digest()
        assert case.record.acquisition == Acquisition(age=50.0, sex=Sex.MALE)
        assert case.measurements == measure(original)
        assert (case.source, case.corpus) == (Source.MACHINE, folder.name)
        assert case.statements == {"SR", "NORM"}
        assert library.search_text("sinusrhythmus 7", 1)[0][0] == entries[7].case_id

        np.testing.assert_array_equal(
            vectors.ecg[1], FakeEncoder().encode_records([original]).vectors[0]
        )
        texts = case_texts(case.statements, ["sinusrhythmus 1"])
        expected = mean_vectors(FakeEncoder().encode_texts(texts), [len(texts)])[0]
        np.testing.assert_allclose(vectors.report[1], expected, atol=1e-6)


def test_patients_become_pseudonyms(folder: Path, tmp_path: Path) -> None:
    """One pseudonym a patient, the one that the library gives; unknown stays unknown."""
    entries = [replace(e, patient=None) if i == 7 else e for i, e in enumerate(_entries(folder))]
    with open_library(tmp_path / "lib.db") as library:
        ingest(entries, library, FakeEncoder())
        expected = [library.pseudonym(e.patient) if e.patient else None for e in entries]
        assert list(library.vectors().patients) == expected
        assert len({p for p in expected if p}) == -(-N // 3)


def test_patient_of_the_file_counts_where_the_table_has_none(tmp_path: Path) -> None:
    """The ECG file's own patient id becomes the pseudonym; the table's goes first."""
    record = Record(_noise(3), LEADS, 100.0, acquisition=Acquisition(patient_id="4711"))
    entry = replace(_entry("x/1", record), patient=None)
    with open_library(tmp_path / "lib.db") as library:
        ingest([entry, replace(entry, case_id="x/2", patient="12")], library, FakeEncoder())
        own, tables = library.pseudonym("4711"), library.pseudonym("12")
        assert library.vectors().patients == (own, tables)


def test_facts_of_the_file_go_first(tmp_path: Path) -> None:
    """The data set fills in what the file does not say, and nothing else."""
    record = Record(_noise(3), LEADS, 100.0, acquisition=Acquisition(age=61.0))
    entry = replace(_entry("x/1", record), age=99.0, sex=Sex.FEMALE)
    with open_library(tmp_path / "lib.db") as library:
        ingest([entry], library, FakeEncoder())
        found = library.case("x/1", with_record=True).record
        assert found is not None
        assert found.acquisition == Acquisition(age=61.0, sex=Sex.FEMALE)


def test_workers_change_nothing(folder: Path, tmp_path: Path) -> None:
    """Two processes and odd batches give the same library as none, in the same order."""
    entries = _entries(folder)
    steps: list[int] = []
    with open_library(tmp_path / "a.db") as a, open_library(tmp_path / "b.db") as b:
        ingest(entries, a, FakeEncoder())
        ingest(entries, b, FakeEncoder(), workers=2, batch=7, on_progress=steps.append)
        assert content(a) == content(b)
    assert sum(steps) == N


def test_what_is_there_is_skipped(folder: Path, tmp_path: Path) -> None:
    """A second run adds what is missing and does not read the rest."""
    entries = _entries(folder)
    steps: list[int] = []
    with open_library(tmp_path / "lib.db") as library:
        ingest(entries[:10], library, FakeEncoder())
        known = [replace(entry, source=_Fails()) for entry in entries[:10]]
        mixed = [*known, *entries[10:], entries[10]]
        again = ingest(mixed, library, FakeEncoder(), on_progress=steps.append)
        assert again == IngestReport(added=N - 10, already_there=11)
        assert sum(steps) == N + 1
        assert len(library) == N


def test_broken_files_do_not_stop_the_rest(folder: Path, tmp_path: Path) -> None:
    """Each is refused with its reason; the library gets the others."""
    entries = _entries(folder)[:6]
    flat = Record(np.zeros((12, 300), np.float32), LEADS, 100.0)
    broken = [
        replace(entries[1], source=_Fails()),
        replace(entries[2], source=_Held(flat)),
        replace(entries[3], source=_Vanished()),
        replace(entries[4], source=_Held(Record(_noise(0.5), LEADS, 100.0))),
    ]
    with open_library(tmp_path / "lib.db") as library:
        report = ingest([entries[0], *broken, entries[5]], library, _Strict(), workers=2)
        assert library.case_ids() == {entries[0].case_id, entries[5].case_id}
        one = ingest(broken[3:], library, _Strict())
    reasons = dict(report.refused)
    assert report.added == 2
    assert reasons.keys() == {entry.case_id for entry in broken}
    assert reasons[broken[0].case_id] == "this file is broken"
    assert "no usable lead" in reasons[broken[1].case_id]
    assert "gone" in reasons[broken[2].case_id]
    assert "too short" in reasons[broken[3].case_id]
    assert one.refused == [(broken[3].case_id, reasons[broken[3].case_id])]


def test_interrupt_keeps_what_was_committed(folder: Path, tmp_path: Path) -> None:
    """Ctrl-C after two batches: two batches are there, and the next run completes."""
    entries = _entries(folder)
    done: list[int] = []

    def interrupt(n: int) -> None:
        done.append(n)
        if sum(done) == 20:
            raise KeyboardInterrupt

    with open_library(tmp_path / "lib.db") as library:
        with pytest.raises(KeyboardInterrupt):
            ingest(entries, library, FakeEncoder(), workers=2, batch=10, on_progress=interrupt)
        assert library.vectors().ids == tuple(e.case_id for e in entries[:20])
        assert ingest(entries, library, FakeEncoder()).added == N - 20
        library.check()


def test_full_disk_keeps_what_was_committed(folder: Path, tmp_path: Path) -> None:
    """The batch that does not fit is refused whole, in one line; the rest is sound."""
    with open_library(tmp_path / "lib.db") as library:
        (pages,) = library._db.execute("PRAGMA page_count").fetchone()
        library._db.execute(f"PRAGMA max_page_count = {pages + 8}")
        with pytest.raises(LibraryError, match="disk is full"):
            ingest(_entries(folder), library, FakeEncoder(), batch=5)
        assert 0 < len(library) < N
        assert len(library) % 5 == 0
        library.check()


SCRIPT = """
import sys, time
from pathlib import Path
from precord.corpora import Entry
from precord.corpora.folder import FolderCorpus
from precord.ingest import ingest
from precord.library import SqliteLibrary
from tests.fakes import FakeEncoder

class Slow(FakeEncoder):
    def encode_records(self, records):
        time.sleep(0.05)
        return super().encode_records(records)

if __name__ == "__main__":
    folder, path, limit, workers = sys.argv[1:]
    with SqliteLibrary.create(Path(path), "fake-encoder", "fp32", 16, exist_ok=True) as library:
        done = 0
        def tell(n):
            global done
            done += n
            sys.stdout.write(f"{done}\\n")
            sys.stdout.flush()
        ingest(FolderCorpus(Path(folder)).entries(), library, Slow(), workers=int(workers), batch=4,
               on_progress=tell)
"""


@pytest.mark.parametrize("run", range(3))
def test_kill_loses_nothing_that_was_committed(folder: Path, tmp_path: Path, run: int) -> None:
    """A kill -9 at any moment: the file is sound, whole batches are there, a rerun completes.

    The result is the library of a run that nobody disturbed. No worker outlives the killed
    process.
    """
    script, path = tmp_path / "script.py", tmp_path / "lib.db"
    script.write_text(SCRIPT)
    rng = np.random.default_rng([run, os.getpid()])
    workers = [0, 0, 2][run]
    process = subprocess.Popen(
        [sys.executable, script, folder, path, str(N), str(workers)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(["src", *sys.path])},
        start_new_session=True,
    )
    assert process.stdout is not None
    wanted = int(rng.integers(1, N // 4 - 2)) * 4
    told = 0
    while told < wanted:
        told = int(process.stdout.readline())
    time.sleep(float(rng.uniform(0, 0.06)))  # anywhere in the next batch
    process.kill()
    process.wait()
    process.stdout.close()
    _wait_until_gone(process.pid)

    with open_library(path) as library:
        library.check()
        there = library.vectors().ids
        assert told <= len(there) < N
        assert len(there) % 4 == 0
        ingest(_entries(folder), library, FakeEncoder())
        with open_library(tmp_path / "whole.db") as whole:
            ingest(_entries(folder), whole, FakeEncoder())
            assert content(library) == content(whole)


def _wait_until_gone(group: int) -> None:
    """Wait until no process of the group is left, at most ten seconds."""
    for _ in range(100):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    os.killpg(group, signal.SIGKILL)
    pytest.fail("a worker outlived the process that was killed")


class _Held:
    """A source that has its record."""

    def __init__(self, record: Record) -> None:
        self.record = record

    def __call__(self) -> Record:
        """Return the record."""
        return self.record


class _Fails:
    """A source whose file is broken."""

    def __call__(self) -> Record:
        """Fail as a reader does."""
        raise SignalError("this file is broken")


class _Vanished:
    """A source whose file has gone."""

    def __call__(self) -> Record:
        """Fail as the system does."""
        raise FileNotFoundError(2, "gone")


class _Strict(FakeEncoder):
    """Refuses a batch for its shortest record, as preparation does."""

    def encode_records(self, records: Sequence[Record]) -> EcgEncoding:
        """Encode records of a second or more."""
        if any(record.duration < 1 for record in records):
            raise SignalError("too short")
        return super().encode_records(records)


def _entries(folder: Path) -> list[Entry]:
    """Return the entries of the folder."""
    return FolderCorpus(folder).entries()


def _entry(case_id: str, record: Record) -> Entry:
    """Return an entry of *record* with nothing else known."""
    return Entry(case_id, "x", None, None, frozenset({"SR"}), None, _Held(record))


def _noise(seconds: float) -> NDArray[np.float32]:
    """Return 12 leads at 100 Hz."""
    noise = np.random.default_rng(2).normal(size=(12, round(seconds * 100)))
    return noise.astype(np.float32)
