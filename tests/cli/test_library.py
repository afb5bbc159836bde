"""Tests of `precord library`, on a library of two patients."""

import contextlib
import csv
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from precord.case import Case
from precord.errors import LibraryError
from precord.library.backup import back_up, restore
from precord.library.feedback import keep_verdict
from precord.library.key import key_path, read_key
from precord.library.sqlite import SqliteLibrary
from precord.report import Language, Report, Source
from tests.cli.conftest import Run
from tests.fakes import DIM

WORD, OTHER = "unmistakable", "peculiar"  # of the two patients' reports


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Return a library of three cases, two of them of patient p1."""
    path = tmp_path / "small.db"
    with SqliteLibrary.create(path, "fake-encoder", "fp32", DIM) as library:
        cases = [
            Case(
                f"c/{n}",
                library.pseudonym(patient),
                frozenset({"SR"}),
                Report(text, Language.ENGLISH, Source.CLINICIAN),
                corpus="clinic",
            )
            for n, (patient, text) in enumerate([("p1", WORD), ("p1", WORD), ("p2", OTHER)])
        ]
        vectors = np.eye(3, DIM, dtype=np.float32)
        library.add(cases, vectors, vectors)
    return path


def test_info_counts(small: Path, run: Run) -> None:
    """Cases, patients, corpora, sources and the encoder."""
    done = run("library", "info", "--library", str(small))

    assert done.status == 0
    words = done.out.split()
    assert words[words.index("cases") + 1] == "3"
    assert words[words.index("patients") + 1] == "2"
    assert "clinician" in done.out
    assert "fake-encoder" in done.out


def test_verify_tells_whole_from_damaged(small: Path, run: Run) -> None:
    """A library whose second half was overwritten is named on one line."""
    assert run("library", "verify", "--library", str(small)).status == 0
    data = bytearray(small.read_bytes())
    data[len(data) // 2 :] = b"\xff" * (len(data) - len(data) // 2)
    small.write_bytes(data)

    done = run("library", "verify", "--library", str(small))

    assert done.status == 1
    assert "damaged" in done.err
    assert done.err.splitlines()[-1].startswith("precord: ")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("UPDATE waveforms SET rate = rate + 1 WHERE key = 1", "signal of"),
        ("UPDATE vectors SET ecg = zeroblob(length(ecg)) WHERE key = 2", "ECG vector of"),
    ],
)
def test_verify_finds_what_sqlite_does_not(
    library: Path, run: Run, change: str, words: str
) -> None:
    """Another sampling rate, or a vector of zeros, in a file whose structure is whole."""
    with contextlib.closing(sqlite3.connect(library)) as db:
        db.execute(change)
        db.commit()

    done = run("library", "verify", "--library", str(library))

    assert done.status == 1
    assert words in done.err


def test_a_copy_restores_without_the_key_and_with_it(small: Path, run: Run) -> None:
    """The copy holds all cases and never the key; the restored library works with the key."""
    copy, new = small.with_name("copy.db"), small.with_name("new.db")
    assert run("library", "backup", str(copy), "--library", str(small)).status == 0
    assert not key_path(copy).exists()
    key = read_key(small)
    assert key not in copy.read_bytes()
    assert key.hex().encode() not in copy.read_bytes()

    done = run("library", "restore", str(copy), "--library", str(new))
    assert done.status == 0
    assert "put the library's newest key back" in done.err

    key_path(new).write_bytes(key_path(small).read_bytes())
    with SqliteLibrary.open(new) as one, SqliteLibrary.open(small) as other:
        assert one.case_ids() == other.case_ids()
        assert one.pseudonym("p1") == other.pseudonym("p1")


def test_a_copy_brings_nobody_back(small: Path, run: Run) -> None:
    """Put back with the newest keys, or given them later, it loses who was erased meanwhile."""
    copy, new, keys = (small.with_name(name) for name in ("copy.db", "new.db", "kept.key"))
    run("library", "backup", str(copy), "--library", str(small))
    assert run("library", "erase-patient", "p1", "--library", str(small), "--yes").status == 0
    done = run("library", "backup", str(small.with_name("c2.db")), "--key", str(keys),
               "--library", str(small))  # fmt: skip
    assert "no older copy" in done.out
    assert run("library", "restore", str(copy), "--library", str(new)).status == 0
    assert run("library", "erase-again", "--library", str(new)).status == 1  # no key yet

    key_path(new).write_bytes(keys.read_bytes())
    done = run("library", "erase-again", "--library", str(new))

    assert "2 cases of patients erased before" in done.out
    assert WORD.encode() not in new.read_bytes()
    with SqliteLibrary.open(new) as library:
        assert library.case_ids() == {"c/2"}


def test_nothing_is_overwritten(small: Path) -> None:
    """Neither a copy nor a library that is there."""
    copy = small.with_name("copy.db")
    back_up(small, copy)

    with pytest.raises(LibraryError, match="exists already"):
        back_up(small, copy)
    with pytest.raises(LibraryError, match="exists already"):
        restore(copy, small)
    with pytest.raises(LibraryError, match="no such folder"):
        back_up(small, small.parent / "nowhere" / "copy.db")


def test_a_damaged_copy_is_not_restored(small: Path) -> None:
    """It is checked first, and nothing is left behind."""
    copy, new = small.with_name("copy.db"), small.with_name("new.db")
    back_up(small, copy)
    data = bytearray(copy.read_bytes())
    data[len(data) // 2 :] = b"\xff" * (len(data) - len(data) // 2)
    copy.write_bytes(data)

    with pytest.raises(LibraryError):
        restore(copy, new)
    assert not new.exists()
    assert not list(small.parent.glob(".*.new*"))


def test_a_patient_is_erased(small: Path, run: Run) -> None:
    """The cases are gone, and no byte of the report is left in the file."""
    assert WORD.encode() in small.read_bytes()

    done = run("library", "erase-patient", "p1", "--library", str(small), "--yes")

    assert done.status == 0
    assert "2 cases erased" in done.out
    left = b"".join(p.read_bytes() for p in small.parent.glob("small.db*"))
    assert WORD.encode() not in left
    again = run("library", "erase-patient", "p1", "--library", str(small), "--yes")
    assert again.status == 1
    assert "holds no such case" in again.err


def test_a_case_is_erased_whoever_it_is_of(small: Path, run: Run) -> None:
    """One of three cases goes, and its report with it."""
    done = run("library", "erase-case", "c/2", "--library", str(small), "--yes")

    assert done.status == 0
    assert "1 case erased" in done.out
    with SqliteLibrary.open(small) as library:
        assert len(library) == 2
    left = b"".join(p.read_bytes() for p in small.parent.glob("small.db*"))
    assert OTHER.encode() not in left
    assert WORD.encode() in left
    again = run("library", "erase-case", "c/2", "--library", str(small), "--yes")
    assert again.status == 1
    assert "holds no such case" in again.err


def test_erasing_asks_first(small: Path, run: Run) -> None:
    """Without an answer nothing is erased."""
    done = run("library", "erase-patient", "p1", "--library", str(small))

    assert done.status != 0
    with SqliteLibrary.open(small) as library:
        assert len(library) == 3


def test_verdicts_are_exported(run: Run, small: Path) -> None:
    """As CSV; a library without any gives the head alone."""
    assert run("library", "feedback", "--library", small).out == "time,query,case,verdict\n"
    with SqliteLibrary.open(small) as library:
        keep_verdict(library, "abc", "c/0", "relevant")
        keep_verdict(library, "abc", "c/2", "not relevant")
    rows = list(csv.DictReader(run("library", "feedback", "--library", small).out.splitlines()))
    assert [(row["query"], row["case"], row["verdict"]) for row in rows] == [
        ("abc", "c/0", "relevant"),
        ("abc", "c/2", "not relevant"),
    ]
