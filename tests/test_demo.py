"""Tests of precord.demo; the demonstration as a whole is tested in tests/cli/test_demo.py."""

import socket
from pathlib import Path

import pytest

from precord import demo
from precord.errors import QueryError
from precord.io import read
from precord.library.sqlite import SqliteLibrary
from precord.report import Language, Source
from tests.fakes import FakeEncoder


def _ignore(_: int) -> None:
    """Take no notice of progress."""


def test_cases_are_seeded_and_simulated() -> None:
    """The same cases every time, in both languages, each marked SIMULATED."""
    first, again = demo.draw_cases(_ignore, 6), demo.draw_cases(_ignore, 6)

    assert [e.load().digest() for e in first] == [e.load().digest() for e in again]
    assert len({e.load().digest() for e in first}) == 6
    reports = [e.report for e in first if e.report]
    assert {r.source for r in reports} == {Source.SIMULATED}
    assert {r.language for r in reports} == {Language.GERMAN, Language.ENGLISH}
    assert len({e.patient for e in first}) == 6


def test_progress_counts_every_case() -> None:
    """The bar reaches its end."""
    steps: list[int] = []

    demo.draw_cases(steps.append, 4)

    assert sum(steps) == 4


def test_library_holds_the_cases(tmp_path: Path) -> None:
    """Every case is in the library, with its signal and its source."""
    entries = demo.draw_cases(_ignore, 5)
    steps: list[int] = []

    path = demo.build_library(tmp_path, entries, FakeEncoder(), steps.append)

    with SqliteLibrary.open(path, encoder=FakeEncoder()) as library:
        cases = library.cases([e.case_id for e in entries], with_record=True)
    assert [c.source for c in cases] == [Source.SIMULATED] * 5
    assert all(c.record is not None for c in cases)
    assert sum(steps) == 5


def test_queries_need_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both query files come from what is installed, and can be read; the library lacks them."""

    def refuse(*_: object) -> None:
        pytest.fail("the demonstration opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    real, query = demo.copy_dicom(tmp_path), demo.write_query(tmp_path)

    assert len(read(real).leads) == 12
    assert read(query).acquisition.age == 71.0
    known = {entry.load().digest() for entry in demo.draw_cases(_ignore, 5)}
    assert read(query).digest() not in known


def test_folder_of_others_is_refused(tmp_path: Path) -> None:
    """A folder with somebody's files is left as it is."""
    (tmp_path / "library.db").write_text("precious")

    with pytest.raises(QueryError, match="holds other files"):
        demo.open_folder(tmp_path)

    assert (tmp_path / "library.db").read_text() == "precious"


def test_own_folder_is_used_again(tmp_path: Path) -> None:
    """What an earlier demonstration left is replaced; what a user put beside it stays."""
    demo.open_folder(tmp_path)
    (tmp_path / "library.db").write_text("old")
    (tmp_path / "notes.txt").write_text("mine")

    demo.open_folder(tmp_path)

    assert not (tmp_path / "library.db").exists()
    assert (tmp_path / "notes.txt").read_text() == "mine"
