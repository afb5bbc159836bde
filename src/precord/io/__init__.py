"""ECG files to records: one reader per format, chosen by a file's content, not its name."""

import re
from collections.abc import Callable
from pathlib import Path

from precord.digitize import OnStage, Options, digitize, is_picture
from precord.digitize.stage import unwatched
from precord.errors import FormatError, UnsupportedFormatError
from precord.io.dicom import is_dicom, read_dicom
from precord.io.dicom_document import digitize_object, holds_pdf
from precord.io.file import READABLE, read_bytes, shown
from precord.io.hdf5 import is_hdf5, read_hdf5
from precord.io.matlab import is_matlab, read_matlab
from precord.io.numpy_file import is_numpy, read_numpy
from precord.io.stated import Stated
from precord.io.table import is_table, read_table
from precord.io.wfdb import read_wfdb
from precord.io.wfdb_header import is_wfdb_header, names_signal_file
from precord.io.write import write_csv, write_wfdb
from precord.record import Record

__all__ = ["Stated", "read", "read_dicom", "read_wfdb", "write_csv", "write_wfdb"]

_SIGNAL_SUFFIX = re.compile(r"\.(dat|d[0-9]+)", re.IGNORECASE)
_OTHERS = {  # first bytes -> name, for a message that helps
    b"MATLAB": "a MATLAB file of another level than 4, 5 or 7.3",
    b"PK\x03\x04": "a ZIP archive; unpack it",
    b"\x1f\x8b": "a gzip file; unpack it",
    b"<?xml": "an XML file",
    b"SQLite": "an SQLite file",
}


_BARE = (  # files of bare numbers: what a content is, and its reader
    (is_matlab, read_matlab),
    (is_hdf5, read_hdf5),
    (is_numpy, read_numpy),
    (is_table, read_table),
)


def read(
    path: Path,
    stated: Stated | None = None,
    paper: Options | None = None,
    *,
    on_stage: OnStage = unwatched,
) -> Record:
    """Read the ECG at *path*, whatever its format and its name.

    A WFDB record may be named by its header, by one of its signal files, or by neither's
    suffix.

    Args:
        path: the file.
        stated: what a file of bare numbers leaves out: rate, unit, leads.
        paper: what a person says of a picture of paper: its layout, speed, gain, ...
        on_stage: called as each stage of reading a picture begins.

    Raises:
        PrecordError: There is no file, or none that can be read; the message says why.
    """
    if _is_bare_record(path):
        return _read_complete(read_wfdb, path.with_name(path.name + ".hea"), stated)
    data = read_bytes(path)
    if is_picture(data) or (is_dicom(data) and holds_pdf(data)):
        read_page = digitize if is_picture(data) else digitize_object
        return _read_complete(
            lambda _: read_page(data, shown(path), paper, on_stage).record, path, stated
        )
    if paper is not None and paper != Options():
        raise FormatError(
            f"{shown(path)}: no picture of an ECG on paper; --layout, --speed, --gain, --corners, "
            "--rotate and --page are of such"
        )
    if is_dicom(data):
        return _read_complete(read_dicom, path, stated)
    if is_wfdb_header(data):
        return _read_complete(read_wfdb, path, stated)
    header = path.with_suffix(".hea")
    if header.is_file() and names_signal_file(read_bytes(header), path.name):
        return _read_complete(read_wfdb, header, stated)
    for is_of_kind, read_numbers in _BARE:
        if is_of_kind(data):
            return read_numbers(path, stated or Stated())
    if _SIGNAL_SUFFIX.fullmatch(path.suffix):
        raise FormatError(
            f"{shown(path)}: a WFDB signal file needs its header; put {shown(header)}, which "
            "names it, beside it"
        )
    kind = next((name for start, name in _OTHERS.items() if data.startswith(start)), None)
    found = f"this is {kind}" if kind else "unknown content"
    raise UnsupportedFormatError(f"{shown(path)}: {found}; precord reads {READABLE}")


def _read_complete(
    read_file: Callable[[Path], Record], path: Path, stated: Stated | None
) -> Record:
    """Read a file whose format says rate, unit and leads itself."""
    if stated is not None and not stated.is_empty:
        raise FormatError(
            f"{shown(path)}: the file says its rate, unit and leads itself; state none of them"
        )
    return read_file(path)


def _is_bare_record(path: Path) -> bool:
    """Tell whether *path* is a record's name, without the suffix of its header."""
    try:
        return not path.exists() and path.with_name(path.name + ".hea").is_file()
    except (OSError, ValueError):  # a name that no system takes; reading it says so
        return False
