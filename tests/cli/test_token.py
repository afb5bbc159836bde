"""Tests of `precord token`."""

from pathlib import Path

import pytest
import typer

from precord.api.account import Accounts, accounts_path
from tests.cli.conftest import Run


def test_a_token_is_added_listed_and_revoked(run: Run, library: Path) -> None:
    """It is printed once; the list names it and never shows it."""
    added = run("token", "add", "ward 3", "--library", library, "--scope", "ingest", "--days", "30")
    token = added.out.strip()
    assert added.status == 0
    accounts = Accounts(accounts_path(library))
    found = accounts.by_token(token)
    assert found is not None
    assert found.scope == "ingest"

    listed = run("token", "list", "--library", library)
    assert "ward 3" in listed.out
    assert token not in listed.out

    assert run("token", "revoke", "ward 3", "--library", library).status == 0
    assert accounts.by_token(token) is None
    gone = run("token", "revoke", "ward 3", "--library", library)
    assert (gone.status, gone.err.count("\n")) == (1, 1)


def test_a_person_chooses_a_password(
    run: Run, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked for, and never printed."""
    monkeypatch.setattr(typer, "prompt", lambda *_, **__: "correct horse battery")
    added = run("token", "add", "anna", "--library", library, "--password")
    assert "correct" not in added.out + added.err
    assert Accounts(accounts_path(library)).by_password("anna", "correct horse battery")
    monkeypatch.setattr(typer, "prompt", lambda *_, **__: "short")
    assert run("token", "add", "eva", "--library", library, "--password").status == 1
