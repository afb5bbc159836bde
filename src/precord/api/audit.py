"""Who did what, when: one JSON object a line, each signed over the one before.

A line holds a time, an action, what it was done to, and a hash over itself and the hash of
the line before. Whoever changes, drops or inserts a line breaks the chain from there on;
cutting off the newest lines cannot be seen from the file alone, so print the last hash
elsewhere now and then (`precord audit verify` shows it). Who asked is the name of an account.
Whose a case was is said by the beginning of the patient's pseudonym: who has the id and the
library's key file finds the lines of a patient, until the patient is erased and the pseudonym's
key destroyed. No report text and no patient id is ever written.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any

from precord.errors import LibraryError

ACTOR: ContextVar[str] = ContextVar("actor", default="")
"""The account whose request is being answered; the guard sets it for each request."""

_START = "0" * 64
_LONGEST = 2**16  # bytes of a line


def audit_path(library: Path) -> Path:
    """Return where the log of the library at *library* lies."""
    return library.with_name(f"{library.name}.audit.jsonl")


class AuditLog:
    """An append-only log; threads and processes may share one file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = Lock()

    def write(self, action: str, **facts: str | int | None) -> None:
        """Append a line; it is on the disk when this returns.

        Raises:
            LibraryError: The log cannot be written; then what it was about must not happen.
        """
        with self._lock:
            try:
                handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
                with os.fdopen(handle, "r+b") as file:
                    fcntl.flock(file, fcntl.LOCK_EX)
                    size = file.seek(0, os.SEEK_END)
                    file.seek(max(0, size - _LONGEST))
                    tail = file.read()
                    last = _last_hash(tail)
                    line: dict[str, str | int] = {
                        "time": datetime.now(UTC).isoformat("T", "seconds"),
                        "action": action,
                    }
                    if actor := ACTOR.get():
                        line["who"] = actor
                    line |= {key: value for key, value in facts.items() if value is not None}
                    line["hash"] = _sign(last, line)
                    torn = b"\n" if tail and not tail.endswith(b"\n") else b""
                    file.write(torn + json.dumps(line).encode() + b"\n")
                    file.flush()
                    os.fsync(file.fileno())
            except OSError as error:
                raise LibraryError(
                    f"{self.path.name}: the audit log cannot be written: {error.strerror}"
                ) from error


def verify(path: Path) -> tuple[int, str]:
    """Return how many lines the log has, and the hash of the last.

    Raises:
        LibraryError: There is no log, or its chain is broken; the message names the line.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise LibraryError(f"{path}: cannot be read: {error.strerror}") from error
    before, n_lines = _START, 0
    for n_lines, line in enumerate(_lines(data), start=1):
        if line is None or line.get("hash") != _sign(before, line):
            raise LibraryError(f"{path}: line {n_lines} is not as it was written")
        before = line["hash"]
    return n_lines, before


def _last_hash(data: bytes) -> str:
    """Return the hash of the last line of *data*, whole or not."""
    last = data.rstrip(b"\n").rpartition(b"\n")[2]
    if not last:
        return _START
    line = next(_lines(last))
    return str(line["hash"]) if line and "hash" in line else hashlib.sha256(last).hexdigest()


def _lines(data: bytes) -> Iterator[dict[str, Any] | None]:
    """Yield the lines of a log, None for one that is no JSON object."""
    for raw in data.splitlines():
        try:
            line = json.loads(raw)
        except ValueError:
            line = None
        yield line if isinstance(line, dict) else None


def _sign(before: str, line: dict[str, Any]) -> str:
    """Return the hash of *line* behind the line whose hash is *before*."""
    said = {key: value for key, value in line.items() if key != "hash"}
    return hashlib.sha256(f"{before}{json.dumps(said, sort_keys=True)}".encode()).hexdigest()
