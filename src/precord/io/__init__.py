"""ECG files to records: one reader per format, chosen by a file's content, not its name."""

import re
from pathlib import Path

from precord.digitize import digitize, is_picture
from precord.errors import FormatError, UnsupportedFormatError
from precord.io.dicom import is_dicom, read_dicom
from precord.io.file import READABLE, read_bytes, shown
from precord.io.wfdb import read_wfdb
from precord.io.wfdb_header import is_wfdb_header, names_signal_file
from precord.io.write import write_csv, write_wfdb
from precord.record import Record

__all__ = ["read", "read_dicom", "read_wfdb", "write_csv", "write_wfdb"]

_SIGNAL_SUFFIX = re.compile(r"\.(dat|d[0-9]+)", re.IGNORECASE)
_OTHERS = {  # first bytes -> name, for a message that helps
    b"\x89HDF": "an HDF5 file",
    b"MATLAB": "a MATLAB file",
    b"PK\x03\x04": "a ZIP archive; unpack it",
    b"\x1f\x8b": "a gzip file; unpack it",
    b"<?xml": "an XML file",
    b"SQLite": "an SQLite file",
}


def read(path: Path) -> Record:
    """Read the ECG at *path*, whatever its format and its name.

    A WFDB record may be named by its header, by one of its signal files, or by neither's
    suffix.

    Raises:
        PrecordError: There is no file, or none that can be read; the message says why.
    """
    if _is_bare_record(path):
        return read_wfdb(path.with_name(path.name + ".hea"))
    data = read_bytes(path)
    if is_dicom(data):
        return read_dicom(path)
    if is_wfdb_header(data):
        return read_wfdb(path)
    if is_picture(data):
        return digitize(data, shown(path)).record
    header = path.with_suffix(".hea")
    if header.is_file() and names_signal_file(read_bytes(header), path.name):
        return read_wfdb(header)
    if _SIGNAL_SUFFIX.fullmatch(path.suffix):
        raise FormatError(
            f"{shown(path)}: a WFDB signal file needs its header; put {shown(header)}, which "
            "names it, beside it"
        )
    kind = next((name for start, name in _OTHERS.items() if data.startswith(start)), None)
    found = f"this is {kind}" if kind else "unknown content"
    raise UnsupportedFormatError(f"{shown(path)}: {found}; precord reads {READABLE}")


def _is_bare_record(path: Path) -> bool:
    """Tell whether *path* is a record's name, without the suffix of its header."""
    try:
        return not path.exists() and path.with_name(path.name + ".hea").is_file()
    except (OSError, ValueError):  # a name that no system takes; reading it says so
        return False
