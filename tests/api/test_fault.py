"""What goes wrong around a service: a clear error, the service up, nothing lost."""

import errno
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI
from starlette.testclient import TestClient

from precord.api.audit import AuditLog
from precord.api.pool import ParserPool
from precord.errors import LibraryError
from precord.library.sqlite import SqliteLibrary
from tests.api.service import HOST
from tests.api.test_search import parts


def test_a_killed_worker_is_one_refusal(
    client: TestClient, parsers: ParserPool, ecg: Path, library: SqliteLibrary
) -> None:
    """The upload that it read is refused; the next one is answered, and no case is lost."""
    os.kill(parsers._free[0]._process.pid, signal.SIGKILL)
    parsers._free[0]._process.wait()
    assert client.post("/v1/search", files=parts(ecg)).status_code == 422
    assert client.post("/v1/search", files=parts(ecg)).status_code == 200
    assert client.get("/v1/ready").status_code == 200
    assert len(library) == 5


def test_a_full_disk_refuses_and_keeps(
    client: TestClient, library: SqliteLibrary, ecg: Path
) -> None:
    """SQLite is told that the disk ends here: nothing is added, all is still there."""
    with library.reading() as db:
        (pages,) = db.execute("PRAGMA page_count").fetchone()
        db.execute(f"PRAGMA max_page_count = {pages}")
    form = {"source": "clinician", "report": "Sinusrhythmus " * 1000, "patient": "x:1"}
    got = client.post("/v1/cases", files=parts(ecg), data=form)
    assert got.status_code == 503
    assert "disk is full" in got.json()["detail"]
    assert client.post("/v1/search", files=parts(ecg)).status_code == 200
    library.check()
    assert len(library) == 5
    with library.reading() as db:
        db.execute("PRAGMA max_page_count = 1000000")
    assert client.post("/v1/cases", files=parts(ecg), data=form).status_code == 201


def test_a_full_disk_under_uploads(
    client: TestClient, ecg: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No room for what is uploaded: 507, and the next upload is answered when there is."""

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("precord.api.upload._write", full)
        got = client.post("/v1/search", files=parts(ecg))
    assert got.status_code == 507
    assert "disk is full" in got.json()["detail"]
    assert client.post("/v1/search", files=parts(ecg)).status_code == 200


def test_what_cannot_be_logged_does_not_happen(
    client: TestClient, library: SqliteLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A patient is not erased without a trace of who did it."""

    def full(*_: object, **__: object) -> None:
        raise LibraryError("audit.jsonl: the audit log cannot be written")

    monkeypatch.setattr(AuditLog, "write", full)
    assert client.delete("/v1/patients/p:1").status_code == 503
    assert len(library) == 5


def test_a_corrupted_library_is_said_so(client: TestClient, library: SqliteLibrary) -> None:
    """Pages overwritten under a running service: 503 in one line, health still answered."""
    with library.reading() as db:
        db.execute("PRAGMA wal_checkpoint (TRUNCATE)")
        db.execute("PRAGMA cache_size = 0")
    size = library.path.stat().st_size
    with library.path.open("r+b") as file:
        file.seek(8192)
        file.write(os.urandom(size - 8192))
    with library.reading() as db:
        db.execute("PRAGMA shrink_memory")
    got = client.get("/v1/library")
    assert got.status_code == 503
    assert "damaged" in got.json()["detail"]
    assert str(library.path.parent) not in got.text
    assert client.get("/v1/health").status_code == 200


def test_fifty_malformed_uploads_at_once(app: FastAPI, client: TestClient, ecg: Path) -> None:
    """Each is refused in one line; then a good one is answered."""
    junk = [os.urandom(2000) for _ in range(10)]
    hea = ecg.read_bytes()
    junk += [hea[:n] for n in (0, 5, 40)] + [b"PK\x03\x04" + bytes(500), b"\x89PNG" + bytes(50)]
    names = ["x.dcm", "x.hea", "x.zip", "x.mat", "x.png"]

    def send(number: int) -> int:
        one = TestClient(app, f"http://{HOST}", headers={"Authorization": "Bearer the-key"})
        part = (names[number % len(names)], junk[number % len(junk)])
        got = one.post("/v1/search", files=[("file", part)])
        assert "\n" not in got.json()["detail"]
        return got.status_code

    with ThreadPoolExecutor(50) as pool:
        codes = list(pool.map(send, range(50)))
    assert set(codes) <= {413, 422, 503}
    assert codes.count(422) > 25
    assert client.post("/v1/search", files=parts(ecg)).status_code == 200


@pytest.fixture
def port(app: FastAPI) -> Iterator[int]:
    """Serve the application on a real socket; the Host header is that of the fixtures."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, port=number, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield number
    server.should_exit = True
    server.force_exit = True
    thread.join(timeout=20)


def test_slow_clients_hold_nobody_up(port: int) -> None:
    """A hundred that never finish their upload take no thread: others are answered."""
    head = (
        f"POST /v1/search HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer the-key\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 100000\r\n\r\n--b\r\n"
    ).encode()
    slow = [socket.create_connection(("127.0.0.1", port), 20) for _ in range(100)]
    try:
        for one in slow:
            one.sendall(head)
        with socket.create_connection(("127.0.0.1", port), 20) as quick:
            quick.sendall(
                f"GET /v1/search?text=vorhofflimmern HTTP/1.1\r\nHost: {HOST}\r\n"
                "Authorization: Bearer the-key\r\nConnection: close\r\n\r\n".encode()
            )
            assert quick.recv(15) == b"HTTP/1.1 200 OK"
    finally:
        for one in slow:
            one.close()
