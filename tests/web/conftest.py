"""A browser and a running service for the tests of the page."""

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect, sync_playwright

from precord.api.access import Access, loopback_hosts
from precord.api.app import create_app
from precord.api.audit import AuditLog
from precord.api.pool import ParserPool
from precord.api.state import Service
from precord.io import write_wfdb
from precord.library.sqlite import SqliteLibrary
from precord.retrieve import Retriever
from tests.api.service import heart, make_library
from tests.fakes import FakeEncoder

PATIENCE = 120_000  # ms; how long a page takes says nothing here
expect.set_options(timeout=PATIENCE)

SIZES = {"desktop": (1280, 900), "phone": (360, 740)}


@dataclass(frozen=True)
class Site:
    """A running service.

    Attributes:
        url: with the key.
        ecg: the two files of an ECG that is in no library.
    """

    url: str
    origin: str
    ecg: list[str]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Serve a small library on a free port of this machine."""
    folder = tmp_path_factory.mktemp("site")
    header = write_wfdb(heart(99), folder / "ecg")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    encoder, access = FakeEncoder(), Access(loopback_hosts(port))
    with (
        SqliteLibrary.open(make_library(folder / "lib.db")) as library,
        ParserPool(1, seconds=600.0) as parsers,
    ):
        audit = AuditLog(folder / "audit.jsonl")
        service = Service(Retriever(library, encoder), library, parsers, audit, encoder)
        config = uvicorn.Config(create_app(service, access), port=port, log_level="error")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        origin = f"http://127.0.0.1:{port}"
        files = [str(header), str(header.with_suffix(".dat"))]
        yield Site(f"{origin}/?key={access.key}", origin, files)
        server.should_exit = True
        thread.join(timeout=20)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return Debian's Chromium, or skip, visibly, where there is none."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium (or make setup)")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield started
        started.close()


Open = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, site: Site) -> Iterator[Open]:
    """Return a function that opens the page; at the end, nothing may have gone wrong in it."""
    opened, faults = [], []

    def call(size: str = "desktop", language: str = "en-US", scheme: str = "light") -> Page:
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height},
            locale=language,
            color_scheme="dark" if scheme == "dark" else "light",
            has_touch=size == "phone",
            is_mobile=size == "phone",
        )
        opened.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on(
            "console",
            lambda m: faults.append(m.text) if "Content Security" in m.text else None,
        )
        page.on(
            "request",
            lambda r: None if r.url.startswith((site.origin, "blob:")) else faults.append(r.url),
        )
        page.goto(site.url)
        page.wait_for_selector("body.ready")
        return page

    yield call
    for context in opened:
        context.close()
    assert faults == []


def keep(page: Page, name: str) -> None:
    """Keep a screenshot where PRECORD_SCREENSHOTS names a folder, for people to look at."""
    if folder := os.environ.get("PRECORD_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
