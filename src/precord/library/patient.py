"""From a patient's raw id to the pseudonym that a library knows, and the way back closed.

A library of schema version 2 had one key for all its patients. Its pseudonyms are what is now
the tag by which a patient's own key is found, so that it can be brought to version 3 without
anybody's id.
"""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from precord.errors import LibraryError
from precord.library.key import (
    KeyStore,
    create_keys,
    is_store,
    key_path,
    read_key,
    sign_key,
    to_tag,
)
from precord.library.schema import SCHEMA_VERSION

_PATIENTS = "SELECT DISTINCT patient FROM cases WHERE patient IS NOT NULL"


class Patients:
    """The patients of one library; whoever calls holds the library's lock.

    Attributes:
        path: the library.
        key_check: by what the library recognises its key.
    """

    def __init__(self, path: Path, key_check: str) -> None:
        self.path, self.key_check = path, key_check
        self._key: bytes | None = None
        self._store: KeyStore | None = None
        self._is_current = False

    def close(self) -> None:
        """Close the key file."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def find(self, db: sqlite3.Connection, patient: str) -> str | None:
        """Return the pseudonym of *patient*, or None where the library knows no such patient.

        Raises:
            LibraryError: The library's key is missing, damaged, or another library's.
        """
        tag = to_tag(self.key(), patient)
        if has_one_key(db):
            return tag.hex()
        return self.store().find([tag])[0]

    def make(self, db: sqlite3.Connection, patients: Sequence[str]) -> list[str]:
        """Return the pseudonyms of *patients*; who is new gets a key.

        Raises:
            LibraryError: As for `find`, or the keys are older than the library.
        """
        store = self.store()
        tags = [to_tag(store.key, patient) for patient in patients]
        found = [one for one in store.find(tags) if one is not None]
        if len(found) == len(tags):
            return found
        self.check(db)
        return store.make(tags)

    def check(self, db: sqlite3.Connection) -> None:
        """Check, once, that there is a key for every patient of the library.

        Raises:
            LibraryError: There is none for some: they would get a second pseudonym.
        """
        if self._is_current:
            return
        store = self.store()
        unknown = {patient for (patient,) in db.execute(_PATIENTS)} - store.pseudonyms()
        if erased := store.erased(unknown):
            raise LibraryError(
                f"{self.path}: holds {len(erased)} patients who were erased, as an older copy "
                "does; run `precord library erase-again`"
            )
        if unknown:
            raise LibraryError(
                f"{key_path(self.path)}: older than the library: holds no key for {len(unknown)} "
                "of its patients; restore the newest copy of the key"
            )
        self._is_current = True

    def erased(self, db: sqlite3.Connection) -> list[str]:
        """Return the pseudonyms in the library whose keys were destroyed."""
        return sorted(self.store().erased({patient for (patient,) in db.execute(_PATIENTS)}))

    def upgrade(self, db: sqlite3.Connection) -> None:
        """Give each patient of a library of version 2 a key, within a transaction of *db*."""
        if not has_one_key(db):  # another process was faster
            return
        self.key()
        create_keys(self.path)
        old = [patient for (patient,) in db.execute(_PATIENTS)]
        new = self.store().make([bytes.fromhex(patient) for patient in old])
        db.executemany("UPDATE cases SET patient = ? WHERE patient = ?", zip(new, old, strict=True))
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def key(self) -> bytes:
        """Return the key that all patients share.

        Raises:
            LibraryError: It is missing, damaged, or another library's.
        """
        if self._key is None:
            key = read_key(self.path)
            if sign_key(key) != self.key_check:
                raise LibraryError(
                    f"{key_path(self.path)}: the key of another library; restore the right one"
                )
            self._key = key
        return self._key

    def store(self) -> KeyStore:
        """Return the keys of the patients.

        Raises:
            LibraryError: As for `key`, or the file is one of the first version.
        """
        if self._store is None:
            self.key()
            path = key_path(self.path)
            if not is_store(path):
                raise LibraryError(
                    f"{path}: older than the library: from before each patient had a key; restore "
                    "the newest copy of the key"
                )
            self._store = KeyStore.open(path)
        return self._store


def has_one_key(db: sqlite3.Connection) -> bool:
    """Tell whether the library is of version 2, where all pseudonyms came from one key."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    return bool(version < SCHEMA_VERSION)
