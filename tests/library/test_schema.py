"""Tests of precord.library.schema: what is opened, what is refused, and what is never half made."""

import sqlite3
from pathlib import Path

import pytest

from precord.errors import EncoderMismatchError, LibraryError
from precord.library import SqliteLibrary
from tests.fakes import FakeEncoder
from tests.library.contract import add, make_case
from tests.library.test_sqlite import create


def test_missing_file_is_not_created(path: Path) -> None:
    """Opening what is not there fails and leaves nothing."""
    with pytest.raises(LibraryError, match="no such library"):
        SqliteLibrary.open(path)
    assert not list(path.parent.iterdir())


@pytest.mark.parametrize(
    "content", [b"", b"x", b"SQLite format 3\0", b"\0" * 5000, b"hello " * 900]
)
def test_other_files_are_refused(path: Path, content: bytes) -> None:
    """A file that is no database: one line, and the file stays as it is."""
    path.write_bytes(content)
    with pytest.raises(LibraryError, match="not a precord library") as info:
        SqliteLibrary.open(path)
    assert "\n" not in str(info.value)
    assert path.read_bytes() == content


def test_other_databases_are_refused(path: Path) -> None:
    """An SQLite file of another program is left alone, by open and by create."""
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE cases (id)")
    db.close()
    before = path.read_bytes()
    with pytest.raises(LibraryError, match="not a precord library"):
        SqliteLibrary.open(path)
    with pytest.raises(LibraryError, match="exists already"):
        create(path)
    with pytest.raises(LibraryError, match="not a precord library"):
        create(path, exist_ok=True)
    assert path.read_bytes() == before


@pytest.mark.parametrize(("version", "remedy"), [(4, "update precord"), (1, "ingest again")])
def test_other_schema_versions_are_refused(path: Path, version: int, remedy: str) -> None:
    """Older and newer files each get their remedy."""
    create(path).close()
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {version}")
    db.close()
    with pytest.raises(LibraryError, match=f"schema version {version}, expected 3; {remedy}"):
        SqliteLibrary.open(path)


@pytest.mark.parametrize(
    ("name", "value"), [("fingerprint", "other"), ("precision", "int8"), ("dim", 8)]
)
def test_other_encoders_are_refused(path: Path, name: str, value: object) -> None:
    """Vectors of another encoder, precision or width never meet this encoder's."""
    create(path, **{name: value}).close()
    with pytest.raises(EncoderMismatchError, match="library reindex"):
        SqliteLibrary.open(path, encoder=FakeEncoder())
    with pytest.raises(EncoderMismatchError):
        create(path, exist_ok=True)
    SqliteLibrary.open(path).close()


def test_create_again(path: Path) -> None:
    """An existing library is kept: opened with exist_ok, refused without."""
    with create(path) as library:
        add(library, [make_case(1)])
    with pytest.raises(LibraryError, match="exists already"):
        create(path)
    with create(path, exist_ok=True) as library:
        assert len(library) == 1


def test_create_where_there_is_no_folder(tmp_path: Path) -> None:
    """One line that says what is missing, and no key left behind."""
    with pytest.raises(LibraryError, match="no such folder"):
        create(tmp_path / "nowhere" / "lib.db")
    assert not list(tmp_path.iterdir())


def test_half_made_library_is_never_seen(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An end in the middle of creation leaves neither file nor key."""
    monkeypatch.setattr("precord.library.schema._TABLES", "CREATE TABLE cases (id); CREATE TABLE")
    with pytest.raises(LibraryError):
        create(path)
    assert not list(path.parent.iterdir())
