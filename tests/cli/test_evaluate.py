"""Tests of `precord evaluate`: one fold of a folder of ECGs against the rest of it."""

import json
import re
from pathlib import Path

import pytest

from precord.io import write_wfdb
from tests.cli.conftest import Run, beating
from tests.evaluate.test_gates import make_archive


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Return a folder of twelve ECGs of twelve patients in folds 1 and 9, with its table."""
    folder = tmp_path / "archive"
    folder.mkdir()
    lines = ["file,patient,statements,report,fold"]
    for n in range(12):
        write_wfdb(beating(n), folder / f"e{n}")
        lines.append(f"e{n}.hea,p{n},{'SR;NORM' if n % 2 else 'AFIB;LVH'},,{9 if n < 4 else 1}")
    (folder / "table.csv").write_text("\n".join(lines) + "\n")
    return folder


def test_tables_are_written(run: Run, archive: Path, tmp_path: Path) -> None:
    """JSON of the agreed shape, Markdown beside it; the fold asked for leaves the gallery."""
    library, out = tmp_path / "lib.db", tmp_path / "out"
    assert run("ingest", "folder", archive, "--library", library, "--workers", "1").status == 0

    answer = run(
        *("evaluate", "folder", archive, "--fold", "9", "--library", library),
        *("--json", out / "results.json", "--markdown", out / "results.md"),
    )

    assert answer.status == 0, answer.err
    found = json.loads((out / "results.json").read_text())
    assert found["schema"] == 1
    measures = [measure for table in found["tables"].values() for measure in table.values()]
    assert measures
    assert all(set(measure) == {"value", "low", "high", "n"} for measure in measures)
    assert max(measure["n"] for measure in found["tables"]["precord"].values()) == 4
    assert "|" in (out / "results.md").read_text()


def test_fold_that_is_not_there(run: Run, archive: Path, tmp_path: Path) -> None:
    """No query: one line, status 1, nothing written."""
    library = tmp_path / "lib.db"
    run("ingest", "folder", archive, "--library", library, "--workers", "1")

    answer = run(
        *("evaluate", "folder", archive, "--fold", "7", "--library", library),
        *("--json", tmp_path / "results.json"),
    )

    assert answer.status == 1
    assert "no ECG in fold 7" in answer.err
    assert not (tmp_path / "results.json").exists()


def test_gates_fail_loudly(run: Run, tmp_path: Path) -> None:
    """The fake encoder knows no rhythm: status 1, a table, and the gates that fail by name."""
    archive = make_archive(tmp_path / "archive")
    library = tmp_path / "lib.db"
    assert run("ingest", "folder", archive, "--folds", "1", "--library", library).status == 0

    answer = run("gates", "folder", archive, "--fold", "9", "--library", library)

    assert answer.status == 1
    assert "**FAILS**" in answer.out
    assert re.search(r"precord: \d+ of \d+ gates fail: .*one beat: drop", answer.err)
