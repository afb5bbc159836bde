"""Tests of `precord ingest`, on a folder of WFDB files with a table."""

import json
from pathlib import Path

import pytest

from precord.io import write_wfdb
from tests.cli.conftest import Run, beating


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Return a folder of three ECGs, one of them cut short, with its table."""
    folder = tmp_path / "archive"
    folder.mkdir()
    for n in range(3):
        write_wfdb(beating(n), folder / f"e{n}")
    (folder / "e2.dat").write_bytes(b"\0" * 10)
    (folder / "table.csv").write_text(
        "file,patient,statements,report,source,fold\n"
        "e0.hea,p1,SR;LVH,Linkshypertrophie,clinician,1\n"
        "e1.hea,p2,AFIB,vorhofflimmern,machine,2\n"
        "e2.hea,p3,SR,,,1\n"
    )
    return folder


def test_folder_becomes_a_library(run: Run, archive: Path, tmp_path: Path) -> None:
    """What can be read is added, what cannot is named; a second run adds nothing."""
    library = tmp_path / "lib.db"
    words = ("ingest", "folder", archive, "--library", library, "--workers", "1")

    first, second = run(*words), run(*words)

    assert (first.status, second.status) == (0, 0)
    assert "2 added, 0 already there, 1 left out; 2 cases" in first.out
    assert "0 added, 2 already there, 1 left out; 2 cases" in second.out
    assert "left out: archive/e2: " in first.err
    found = json.loads(
        run("search", "--text", "vorhofflimmern", "--library", library, "--json").out
    )
    assert found["hits"][0]["case"] == "archive/e1"
    assert found["hits"][0]["source"] == "machine unconfirmed"


def test_folds_choose(run: Run, archive: Path, tmp_path: Path) -> None:
    """Only the folds asked for are read."""
    answer = run(
        *("ingest", "folder", archive, "--folds", "2-8", "--workers", "1"),
        *("--library", tmp_path / "lib.db"),
    )

    assert "1 added" in answer.out


def test_other_table(run: Run, archive: Path, tmp_path: Path) -> None:
    """Another table of the folder, by its name or its path; one from elsewhere is refused."""
    lines = (archive / "table.csv").read_text().splitlines()[:2]
    (archive / "one.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "two.csv").write_text("\n".join(lines) + "\n")
    words = ("ingest", "folder", archive, "--workers", "1", "--library")

    assert "1 added" in run(*words, tmp_path / "a.db", "--table", "one.csv").out
    assert "1 added" in run(*words, tmp_path / "b.db", "--table", archive / "one.csv").out
    refused = run(*words, tmp_path / "c.db", "--table", tmp_path / "two.csv")
    assert (refused.status, refused.err.count("\n")) == (1, 1)
    assert "has to lie in" in refused.err
    assert not (tmp_path / "c.db").exists()


@pytest.mark.parametrize(
    ("kind", "message"), [("mimic", "unknown kind"), ("ptb-xl", "ptbxl_database.csv")]
)
def test_wrong_kind_is_refused(
    run: Run, archive: Path, tmp_path: Path, kind: str, message: str
) -> None:
    """An unknown kind, or a folder of another kind; no library is made."""
    answer = run("ingest", kind, archive, "--library", tmp_path / "lib.db")

    assert (answer.status, answer.out) == (1, "")
    assert message in answer.err
    assert not (tmp_path / "lib.db").exists()


def test_library_of_another_encoder_is_left_alone(run: Run, archive: Path, tmp_path: Path) -> None:
    """Nothing is added to a library whose vectors another encoder made."""
    from precord.library.sqlite import SqliteLibrary

    library = tmp_path / "lib.db"
    SqliteLibrary.create(library, "another", "fp32", 16).close()
    before = library.read_bytes()

    answer = run("ingest", "folder", archive, "--library", library)

    assert (answer.status, answer.out) == (1, "")
    assert "encoder" in answer.err
    assert library.read_bytes() == before
