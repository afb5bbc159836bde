"""The tables of a SQLite case library, its checks at open, and what SQLite's errors mean.

Source: https://www.sqlite.org/pragma.html, https://www.sqlite.org/rescode.html and
https://www.sqlite.org/fts5.html.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from precord import __version__
from precord.criteria import MEASURED
from precord.errors import EncoderMismatchError, LibraryError
from precord.library.protocol import EncoderIdentity

APPLICATION_ID = 0x70726563  # "prec"
SCHEMA_VERSION = 3
OLDEST_VERSION = 2  # the same tables, pseudonyms of one key; brought to 3 when patients change
_PAGE_BYTES = 8192

_META = {"encoder", "precision", "dim", "key_check"}

_TABLES = f"""
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE cases (
    key INTEGER PRIMARY KEY,  -- in the order of adding
    id TEXT NOT NULL UNIQUE,
    patient TEXT,             -- pseudonym
    corpus TEXT NOT NULL,
    fold INTEGER,
    statements TEXT NOT NULL, -- SCP-ECG codes joined by ';'
    statements_are_read INTEGER NOT NULL, -- 1: from the report, as nobody coded them
    report TEXT, language TEXT, source TEXT NOT NULL,
    {", ".join(f"{name} REAL" for name in MEASURED)},
    age REAL, sex TEXT, time TEXT, device TEXT,
    provenance TEXT,          -- JSON
    digest TEXT
);
CREATE INDEX cases_patient ON cases (patient);
CREATE INDEX cases_digest ON cases (digest);

CREATE TABLE waveforms (
    key INTEGER PRIMARY KEY REFERENCES cases (key) ON DELETE CASCADE,
    leads TEXT NOT NULL, rate REAL NOT NULL, scale TEXT NOT NULL,
    data BLOB NOT NULL        -- see waveform.py
);

CREATE TABLE vectors (
    key INTEGER PRIMARY KEY REFERENCES cases (key) ON DELETE CASCADE,
    ecg BLOB, report BLOB     -- little-endian float32
);

CREATE VIRTUAL TABLE words USING fts5 (
    report, statements, tokenize = "unicode61 remove_diacritics 2"
);
"""

_MEANINGS = {
    sqlite3.SQLITE_FULL: "the disk is full; free some space and run the command again",
    sqlite3.SQLITE_IOERR: "the disk is full or failing; free some space or check it, and run again",
    sqlite3.SQLITE_BUSY: "another process is writing to it; wait for it or stop it",
    sqlite3.SQLITE_LOCKED: "another process is writing to it; wait for it or stop it",
    sqlite3.SQLITE_CORRUPT: "the file is damaged; restore it from a backup or ingest again",
    sqlite3.SQLITE_NOTADB: "not a precord library",
    sqlite3.SQLITE_READONLY: "the file or its folder may not be written to; check the permissions",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened; check its folder and the permissions",
}


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into one line that says what to do."""
    try:
        yield
    except (sqlite3.ProgrammingError, sqlite3.IntegrityError, sqlite3.InterfaceError):
        raise  # a fault of precord
    except sqlite3.Error as error:
        primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
        meaning = _MEANINGS.get(primary, f"the library cannot be used: {error}")
        raise LibraryError(f"{path}: {meaning}") from error


@contextmanager
def committing(db: sqlite3.Connection) -> Iterator[None]:
    """Commit what is done to *db* inside, or undo all of it."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:  # a full disk may have rolled it back already
            db.execute("ROLLBACK")
        raise


def create_file(path: Path, meta: dict[str, str]) -> None:
    """Write an empty library with *meta* to *path*; it appears there whole or not at all.

    Raises:
        LibraryError: The file cannot be written.
    """
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        new.touch(exist_ok=False)
        with explained(path):
            _create_tables(new, meta)
        new.rename(path)
    except OSError as error:
        raise LibraryError(f"{path}: cannot be created: {error.strerror}") from error
    finally:
        for end in ("", "-wal", "-shm", "-journal"):
            new.with_name(new.name + end).unlink(missing_ok=True)


def open_file(path: Path, timeout: float) -> tuple[sqlite3.Connection, dict[str, str]]:
    """Return a connection to the library at *path*, and what the library says of itself.

    Raises:
        LibraryError: No library, a damaged one, or one of another schema version.
    """
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "no such library"
        raise LibraryError(f"{path}: {what}; create one with `precord ingest`")
    with explained(path):
        db = _connect(path, timeout)
        try:
            return db, _read_meta(db, path)
        except BaseException:
            db.close()
            raise


def check_encoder(meta: dict[str, str], encoder: EncoderIdentity, path: Path) -> None:
    """Check that the vectors come from *encoder*.

    Raises:
        EncoderMismatchError: They come from another encoder, or another precision.
    """
    wanted = {
        "encoder": encoder.fingerprint,
        "precision": encoder.precision,
        "dim": str(encoder.dim),
    }
    for name, value in wanted.items():
        if meta.get(name) != value:
            raise EncoderMismatchError(
                f"{path}: built with {name} {meta.get(name, '')[:16]!r}, but this encoder has "
                f"{value[:16]!r}; re-index it (`precord library reindex`), or use the "
                "encoder it was built with"
            )


def _connect(path: Path, timeout: float) -> sqlite3.Connection:
    """Return a connection to the existing file at *path*; it is never created here."""
    db = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=timeout,
        isolation_level=None,  # transactions begin where we say so
        check_same_thread=False,  # SqliteLibrary holds a lock
    )
    for pragma in ("foreign_keys = ON", "secure_delete = ON", "trusted_schema = OFF"):
        db.execute(f"PRAGMA {pragma}")
    return db


def _create_tables(path: Path, meta: dict[str, str]) -> None:
    """Write an empty library with *meta* to the empty file at *path*."""
    db = _connect(path, timeout=0.0)
    try:
        db.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
        db.execute("PRAGMA journal_mode = WAL")
        db.executescript(f"BEGIN; {_TABLES}")
        stamps = {"created": datetime.now(UTC).isoformat("T", "seconds"), "precord": __version__}
        db.executemany("INSERT INTO meta VALUES (?, ?)", (meta | stamps).items())
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        db.execute("COMMIT")
    finally:
        db.close()


def _read_meta(db: sqlite3.Connection, path: Path) -> dict[str, str]:
    """Return what the library says of itself.

    Raises:
        LibraryError: The file is no precord library, or of another schema version.
    """
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise LibraryError(f"{path}: not a precord library")
    if not OLDEST_VERSION <= version <= SCHEMA_VERSION:
        remedy = "update precord" if version > SCHEMA_VERSION else "ingest again"
        raise LibraryError(
            f"{path}: a library of schema version {version}, expected {SCHEMA_VERSION}; {remedy}"
        )
    meta = dict(db.execute("SELECT name, value FROM meta"))
    if not meta.keys() >= _META:
        raise LibraryError(f"{path}: the file is damaged; restore it from a backup")
    return meta
