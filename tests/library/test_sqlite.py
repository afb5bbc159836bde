"""Tests of precord.library.sqlite: the contract, and what is special to a file."""

import contextlib
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from precord.case import Case
from precord.errors import LibraryError
from precord.library import SqliteLibrary
from precord.library.key import read_key
from precord.report import Language, Report, Source
from tests.fakes import FakeEncoder
from tests.library.contract import DIM, LibraryContract, add, make_case, make_vectors

WORD = "geheimeswort"


def create(path: Path, **changes: object) -> SqliteLibrary:
    """Create a library that fits the fake encoder."""
    facts = {"fingerprint": "fake-encoder", "precision": "fp32", "dim": DIM} | changes
    return SqliteLibrary.create(path, **facts)  # type: ignore[arg-type]


def bytes_on_disk(path: Path) -> bytes:
    """Return the content of the library and of whatever SQLite keeps beside it."""
    return b"".join(p.read_bytes() for p in path.parent.glob(f"{path.name}*") if p.suffix != ".key")


class TestContract(LibraryContract):
    """The SQLite library is a case library."""


def test_survives_closing(path: Path) -> None:
    """What was added is there when the file is opened again, and the file is sound."""
    with create(path) as library:
        ecg, _ = add(library, [make_case(i) for i in range(3)])
        one = library.pseudonym("1")
    with SqliteLibrary.open(path, encoder=FakeEncoder()) as again:
        np.testing.assert_array_equal(again.vectors().ecg, ecg)
        assert again.pseudonym("1") == one
        again.check()
        assert {"created", "precord"} <= again.meta.keys()
    assert {p.name for p in path.parent.iterdir()} == {path.name, f"{path.name}.key"}


def test_one_file_is_a_backup(path: Path, tmp_path: Path) -> None:
    """A copy of the closed file is a whole library; only pseudonyms need the key."""
    with create(path) as library:
        add(library, [make_case(1)])
    copy = tmp_path / "copy.db"
    shutil.copy(path, copy)
    with SqliteLibrary.open(copy) as library:
        assert library.case("test/1", with_record=True).record is not None
        with pytest.raises(LibraryError, match=r"copy\.db\.key: the key .* missing"):
            library.pseudonym("1")


def test_damage_is_one_line(path: Path) -> None:
    """Zeroed or missing pages: every method works or raises a LibraryError, check() always."""
    with create(path) as library:
        add(library, [make_case(i) for i in range(40)])
    whole = path.read_bytes()
    for start in range(8192, len(whole), len(whole) // 12):
        for damaged in (whole[:start], whole[:start] + b"\xa5" * 8192 + whole[start + 8192 :]):
            path.write_bytes(damaged)
            _use_damaged(path)


def _use_damaged(path: Path) -> None:
    """Use a damaged library in every way."""
    with contextlib.suppress(LibraryError), SqliteLibrary.open(path) as library:
        for use in (
            library.vectors,
            library.stats,
            lambda: library.search_text("sinusrhythmus", 3),
            lambda: library.cases(sorted(library.case_ids()), with_record=True),
            lambda: library.add([make_case(99)], make_vectors(1), make_vectors(1)),
        ):
            with contextlib.suppress(LibraryError):
                use()
        with pytest.raises(LibraryError, match="damaged"):
            library.check()


def test_full_disk_loses_nothing(library: SqliteLibrary) -> None:
    """A batch that does not fit is refused whole; the library goes on with what it has."""
    add(library, [make_case(i) for i in range(5)])
    (pages,) = library._db.execute("PRAGMA page_count").fetchone()
    library._db.execute(f"PRAGMA max_page_count = {pages + 8}")
    with pytest.raises(LibraryError, match="disk is full; free some space"):
        add(library, [make_case(i) for i in range(5, 60)])
    assert len(library) == len(library.vectors().ids) == 5
    library.check()
    library._db.execute("PRAGMA max_page_count = 1000000")
    add(library, [make_case(i) for i in range(5, 60)])
    assert len(library) == 60


def test_file_that_may_not_grow(path: Path) -> None:
    """The system refuses to write: one line, whole batches only, and a sound file."""
    script = """
import resource, sys
from pathlib import Path
from tests.library.contract import add, make_case
from tests.library.test_sqlite import create
with create(Path(sys.argv[1])) as library:
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
    for start in range(0, 400, 5):
        add(library, [make_case(i) for i in range(start, start + 5)])
"""
    done = subprocess.run(
        [sys.executable, "-c", script, path],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert "LibraryError" in done.stderr.splitlines()[-1]
    assert "the disk is full or failing" in done.stderr.splitlines()[-1]
    with SqliteLibrary.open(path) as library:
        library.check()
        assert 0 < len(library) < 400
        assert len(library) % 5 == 0


def test_second_writer_waits_then_is_refused(path: Path, library: SqliteLibrary) -> None:
    """While another process writes, adding fails with a hint, and works afterwards."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with SqliteLibrary.open(path, timeout=0.05) as second:
        with pytest.raises(LibraryError, match="another process is writing"):
            add(second, [make_case(1)])
        assert len(second) == 0
        other.execute("ROLLBACK")
        other.close()
        add(second, [make_case(1)])
    assert len(library) == 1


def test_readers_go_on_while_one_writes(path: Path, library: SqliteLibrary) -> None:
    """A reader sees whole batches only, and never an error, during writing."""
    seen: list[int] = []
    errors: list[Exception] = []
    is_done = threading.Event()

    def read() -> None:
        try:
            with SqliteLibrary.open(path) as reader:
                while not is_done.is_set():
                    vectors = reader.vectors()
                    seen.append(len(vectors.ids))
                    assert vectors.ecg.shape == (len(vectors.ids), DIM)
                    if vectors.ids:
                        reader.case(vectors.ids[-1], with_record=True)
        except Exception as error:  # noqa: BLE001 - handed to the main thread
            errors.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    for start in range(0, 200, 10):
        add(library, [make_case(i) for i in range(start, start + 10)])
    is_done.set()
    thread.join()
    assert not errors
    assert seen == sorted(seen)
    assert all(n % 10 == 0 for n in seen)


def test_threads_share_a_library(library: SqliteLibrary) -> None:
    """Several threads add and read through one object."""
    errors: list[Exception] = []

    def work(first: int) -> None:
        try:
            for i in range(first, first + 5):
                add(library, [make_case(i)])
                assert f"test/{i}" in library.vectors().ids
        except Exception as error:  # noqa: BLE001 - handed to the main thread
            errors.append(error)

    threads = [threading.Thread(target=work, args=(first,)) for first in (0, 10, 20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert len(library) == 15


def test_vectors_follow_another_process(path: Path, library: SqliteLibrary) -> None:
    """What somebody else added is seen at the next question."""
    assert library.vectors().ids == ()
    with SqliteLibrary.open(path) as other:
        add(other, [make_case(1)])
    assert library.vectors().ids == ("test/1",)


def test_erasure_is_seen_by_another_process(path: Path, library: SqliteLibrary) -> None:
    """A library that is open elsewhere drops the patient at its next question, all of it."""
    add(library, [make_case(1, patient="a"), make_case(2, patient="b")])
    assert library.vectors().ids == ("test/1", "test/2")
    with SqliteLibrary.open(path) as other:
        assert other.delete_patient("a") == 1
    assert library.vectors().ids == ("test/2",)
    assert [case_id for case_id, _ in library.search_text("sinusrhythmus", 5)] == ["test/2"]
    with pytest.raises(LibraryError):
        library.case("test/1")


def test_ten_thousand_vectors(path: Path) -> None:
    """10,000 cases of width 256 come back in one matrix each, exactly."""
    n, dim = 10_000, 256
    ecg = np.random.default_rng(0).normal(size=(n, dim)).astype(np.float32)
    cases = [Case(f"test/{i}", None, frozenset(), None) for i in range(n)]
    with create(path, dim=dim) as library:
        library.add(cases, ecg, -ecg)
        vectors = library.vectors()
    np.testing.assert_array_equal(vectors.ecg, ecg)
    np.testing.assert_array_equal(vectors.report, -ecg)


def test_key_is_the_owners_alone(path: Path, library: SqliteLibrary) -> None:
    """The key lies beside the library, mode 0600; another key makes other pseudonyms."""
    key = path.with_name(f"{path.name}.key")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert len(read_key(path)) == 32
    assert read_key(path) not in bytes_on_disk(path)
    assert read_key(path).hex().encode() not in bytes_on_disk(path)
    with create(path.with_name("other.db")) as other:
        assert other.pseudonym("1") != library.pseudonym("1")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "is missing"),
        ("", "0 bytes"),
        ("zz", "not a readable key"),
        ("00" * 32, "another"),
        ("SQLite format 3\0", "not a readable key"),
        ("SQLite format 3\0" + "x" * 9000, "not a readable key"),
    ],
)
def test_wrong_key(path: Path, content: str | None, reason: str) -> None:
    """A key that is lost, damaged or another library's is never silently replaced."""
    create(path).close()
    key = path.with_name(f"{path.name}.key")
    key.unlink() if content is None else key.write_text(content)
    with SqliteLibrary.open(path) as library, pytest.raises(LibraryError, match=reason):
        library.pseudonym("1")


def test_raw_patient_ids_are_nowhere(path: Path) -> None:
    """Neither the id that became the pseudonym nor the one in the record is on the disk."""
    case = make_case(1)
    assert case.record is not None
    facts = replace(case.record.acquisition, patient_id="RAWID8765432")
    with create(path) as library:
        pseudonym = library.pseudonym("RAWID8765432")
        record = replace(case.record, acquisition=facts)
        add(library, [replace(case, patient=pseudonym, record=record)])
        assert pseudonym.encode() in bytes_on_disk(path)
        assert b"RAWID8765432" not in bytes_on_disk(path)
    assert b"RAWID8765432" not in bytes_on_disk(path)


def test_erased_means_gone(path: Path) -> None:
    """After erasure no byte of report, id, pseudonym or signal is in any file of the library."""
    secret = Report(f"patient {WORD} vorhofflimmern", Language.GERMAN, Source.CLINICIAN)
    with create(path) as library:
        add(library, [make_case(i, patient="b") for i in range(30)])
        add(library, [make_case(77, id=f"test/{WORD}id", patient="PSEUDONYM", report=secret)])
        add(library, [make_case(i, patient="b") for i in range(30, 60)])
        (packed,) = library._db.execute(
            "SELECT data FROM waveforms JOIN cases USING (key) WHERE patient = 'PSEUDONYM'"
        ).fetchone()
        pieces = [WORD.encode(), b"PSEUDONYM", packed[200:264], packed[-64:]]
        assert all(piece in bytes_on_disk(path) for piece in pieces)

        assert library.delete_patient("PSEUDONYM") == 1

        assert not any(piece in bytes_on_disk(path) for piece in pieces)
        assert library.search_text(WORD, 5) == []
        library.check()
    assert not any(piece in bytes_on_disk(path) for piece in pieces)


def test_erasure_says_when_readers_hold_it_up(path: Path) -> None:
    """A reader in the middle keeps old pages alive: said so, and completed by a second call."""
    secret = Report(WORD, Language.GERMAN, Source.CLINICIAN)
    with create(path) as library:
        add(library, [make_case(1, patient="a", report=secret), make_case(2)])
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM cases").fetchone()
    with SqliteLibrary.open(path, timeout=0.05) as library:
        with pytest.raises(LibraryError, match="others are reading"):
            library.delete_patient("a")
        assert len(library) == 1
        reader.close()
        library.delete_patient("a")
        assert WORD.encode() not in bytes_on_disk(path)
