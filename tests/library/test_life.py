"""The life of a library: erased, re-indexed, damaged; and what other processes see of it."""

import contextlib
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO

import numpy as np
import pytest

from precord.errors import LibraryError
from precord.library.backup import back_up
from precord.library.check import verify
from precord.library.feedback import keep_verdict, list_verdicts
from precord.library.key import key_path, read_key
from precord.library.sqlite import SqliteLibrary
from precord.library.staging import Staging
from precord.reindex import reindex
from precord.report import Language, Report, Source
from precord.retrieve import Retriever
from tests.fakes import DIM, FakeEncoder
from tests.library.contract import make_case, make_vectors
from tests.test_reindex import OtherEncoder

WORD = "geheimeswort"
N = 40

SEARCHER = """
import sys
from pathlib import Path
from precord.library.sqlite import SqliteLibrary
from precord.retrieve import Retriever
from tests.fakes import FakeEncoder
with SqliteLibrary.open(Path(sys.argv[1]), encoder=FakeEncoder()) as library:
    retriever = Retriever(library, FakeEncoder())
    for line in sys.stdin:
        hits = retriever.by_text(line.strip(), k=99).hits
        print(*sorted(hit.case.id for hit in hits), flush=True)
"""
STOPPED = """
import os, signal, sys
from pathlib import Path
from precord.reindex import reindex
from tests.test_reindex import OtherEncoder
class Stopped(OtherEncoder):
    def encode_records(self, records):
        if self.left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().encode_records(records)
reindex(Path(sys.argv[1]), Stopped(stop_after=64))
"""


def _start(script: str, path: Path) -> subprocess.Popen[str]:
    """Start another process on the library at *path*."""
    return subprocess.Popen(
        [sys.executable, "-c", script, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )


def _on_disk(path: Path) -> bytes:
    """Return the bytes of the library and of whatever SQLite keeps beside it."""
    return b"".join(p.read_bytes() for p in path.parent.glob(f"{path.name}*") if p.suffix != ".key")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a library of forty cases; the tenth is the patient's who is to be erased."""
    secret = Report(f"{WORD.upper()} Vorhofflimmern", Language.GERMAN, Source.CLINICIAN)
    with SqliteLibrary.create(tmp_path / "lib.db", "fake-encoder", "fp32", DIM) as library:
        cases = [make_case(i, patient=library.pseudonym(f"p{i}")) for i in range(N)]
        cases[10] = replace(cases[10], report=secret)
        library.add(cases, make_vectors(N), make_vectors(N, 1))
    return tmp_path / "lib.db"


@pytest.fixture
def library(path: Path) -> Iterator[SqliteLibrary]:
    """Return the library, open."""
    with SqliteLibrary.open(path) as library:
        yield library


def _blobs(library: SqliteLibrary, table: str, column: str) -> bytes:
    """Return a value of the tenth case."""
    found = library._db.execute(
        f"SELECT {column} FROM {table} WHERE key = (SELECT key FROM cases WHERE id = 'test/10')"  # noqa: S608
    ).fetchone()
    return found[0] if isinstance(found[0], bytes) else str(found[0]).encode()


def test_nothing_of_an_erased_patient_is_left(path: Path, library: SqliteLibrary) -> None:
    """Not of vectors old or staged, signal, digest, pseudonym, verdict or word; no WAL is left."""
    keep_verdict(library, "hash of a query", "test/10", "relevant")
    new = make_vectors(N, 5)
    with Staging(path, OtherEncoder()) as stage:
        stage.stage([f"test/{i}" for i in range(N)], new, new)
    data = _blobs(library, "waveforms", "data")
    pieces = {
        "report": WORD.upper().encode(),
        "word": WORD.encode(),
        "pseudonym": library.pseudonym("p10").encode(),
        "digest": _blobs(library, "cases", "digest"),
        "ECG vector": _blobs(library, "vectors", "ecg"),
        "report vector": _blobs(library, "vectors", "report"),
        "staged vector": new[10].tobytes(),
        "signal": data[len(data) // 2 : len(data) // 2 + 64],
    }
    assert all(piece in _on_disk(path) for piece in pieces.values())

    library.delete_patient(library.pseudonym("p10"))

    assert path.with_name("lib.db-wal").stat().st_size == 0
    left = _on_disk(path)
    assert [name for name, piece in pieces.items() if piece in left] == []
    assert list_verdicts(library) == []
    verify(library)


def test_the_index_forgets_an_erased_word(library: SqliteLibrary) -> None:
    """FTS5 lists every word that it knows: it is rebuilt, not only emptied."""
    library._db.execute("CREATE VIRTUAL TABLE temp.terms USING fts5vocab (main, words, row)")
    known = "SELECT count(*) FROM temp.terms WHERE term = ?"
    assert library._db.execute(known, (WORD,)).fetchone() == (1,)

    library.delete_patient(library.pseudonym("p10"))

    assert library._db.execute(known, (WORD,)).fetchone() == (0,)
    assert library._db.execute(known, ("sinusrhythmus",)).fetchone() == (1,)


def test_another_open_process_drops_an_erased_case_at_once(
    path: Path, library: SqliteLibrary
) -> None:
    """It has searched, and so holds all vectors in memory; its next search knows of it."""
    with _start(SEARCHER, path) as other:
        assert other.stdin is not None
        assert other.stdout is not None

        def ask(questions: IO[str], answers: IO[str]) -> set[str]:
            print("vorhofflimmern", file=questions, flush=True)
            return set(answers.readline().split())

        before = ask(other.stdin, other.stdout)
        library.delete_patient(library.pseudonym("p10"))
        after = ask(other.stdin, other.stdout)
        other.stdin.close()
    assert other.returncode == 0
    assert before == {f"test/{i}" for i in range(N)}
    assert after == before - {"test/10"}


def test_a_killed_reindexing_goes_on(tmp_path: Path) -> None:
    """SIGKILL in the middle: the old vectors serve, the second run makes only the others."""
    path = tmp_path / "lib.db"
    with SqliteLibrary.create(path, "fake-encoder", "fp32", DIM) as library:
        library.add([make_case(i) for i in range(100)], make_vectors(100), make_vectors(100, 1))
    with _start(STOPPED, path) as killed:
        killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    with SqliteLibrary.open(path, encoder=FakeEncoder()) as library:
        np.testing.assert_array_equal(library.vectors().ecg, make_vectors(100))

    rest = OtherEncoder()
    reindex(path, rest)

    assert rest.encoded == 100 - 64
    with SqliteLibrary.open(path, encoder=OtherEncoder()) as library:
        verify(library)


def test_the_switch_is_whole_or_not_at_all(path: Path) -> None:
    """The last statement of the switch fails: not one vector is new, and the stage is kept."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute(
            "CREATE TRIGGER stop BEFORE INSERT ON meta WHEN new.name = 'dim' "
            "BEGIN SELECT RAISE (ABORT, 'no'); END"
        )
        db.commit()
    with pytest.raises(sqlite3.IntegrityError):
        reindex(path, OtherEncoder())
    with SqliteLibrary.open(path, encoder=FakeEncoder()) as library:
        np.testing.assert_array_equal(library.vectors().ecg, make_vectors(N))
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("DROP TRIGGER stop")
        db.commit()

    again = OtherEncoder()
    reindex(path, again)

    assert again.encoded == 0
    SqliteLibrary.open(path, encoder=OtherEncoder()).close()


def test_a_patient_erased_while_reindexing_does_not_come_back(path: Path) -> None:
    """Erased between staging and the switch."""
    new = make_vectors(N, 5)
    with Staging(path, OtherEncoder()) as stage:
        stage.stage([f"test/{i}" for i in range(N)], new, new)
        with SqliteLibrary.open(path) as library:
            library.delete_patient(library.pseudonym("p10"))
        stage.switch()

    with SqliteLibrary.open(path, encoder=OtherEncoder()) as library:
        assert "test/10" not in library.vectors().ids
        assert len(library.vectors().ids) == N - 1
        np.testing.assert_array_equal(library.vectors().ecg, np.delete(new, 10, axis=0))
        verify(library)


def test_the_key_is_the_owners_even_where_files_are_everybodys(tmp_path: Path) -> None:
    """Mode 0600 under an open umask; a backup has neither the key nor a key file."""
    mask = os.umask(0)
    try:
        SqliteLibrary.create(tmp_path / "lib.db", "fake-encoder", "fp32", DIM).close()
    finally:
        os.umask(mask)
    key = key_path(tmp_path / "lib.db")
    back_up(tmp_path / "lib.db", tmp_path / "copy.db")

    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert {p.name for p in tmp_path.iterdir()} == {"lib.db", "lib.db.key", "copy.db"}
    for file in ("lib.db", "copy.db"):
        assert read_key(tmp_path / "lib.db") not in (tmp_path / file).read_bytes()
        assert read_key(tmp_path / "lib.db").hex().encode() not in (tmp_path / file).read_bytes()


@pytest.mark.parametrize(
    ("table", "column", "word"),
    [
        ("waveforms", "data", "(signal|damaged)"),
        ("vectors", "ecg", "ECG vector"),
        ("vectors", "report", "report vector"),
        ("cases", "report", "report"),
    ],
)
def test_damage_inside_a_case_is_found_and_the_case_named(
    path: Path, library: SqliteLibrary, table: str, column: str, word: str
) -> None:
    """Bytes overwritten in the file itself; SQLite's own check finds nothing wrong."""
    whole = _blobs(library, table, column)
    library.close()
    data = path.read_bytes()
    for at in {len(whole) // 4, len(whole) // 2, len(whole) - 16}:
        place = data.index(whole[at : at + 16])
        piece = data[place : place + 4]
        path.write_bytes(data[:place] + bytes(b ^ 0x55 for b in piece) + data[place + 4 :])
        with SqliteLibrary.open(path) as damaged:
            with pytest.raises(LibraryError, match=rf"{word}.*") as caught:
                verify(damaged)
            assert "test/10" in str(caught.value)
            assert "\n" not in str(caught.value)
    path.write_bytes(data)
    with SqliteLibrary.open(path) as sound:
        verify(sound)


def test_a_vector_with_a_hole_is_found(path: Path) -> None:
    """A vector of NaN is none; one with a NaN in it is damaged."""
    whole = make_vectors(N)[10].copy()
    for hole, is_damaged in ((slice(3, 4), True), (slice(None), False)):
        whole[hole] = np.nan
        with contextlib.closing(sqlite3.connect(path)) as db:
            db.execute("UPDATE vectors SET ecg = ? WHERE key = 11", (whole.tobytes(),))
            db.commit()
        with SqliteLibrary.open(path) as library:
            if not is_damaged:
                verify(library)
                continue
            with pytest.raises(LibraryError, match="ECG vector of case test/10 is damaged"):
                verify(library)


def test_a_report_that_the_index_lost_is_found(path: Path) -> None:
    """Text search would never find it, and nobody would know."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("DELETE FROM words WHERE rowid = 11")
        db.commit()

    with (
        SqliteLibrary.open(path) as library,
        pytest.raises(LibraryError, match=r"the report of case test/10 is damaged"),
    ):
        verify(library)


def test_reports_of_all_kinds_are_whole(tmp_path: Path) -> None:
    """Tails of codes, capitals, decomposed letters, white space, and no report at all."""
    texts = ["Normal.\n Edit: ASMI 100", "VERLA\u0308NGERT  qt", "STRASSE Straße ß", "", "x edit"]
    with SqliteLibrary.create(tmp_path / "lib.db", "fake-encoder", "fp32", DIM) as library:
        reports = [Report(t, Language.GERMAN, Source.CLINICIAN) for t in texts]
        cases = [make_case(i, report=r) for i, r in enumerate([*reports, None])]
        library.add(cases, make_vectors(6), make_vectors(6))

        verify(library)

        assert len(Retriever(library, FakeEncoder()).by_text("verlängert").hits) == 6
