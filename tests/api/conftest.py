"""What the tests of the API share: a small library, a service on it, and clients."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from precord.api.access import Access, loopback_hosts
from precord.api.app import create_app
from precord.api.audit import AuditLog
from precord.api.pool import ParserPool
from precord.api.state import Service
from precord.io import write_wfdb
from precord.library.sqlite import SqliteLibrary
from precord.retrieve import Retriever
from tests.api.service import HOST, heart, make_library
from tests.fakes import FakeEncoder


@pytest.fixture(scope="session")
def parsers() -> Iterator[ParserPool]:
    """Return one worker that all tests share."""
    with ParserPool(1, seconds=600.0) as pool:  # a loaded machine is no fault
        yield pool


@pytest.fixture
def library(tmp_path: Path) -> Iterator[SqliteLibrary]:
    """Return a library of five cases, one of them of unknown scale."""
    path = make_library(tmp_path / "lib.db")
    with SqliteLibrary.open(path) as opened:
        yield opened


@pytest.fixture
def access() -> Access:
    """Return who may come in."""
    return Access(loopback_hosts(8417), key="the-key", session="the-session")


@pytest.fixture
def app(library: SqliteLibrary, parsers: ParserPool, access: Access) -> FastAPI:
    """Return the application on that library."""
    encoder = FakeEncoder()
    audit = AuditLog(library.path.with_name("audit.jsonl"))
    service = Service(Retriever(library, encoder), library, parsers, audit, encoder)
    return create_app(service, access)


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    """Return a program with the key."""
    headers = {"Authorization": "Bearer the-key"}
    return TestClient(app, f"http://{HOST}", headers=headers, raise_server_exceptions=False)


@pytest.fixture
def stranger(app: FastAPI) -> TestClient:
    """Return a program without the key."""
    return TestClient(app, f"http://{HOST}", raise_server_exceptions=False)


@pytest.fixture
def ecg(tmp_path: Path) -> Path:
    """Return the header of an ECG that is in no library."""
    return write_wfdb(heart(99), tmp_path / "ecg")
