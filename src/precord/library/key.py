"""The key file of a library: what its patients' pseudonyms are made of, apart from the library.

Each patient has a random key, and the pseudonym is HMAC-SHA256 under it. The key is found by
a tag: HMAC-SHA256 of the raw id under a key that is the same for all patients of the library.
Ids stand nowhere. Once a patient's key is destroyed, nothing leads from the id to the
pseudonym, not even with the rest of this file; of the pseudonym a hash is kept, so that copies
of the library that still hold it can be rid of the patient.
The file lies beside the library in `<library>.key`, readable by its owner only.

Source: RFC 2104 and FIPS 198-1; https://www.sqlite.org/pragma.html#pragma_secure_delete.
"""

import hashlib
import hmac
import os
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from precord.errors import LibraryError
from precord.library.schema import committing

_APPLICATION_ID = 0x7072656B  # "prek"
_BYTES = 32
_CHECKED = b"precord pseudonym key"  # what a library's key signs so that it can be recognised
_PATIENT = b"precord patient"  # what a patient's key signs; what comes out is the pseudonym
_TIMEOUT = 10.0  # seconds to wait for another process that writes
_SQLITE = b"SQLite format 3\0"
_TABLES = f"""
BEGIN;
CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE patients (tag BLOB PRIMARY KEY, key BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE erased (hash BLOB PRIMARY KEY) WITHOUT ROWID; -- SHA-256 of a pseudonym
PRAGMA application_id = {_APPLICATION_ID};
"""


def key_path(library: Path) -> Path:
    """Return where the keys of the library at *library* lie."""
    return library.with_name(f"{library.name}.key")


def read_key(library: Path) -> bytes:
    """Return the key that all patients of *library* share, from a key file of any version.

    Raises:
        LibraryError: It is missing, or is no key.
    """
    path = key_path(library)
    try:
        if is_store(path):
            with KeyStore.open(path) as store:
                return store.key
        key = bytes.fromhex(path.read_text(encoding="ascii"))
    except FileNotFoundError:
        raise LibraryError(
            f"{path}: the key of this library's patient pseudonyms is missing; restore it from "
            "the backup of the library"
        ) from None
    except (OSError, ValueError) as error:
        raise LibraryError(f"{path}: not a readable key; restore it from the backup") from error
    if len(key) != _BYTES:
        raise LibraryError(f"{path}: a key of {len(key)} bytes, expected {_BYTES}; restore it")
    return key


def create_keys(library: Path) -> bytes:
    """Write a key file beside *library*, and return the key that all its patients share.

    The keys that lie there already are kept; a key file of the first version, which had one
    key and no patients, is brought to this one.

    Raises:
        LibraryError: The file cannot be written, or what lies there is no key.
    """
    path = key_path(library)
    key = read_key(library) if path.exists() else secrets.token_bytes(_BYTES)
    if not (path.exists() and is_store(path)):
        new = path.with_name(f".{path.name}.{os.getpid()}.new")
        try:
            os.close(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            with _explained(path):
                _create_tables(new, key)
            new.rename(path)
        except OSError as error:
            raise LibraryError(f"{path}: cannot write the key: {error.strerror}") from error
        finally:
            new.unlink(missing_ok=True)
    return key


def copy_keys(library: Path, to: Path) -> None:
    """Copy the key file of *library* to the new file *to*, whoever writes to it meanwhile.

    Raises:
        LibraryError: There is no key file, or *to* exists or cannot be written.
    """
    try:
        os.close(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        raise LibraryError(f"{to}: exists already; name a new file") from None
    except OSError as error:
        raise LibraryError(f"{to}: cannot be written: {error.strerror}") from error
    try:
        read_key(library)
        path = key_path(library)
        if not is_store(path):
            to.write_bytes(path.read_bytes())
            return
        with KeyStore.open(path) as store:
            store.copy(to)
    except BaseException:
        to.unlink(missing_ok=True)
        raise


def is_store(path: Path) -> bool:
    """Tell whether the key file at *path* holds keys of patients; the first version did not."""
    with path.open("rb") as file:
        return file.read(len(_SQLITE)) == _SQLITE


def sign_key(key: bytes) -> str:
    """Return by what the library recognises *key*; it does not give the key away."""
    return hmac.new(key, _CHECKED, hashlib.sha256).hexdigest()


def to_tag(key: bytes, patient: str) -> bytes:
    """Return by what a patient's key is found; white space around the id does not count."""
    return hmac.digest(key, patient.strip().encode(), "sha256")


def to_pseudonym(key: bytes) -> str:
    """Return the pseudonym of the patient whose own key is *key*."""
    return hmac.digest(key, _PATIENT, "sha256").hex()


class KeyStore:
    """The keys of a library's patients; use it as a context manager, or close it.

    Attributes:
        path: the key file.
        key: what all patients share; tags are made of it.
    """

    def __init__(self, path: Path, db: sqlite3.Connection, key: bytes) -> None:
        self.path, self.key = path, key
        self._db = db

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the key file at *path*.

        Raises:
            LibraryError: It is damaged, or no key file.
        """
        with _explained(path):
            db = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=rw",
                uri=True,
                timeout=_TIMEOUT,
                isolation_level=None,
                check_same_thread=False,  # whoever holds the library's lock
            )
            try:
                db.execute("PRAGMA secure_delete = ON")
                found = db.execute("SELECT value FROM meta WHERE name = 'key'").fetchone()
            except BaseException:
                db.close()
                raise
        if not found or len(found[0]) != _BYTES:
            db.close()
            raise LibraryError(f"{path}: holds no key; restore it from the backup")
        return cls(path, db, bytes(found[0]))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def find(self, tags: Sequence[bytes]) -> list[str | None]:
        """Return the pseudonyms of the patients with *tags*; None where there is no key."""
        with _explained(self.path):
            return [self._find(tag) for tag in tags]

    def make(self, tags: Sequence[bytes]) -> list[str]:
        """Return the pseudonyms of the patients with *tags*; who has no key gets one.

        The new keys are on the disk when this returns.
        """
        with self._writing() as db:
            db.executemany(
                "INSERT OR IGNORE INTO patients VALUES (?, ?)",
                ((tag, secrets.token_bytes(_BYTES)) for tag in tags),
            )
        return [pseudonym for pseudonym in self.find(tags) if pseudonym is not None]

    def pseudonyms(self) -> set[str]:
        """Return the pseudonyms of all patients who have a key."""
        with _explained(self.path):
            return {to_pseudonym(key) for (key,) in self._db.execute("SELECT key FROM patients")}

    def destroy(self, pseudonyms: Sequence[str]) -> None:
        """Destroy the keys that made *pseudonyms*: overwritten, not only unlinked."""
        gone = set(pseudonyms)
        with self._writing() as db:
            rows = db.execute("SELECT tag, key FROM patients")
            tags = [(tag,) for tag, key in rows if to_pseudonym(key) in gone]
            db.executemany("DELETE FROM patients WHERE tag = ?", tags)
            db.executemany("INSERT OR IGNORE INTO erased VALUES (?)", [(_hash(p),) for p in gone])

    def erased(self, pseudonyms: set[str]) -> set[str]:
        """Return those of *pseudonyms* whose keys were destroyed."""
        with _explained(self.path):
            hashes = {bytes(one) for (one,) in self._db.execute("SELECT hash FROM erased")}
        return {one for one in pseudonyms if _hash(one) in hashes} if hashes else set()

    def copy(self, to: Path) -> None:
        """Copy the keys into the empty file *to*."""
        with _explained(to):
            target = sqlite3.connect(to)
            try:
                self._db.backup(target)
            finally:
                target.close()

    def _find(self, tag: bytes) -> str | None:
        """Return the pseudonym of the patient with *tag*, or None where there is no key."""
        row = self._db.execute("SELECT key FROM patients WHERE tag = ?", (tag,)).fetchone()
        return to_pseudonym(row[0]) if row else None

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Commit what is done inside, or undo all of it."""
        with _explained(self.path), committing(self._db):
            yield self._db


def _create_tables(path: Path, key: bytes) -> None:
    """Write a key file without patients into the empty file at *path*."""
    db = sqlite3.connect(path, isolation_level=None)
    try:
        db.executescript(_TABLES)
        db.execute("INSERT INTO meta VALUES ('key', ?)", (key,))
        db.execute("COMMIT")
    finally:
        db.close()


def _hash(pseudonym: str) -> bytes:
    """Return what is kept of the pseudonym of an erased patient."""
    return hashlib.sha256(pseudonym.encode()).digest()


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into one line that names the key file."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise LibraryError(f"{path}: the keys cannot be read or written: {error}") from error
    except sqlite3.DatabaseError as error:
        raise LibraryError(f"{path}: not a readable key; restore it from the backup") from error
