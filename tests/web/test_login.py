"""The login of a service that others reach, in a browser."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from axe_core_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from precord.api.access import Access, loopback_hosts
from precord.api.account import Accounts, Scope
from precord.api.app import create_app
from precord.api.audit import AuditLog
from precord.api.lan import certificate_fingerprint, make_certificate
from precord.api.pool import ParserPool
from precord.api.state import Service
from precord.library.sqlite import SqliteLibrary
from precord.retrieve import Retriever
from tests.api.service import make_library
from tests.fakes import FakeEncoder
from tests.web.conftest import SIZES, keep

PASSWORD = "correct horse battery"  # noqa: S105 - of the tests


@pytest.fixture
def origin(tmp_path: Path) -> Iterator[str]:
    """Serve a library with one account; in front of it a proxy would do TLS."""
    accounts = Accounts(tmp_path / "accounts.json")
    accounts.add("anna", Scope.INGEST, password=PASSWORD)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    access = Access(loopback_hosts(port), accounts=accounts)
    with serving(tmp_path, access, port):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def serving(
    folder: Path, access: Access, port: int, tls: tuple[Path | None, Path | None] = (None, None)
) -> Iterator[None]:
    """Serve a small library to whom *access* lets in."""
    encoder, path = FakeEncoder(), make_library(folder / "lib.db")
    with SqliteLibrary.open(path) as library, ParserPool(1) as parsers:
        audit = AuditLog(folder / "audit.jsonl")
        service = Service(Retriever(library, encoder), library, parsers, audit, encoder)
        app = create_app(service, access)
        cert, key = tls
        config = uvicorn.Config(
            app, port=port, log_level="error", ssl_certfile=cert, ssl_keyfile=key
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield
        server.should_exit = True
        thread.join(timeout=20)


@pytest.mark.parametrize(("size", "scheme"), [("desktop", "light"), ("phone", "dark")])
def test_a_person_logs_in_works_and_logs_out(
    browser: Browser, origin: str, size: str, scheme: str
) -> None:
    """Wrong first, then right; what the scope does not allow is not offered."""
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        locale="de-DE",
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = context.new_page()
    page.goto(origin)
    expect(page.locator("html")).to_have_attribute("lang", "de")
    page.get_by_label("Name").fill("anna")
    page.get_by_label("Kennwort").fill("falsch")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("Name oder Kennwort ist falsch.")
    found = [
        f"{v['id']} {n['html'][:120]}" for v in Axe().run(page)["violations"] for n in v["nodes"]
    ]
    assert found == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    keep(page, f"{size}-login-{scheme}")
    page.get_by_label("Name").fill("anna")
    page.get_by_label("Kennwort").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("body.ready")
    page.evaluate("location.hash = '#/library'")
    expect(page.locator("summary", has_text="Einen Fall aufnehmen")).to_be_visible()
    expect(page.locator("summary", has_text="Einen Patienten löschen")).to_have_count(0)
    page.get_by_role("button", name="Abmelden").click()
    expect(page.get_by_label("Kennwort")).to_be_visible()
    context.close()


@pytest.fixture
def lan(tmp_path: Path) -> Iterator[tuple[str, Access]]:
    """Serve as `precord serve --lan` does; return the console's address."""
    cert, key = make_certificate(tmp_path, ["127.0.0.1"])
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    origin = f"https://127.0.0.1:{port}"
    access = Access(
        loopback_hosts(port),
        is_secure=True,
        accounts=Accounts(tmp_path / "accounts.json"),
        origins=(origin,),
        certificate=certificate_fingerprint(cert),
    )
    with serving(tmp_path, access, port, (cert, key)):
        yield f"{origin}/?key={access.key}", access


def test_a_phone_is_let_in_by_the_page(browser: Browser, lan: tuple[str, Access]) -> None:
    """Under a certificate that nobody trusts the page works, without a worker, and says nothing."""
    url, access = lan
    laptop = browser.new_context(ignore_https_errors=True, locale="de-DE").new_page()
    faults: list[str] = []
    laptop.on("pageerror", lambda error: faults.append(str(error)))
    laptop.goto(url)
    laptop.wait_for_selector("body.ready")
    expect(laptop.locator("#alert")).to_be_empty()
    laptop.evaluate("location.hash = '#/library'")
    laptop.locator("summary", has_text="Ein Telefon hereinlassen").click()
    laptop.get_by_role("button", name="QR-Code zeigen").click()
    code = laptop.get_by_role("img", name="QR-Code mit der Adresse darunter")
    expect(code).to_be_visible()
    assert code.evaluate("async image => (await image.decode(), image.naturalWidth)") > 100
    expect(laptop.locator(".manage", has=code)).to_contain_text(access.certificate)
    shown = laptop.locator(".address").first.inner_text()
    keep(laptop, "desktop-pairing")

    width, height = SIZES["phone"]
    phone = browser.new_context(
        ignore_https_errors=True, locale="de-DE", viewport={"width": width, "height": height}
    ).new_page()
    phone.goto(shown)
    phone.wait_for_selector("body.ready")
    phone.fill("#text", "vorhofflimmern")
    phone.keyboard.press("Enter")
    expect(phone.locator(".hit").first).to_be_visible()
    phone.evaluate("location.hash = '#/library'")
    expect(phone.locator(".counts").first).to_be_visible()
    expect(phone.locator("summary", has_text="Ein Telefon hereinlassen")).to_have_count(0)
    assert faults == []
    for one in (laptop, phone):
        one.context.close()
