"""PTB-XL 1.0.3 from PhysioNet, or from a mirror with the same files.

Source: https://physionet.org/content/ptb-xl/1.0.3/, Wagner et al. 2020, CC BY 4.0. There,
`SHA256SUMS.txt` has a line "digest path" for each file, and `RECORDS` a line for each record,
such as `records500/00000/00001_hr`; a record is a `.hea` and a `.dat`. The sums say what is
fetched; the records, whether the list of sums is whole.
"""

import re
import threading
from enum import StrEnum
from pathlib import Path

import httpx

from precord.errors import FetchError
from precord.fetch.transfer import Download, Patience, fetch_file

PTBXL_URL = "https://physionet.org/files/ptb-xl/1.0.3/"
_SUMS, _RECORDS = "SHA256SUMS.txt", "RECORDS"
_NEEDED = (_RECORDS, "ptbxl_database.csv", "scp_statements.csv")
_SUM = re.compile(r"([0-9a-f]{64})[ \t]+\*?(\S+)")
_RECORD_FILE = re.compile(r"records(100|500)/\d{5}/\d{5}_(?:lr|hr)\.(?:hea|dat)")
_TEXT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*\.(?:csv|txt)")  # at the top: tables, licence


class Rates(StrEnum):
    """Which copies of the records, by their sampling rate in Hz."""

    HIGH = "500"
    LOW = "100"
    BOTH = "both"


def list_ptbxl(
    client: httpx.Client, directory: Path, rates: Rates, *, base_url: str, patience: Patience
) -> list[Download]:
    """Return what belongs into *directory*: the tables first, then every record.

    The two files that say so are fetched, unless they are there.

    Raises:
        FetchError: They cannot be fetched, or are none of PTB-XL's.
    """
    base_url = f"{base_url.rstrip('/')}/"
    never = threading.Event()
    path = directory / _SUMS
    is_new = fetch_file(client, Download(base_url + _SUMS, path), patience, never)
    try:
        sums = _read_sums(path)
    except FetchError:
        if is_new:  # such as the page of a proxy that wants a name and a password
            path.unlink()
        raise

    def download(name: str) -> Download:
        return Download(base_url + name, directory / name, sums[name])

    fetch_file(client, download(_RECORDS), patience, never)
    texts = [_RECORDS, *(name for name in sums if _TEXT.fullmatch(name) and name != _SUMS)]
    records = _choose_records(sums, directory / _RECORDS, rates)
    return [download(name) for name in (*texts, *records)]


def _read_sums(path: Path) -> dict[str, str]:
    """Return the SHA-256 of each file by its name."""
    sums: dict[str, str] = {}
    for number, line in enumerate(_lines(path), start=1):
        match = _SUM.fullmatch(line)
        if not match:
            raise FetchError(f"{path}: line {number}: {line[:60]!r}, expected a SHA-256 and a path")
        sums[match[2].removeprefix("./")] = match[1]
    if missing := [name for name in _NEEDED if name not in sums]:
        raise FetchError(f"{path}: names no {missing[0]}, expected the sums of PTB-XL 1.0.3")
    return sums


def _choose_records(sums: dict[str, str], records: Path, rates: Rates) -> list[str]:
    """Return the names of the files of each record at *rates*.

    Raises:
        FetchError: There are none, or the list of records names one that has no sum.
    """
    for line in _lines(records):
        missing = [name for name in (f"{line}.hea", f"{line}.dat") if name not in sums]
        if missing and _RECORD_FILE.fullmatch(missing[0]):
            raise FetchError(f"{records}: names {missing[0]}, of which {_SUMS} has no sum")
    matches = (_RECORD_FILE.fullmatch(name) for name in sums)
    names = [match[0] for match in matches if match and rates in {Rates.BOTH, match[1]}]
    if not names:
        raise FetchError(f"{records.with_name(_SUMS)}: names no record at {rates} Hz")
    return names


def _lines(path: Path) -> list[str]:
    """Return the lines of a text that are not empty."""
    try:
        text = path.read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise FetchError(f"{path}: not a readable list: {error}") from error
    return [line.strip() for line in text.splitlines() if line.strip()]
