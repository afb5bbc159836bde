"""A new library: its file and, beside it, the keys of its pseudonyms."""

from dataclasses import dataclass
from pathlib import Path

from precord.errors import LibraryError
from precord.library.key import create_keys, key_path, sign_key
from precord.library.protocol import EncoderIdentity
from precord.library.schema import create_file


@dataclass(frozen=True, slots=True)
class Identity:
    """Which encoder makes a library's vectors, where the encoder itself is not at hand."""

    fingerprint: str
    precision: str
    dim: int


def create_library(path: Path, encoder: EncoderIdentity) -> None:
    """Write an empty library for the vectors of *encoder* to *path*, and keys where none are.

    Raises:
        LibraryError: There is no such folder, or it cannot be written.
    """
    if not path.parent.is_dir():
        raise LibraryError(f"{path}: no such folder {path.parent}; create it first")
    has_key = key_path(path).exists()
    meta = {
        "encoder": encoder.fingerprint,
        "precision": encoder.precision,
        "dim": str(encoder.dim),
    }
    try:
        create_file(path, meta | {"key_check": sign_key(create_keys(path))})
    except BaseException:
        if not has_key:
            key_path(path).unlink(missing_ok=True)
        raise
