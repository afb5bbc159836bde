"""One file over HTTP: resumed where it stopped, checked, and only then given its name.

Source: RFC 9110, section 14 (range requests) and section 15 (status codes). What has arrived
lies in NAME.part beside the file; bytes are appended as they come, so that an interruption
loses none. Where a server has no ranges, the file comes from its beginning and the bytes that
are here already are skipped. The SHA-256 of the whole decides, whatever the server said.

Not supported: two runs into one folder at the same time.
"""

import hashlib
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import httpx

from precord.errors import FetchError, FileRefusedError

_LONGEST_WAIT = 60.0  # seconds, whatever a server asks for
_MISMATCHES = 3  # of the whole file: one may be an old part's fault, two are the server's
_PASSING = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}


@dataclass(frozen=True, slots=True)
class Patience:
    """How long an unsteady line is borne with.

    Attributes:
        attempts: in a row without a new byte, after which the line is given up.
        wait: seconds before the next attempt; doubled with each further failure in a row.
        timeout: seconds without a byte after which a connection counts as dead.
    """

    attempts: int = 6
    wait: float = 0.5
    timeout: float = 30.0


@dataclass(frozen=True, slots=True)
class Download:
    """A file to be fetched.

    Attributes:
        url: where it comes from.
        path: where it goes; its folder is made where there is none.
        sha256: 64 hexadecimal digits, lower case; None where nobody knows.
    """

    url: str
    path: Path
    sha256: str | None = None

    @property
    def part(self) -> Path:
        """Return the file that holds what has arrived."""
        return self.path.with_name(f"{self.path.name}.part")


def fetch_file(
    client: httpx.Client, download: Download, patience: Patience, stop: threading.Event
) -> bool:
    """Bring *download* to its path, unless it lies there already.

    Returns:
        Whether it had to be fetched.

    Raises:
        FileRefusedError: The server does not have it, or another file than expected; or a
            file of that name with other content lies there, which is left as it is.
        FetchError: The server cannot be reached, the disc not be written to, or *stop* was
            set; what has arrived is kept.
    """
    with _disc_errors(download.path):
        if download.path.exists():
            _check_present(download)
            return False
        download.path.parent.mkdir(parents=True, exist_ok=True)
        if download.sha256 is None:  # such a part may be another version's
            download.part.unlink(missing_ok=True)
        _fill(client, download, patience, stop)
        download.part.replace(download.path)
    return True


def _check_present(download: Download) -> None:
    """Refuse a file that lies there and is another one; it is not ours to replace."""
    if download.sha256 is not None and (found := _digest(download.path)) != download.sha256:
        raise FileRefusedError(
            f"{download.path}: {_mismatch(found, download.sha256)}; "
            "it was there before and is left alone: delete it to have it fetched"
        )


def _fill(
    client: httpx.Client, download: Download, patience: Patience, stop: threading.Event
) -> None:
    """Request the file until its part is the whole."""
    failures = mismatches = 0
    while not _is_whole(download):
        before = _size(download.part)
        try:
            _receive(client, download, before, stop)
        except _PassingError as error:
            failures = 1 if _size(download.part) > before else failures + 1
            if failures >= patience.attempts:
                raise FetchError(f"{download.url}: given up, {failures} tries: {error}") from error
            pause = error.wait or patience.wait * 2 ** (failures - 1)
            if stop.wait(min(pause, _LONGEST_WAIT)):
                raise FetchError(f"{download.url}: stopped") from error
            continue
        if download.sha256 is None:
            return
        if (found := _digest(download.part)) != download.sha256:
            download.part.unlink()  # not one byte of it can be trusted
            mismatches += 1
            if mismatches >= _MISMATCHES:
                why = _mismatch(found, download.sha256)
                raise FileRefusedError(f"{download.url}: {why}; nothing of it is kept")


class _PassingError(Exception):
    """A failure that may be over soon; *wait*: seconds that the server asked for."""

    def __init__(self, message: str, wait: float = 0.0) -> None:
        super().__init__(message)
        self.wait = wait


def _receive(client: httpx.Client, download: Download, n_here: int, stop: threading.Event) -> None:
    """Append to the part, which holds *n_here* bytes, what the server sends beyond them."""
    headers = {"Accept-Encoding": "identity"}  # the sums are those of the files themselves
    if n_here:
        headers["Range"] = f"bytes={n_here}-"
    note = ""
    try:
        with client.stream("GET", download.url, headers=headers) as answer:
            n_skip = _bytes_to_skip(answer, download, n_here)
            note = "; the server has no ranges, so that nothing can be resumed" if n_skip else ""
            _append(answer.iter_raw(), download.part, n_skip, stop)
    except httpx.TransportError as error:
        raise _PassingError(f"{str(error) or type(error).__name__}{note}") from error
    except (httpx.RequestError, httpx.InvalidURL) as error:
        raise FileRefusedError(f"{download.url}: {error}") from error


def _bytes_to_skip(answer: httpx.Response, download: Download, n_here: int) -> int:
    """Return how many bytes of the answer's body are here already.

    Raises:
        _PassingError: The server may know better in a while.
        FileRefusedError: It will not.
    """
    status = answer.status_code
    if status == HTTPStatus.OK:
        return n_here
    if status == HTTPStatus.PARTIAL_CONTENT:
        span = answer.headers.get("Content-Range", "")
        if n_here and re.match(rf"bytes {n_here}-", span):
            return 0
        raise FileRefusedError(f"{download.url}: range {span!r}, expected from byte {n_here}")
    if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and n_here:
        download.part.unlink()  # longer than the file: no beginning of it
        raise _PassingError("the part that was here is longer than the file")
    line = f"HTTP {status} {answer.reason_phrase}".strip()
    if status in _PASSING:
        after = answer.headers.get("Retry-After", "")
        raise _PassingError(line, float(after) if after.isdecimal() else 0.0)
    raise FileRefusedError(f"{download.url}: {line}")


def _append(chunks: Iterator[bytes], part: Path, n_skip: int, stop: threading.Event) -> None:
    """Append *chunks* to *part*, all but their first *n_skip* bytes, and see them on the disc."""
    with part.open("ab", buffering=0) as file:
        for chunk in chunks:
            if stop.is_set():
                raise FetchError(f"{part}: stopped")
            new = memoryview(chunk)[n_skip:]
            n_skip = max(n_skip - len(chunk), 0)
            while new:
                new = new[file.write(new) :]
        os.fsync(file.fileno())


def _is_whole(download: Download) -> bool:
    """Tell whether the part is the whole file, as after a stop just before its renaming."""
    return (
        download.sha256 is not None
        and download.part.is_file()
        and _digest(download.part) == download.sha256
    )


def _digest(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _mismatch(found: str, expected: str) -> str:
    """Say that two sums differ; twelve digits are enough to see it."""
    return f"SHA-256 {found[:12]}..., expected {expected[:12]}..."


def _size(path: Path) -> int:
    """Return the size of a file in bytes; 0 where there is none."""
    return path.stat().st_size if path.exists() else 0


@contextmanager
def _disc_errors(path: Path) -> Iterator[None]:
    """Turn what the disc refuses into an error that says what to do."""
    try:
        yield
    except OSError as error:
        raise FetchError(
            f"{error.filename or path}: {error.strerror or error}; "
            "what has arrived is kept, so put this right and run the same command again"
        ) from error
