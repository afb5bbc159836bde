"""Tests of `precord serve` and `precord audit`; the service itself has tests of its own."""

from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI

from precord.api.access import Access
from precord.api.app import create_app
from precord.api.lan import certificate_fingerprint, draw_qr, make_certificate
from precord.api.state import Service
from tests.cli.conftest import Run


@pytest.mark.parametrize(
    "words",
    [
        ("--host", "0.0.0.0"),  # noqa: S104 - refused
        ("--host", "192.168.1.5"),
        ("--cert", "a.pem"),
        ("--key", "a.pem"),
    ],
)
def test_nothing_but_loopback_without_tls(run: Run, library: Path, words: tuple[str, ...]) -> None:
    """Refused before anything is opened; the message names the ways out."""
    answer = run("serve", "--library", library, *words)
    assert answer.status == 2
    assert "--cert" in answer.err


def test_a_language_model_elsewhere_is_refused(run: Run, library: Path) -> None:
    """Before anything is served; findings of patients stay near."""
    for url, says in (("http://8.8.8.8/v1", "--llm-anywhere"), ("8.8.8.8", "expected such as")):
        answer = run("serve", "--library", library, "--no-browser", "--llm", url)
        assert answer.status == 1
        assert says in answer.err


def test_a_missing_library_is_one_line(run: Run, tmp_path: Path) -> None:
    """As with every other command."""
    answer = run("serve", "--library", tmp_path / "none.db", "--no-browser")
    assert answer.status == 1
    assert "no such library" in answer.err


def test_the_address_is_printed_and_the_start_logged(
    run: Run, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key is new at each launch; `precord audit verify` counts the launches."""
    monkeypatch.setattr(uvicorn.Server, "run", lambda _: None)
    first = run("serve", "--library", library, "--no-browser")
    second = run("serve", "--library", library, "--no-browser")

    assert first.status == second.status == 0
    assert first.out.startswith("http://127.0.0.1:8417/?key=")
    assert first.out != second.out
    assert len(first.out.strip().partition("key=")[2]) >= 32

    checked = run("audit", "verify", "--library", library)
    assert "whole, 2 lines" in checked.out
    log = library.with_name("lib.db.audit.jsonl")
    log.write_text(log.read_text().replace("start", "stop"))
    assert run("audit", "verify", "--library", library).status == 1


@pytest.mark.parametrize(
    ("words", "has_accounts"), [((), False), (("--behind-proxy",), True), (("--lan",), True)]
)
def test_a_service_that_others_reach_has_accounts(
    run: Run,
    library: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    has_accounts: bool,
) -> None:
    """On this machine alone there is the printed key, and nothing else."""
    seen: list[Access] = []

    def create(service: Service, access: Access) -> FastAPI:
        seen.append(access)
        return create_app(service, access)

    monkeypatch.setattr(uvicorn.Server, "run", lambda _: None)
    monkeypatch.setattr("precord.api.lan.own_address", lambda: "192.168.1.5")
    monkeypatch.setattr("precord.api.app.create_app", create)
    assert run("serve", "--library", library, "--no-browser", *words).status == 0
    assert (seen[0].accounts is not None) == has_accounts
    assert seen[0].is_behind_proxy == ("--behind-proxy" in words)


def test_a_certificate_is_made_once_and_read_by_its_owner_alone(tmp_path: Path) -> None:
    """A phone that accepted it need not do so anew; another address needs another one."""
    cert, key = make_certificate(tmp_path, ["192.168.1.5"])
    before = certificate_fingerprint(cert)
    assert key.stat().st_mode & 0o777 == 0o600
    assert certificate_fingerprint(make_certificate(tmp_path, ["192.168.1.5"])[0]) == before
    assert certificate_fingerprint(make_certificate(tmp_path, ["192.168.1.6"])[0]) != before


def test_a_qr_code_is_drawn() -> None:
    """Square blocks, as high as they are wide at two rows a line."""
    lines = draw_qr("https://192.168.1.5:8417/?key=abc").splitlines()
    assert len(lines) > 10
    assert any("█" in line or "▄" in line or "\x1b" in line for line in lines)
