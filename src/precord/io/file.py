"""The bytes of a file, within limits, and the refusals that every reader shares."""

import os
from pathlib import Path

from precord.errors import FormatError

MAX_FILE_BYTES = 200 * 2**20  # a day of 12 leads at 500 Hz is larger; ten minutes are 7 MiB
READABLE = (
    "WFDB (.hea with its signal file), DICOM ECG, pictures of paper (PNG, JPEG, PDF, ...), "
    "MATLAB, NumPy, HDF5, CSV and Parquet"
)


def read_bytes(path: Path, max_bytes: int = MAX_FILE_BYTES) -> bytes:
    """Return the whole content of the regular file at *path*.

    Raises:
        FormatError: It is missing, no file, empty, unreadable or above *max_bytes*.
    """
    try:
        if path.is_dir():
            raise FormatError(f"{shown(path)}: is a folder; name one ECG file, {READABLE}")
        if not path.exists():
            raise FormatError(f"{shown(path)}: no such file; check the name and the folder")
        if not path.is_file():  # a pipe would block, a device would never end
            raise FormatError(f"{shown(path)}: is not a regular file; name one ECG file")
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size  # read() allocates all that it is allowed
            data = file.read(min(size, max_bytes) + 1)
    except (OSError, ValueError) as error:  # ValueError: a name that no system takes
        reason = getattr(error, "strerror", None) or error
        raise FormatError(f"{shown(path)}: cannot be read: {reason}") from error
    if not data:
        raise FormatError(f"{shown(path)}: the file is empty; copy it again from its source")
    if len(data) > max_bytes:
        raise FormatError(
            f"{shown(path)}: larger than {max_bytes / 2**20:g} MiB; cut it to the part of interest"
        )
    return data


def shown(path: Path) -> str:
    """Return the name of *path* without its folder, fit for a one-line message."""
    return printable(path.name or str(path))


def printable(text: str, length: int = 80) -> str:
    """Return *text* fit for a one-line message."""
    return "".join(c if c.isprintable() else "?" for c in " ".join(text.split()))[:length]
