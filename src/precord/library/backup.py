"""Copies of a library, made while others read and write it, and put back.

A copy never holds the keys of the pseudonyms: whoever finds a backup cannot test whether a
known patient is in it, and nobody can once the patient's key was destroyed. The keys have to be
kept elsewhere, and anew when patients came or went.
Source: https://www.sqlite.org/backup.html.
"""

import os
import sqlite3
from pathlib import Path

from precord.errors import LibraryError
from precord.library.key import key_path
from precord.library.schema import explained, open_file
from precord.library.sqlite import SqliteLibrary

_TIMEOUT = 10.0  # seconds to wait for another process that writes


def back_up(path: Path, to: Path) -> None:
    """Copy the library at *path* to the new file *to*, and check the copy.

    Raises:
        LibraryError: *to* exists or cannot be written, or the library is damaged.
    """
    if to.exists():
        raise LibraryError(f"{to}: exists already; name a new file")
    if not to.parent.is_dir():
        raise LibraryError(f"{to}: no such folder {to.parent}; create it first")
    new = to.with_name(f".{to.name}.{os.getpid()}.new")
    try:
        _copy(path, new)
        with SqliteLibrary.open(new) as copy:
            copy.check()
        new.rename(to)
    except OSError as error:
        raise LibraryError(f"{to}: cannot be written: {error.strerror}") from error
    finally:
        for end in ("", "-wal", "-shm", "-journal"):
            new.with_name(new.name + end).unlink(missing_ok=True)


def restore(backup: Path, to: Path) -> bool:
    """Put *backup* back as the library *to*, which must not be there.

    Patients who were erased since the backup was made are erased again.

    Returns:
        Whether the right keys lie beside it; without them no pseudonym can be made.

    Raises:
        LibraryError: *to* exists or cannot be written, or the backup is damaged.
    """
    back_up(backup, to)
    if not key_path(to).is_file():
        return False
    with SqliteLibrary.open(to) as library:
        try:
            library.erase_again()
            library.check_keys()
        except LibraryError:
            return False
    return True


def _copy(path: Path, new: Path) -> None:
    """Copy the library at *path* to *new*, page by page."""
    db, _ = open_file(path, _TIMEOUT)
    try:
        with explained(new):
            target = sqlite3.connect(new)
            try:
                db.backup(target)
            finally:
                target.close()
    finally:
        db.close()
