"""Pseudonyms of patients: HMAC-SHA256 of the raw id under a key of the library's own.

Source: RFC 2104 and FIPS 198-1. The key lies beside the library in `<library>.key`, readable
by its owner only: whoever has the library alone cannot test whether a known patient is in it.
"""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from precord.errors import LibraryError

_BYTES = 32
_CHECKED = b"precord pseudonym key"  # what a key signs so that it can be recognised


def key_path(library: Path) -> Path:
    """Return where the key of the library at *library* lies."""
    return library.with_name(f"{library.name}.key")


def create_key(library: Path) -> bytes:
    """Return a new key, written beside *library*; a key that lies there already is kept.

    Raises:
        LibraryError: The key cannot be written, or what lies there is no key.
    """
    path = key_path(library)
    key = secrets.token_bytes(_BYTES)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return read_key(library)
    except OSError as error:
        raise LibraryError(f"{path}: cannot write the key: {error.strerror}") from error
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(f"{key.hex()}\n")
    except OSError as error:
        path.unlink(missing_ok=True)
        raise LibraryError(f"{path}: cannot write the key: {error.strerror}") from error
    return key


def read_key(library: Path) -> bytes:
    """Return the key that lies beside *library*.

    Raises:
        LibraryError: It is missing, or is no key.
    """
    path = key_path(library)
    try:
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


def sign_key(key: bytes) -> str:
    """Return by what the library recognises *key*; it does not give the key away."""
    return hmac.new(key, _CHECKED, hashlib.sha256).hexdigest()


def to_pseudonym(key: bytes, patient: str) -> str:
    """Return the pseudonym of a raw patient id; white space around the id does not count."""
    return hmac.new(key, patient.strip().encode(), hashlib.sha256).hexdigest()
