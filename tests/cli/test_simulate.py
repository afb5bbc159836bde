"""Tests of `precord simulate` and `precord codes`."""

from pathlib import Path

import numpy as np
import pytest

from precord.io import read
from precord.record import Sex
from precord.simulate import SUPPORTED
from precord.statements import CODES
from tests.cli.conftest import Run


def test_files_can_be_read_and_reports_fit(run: Run, tmp_path: Path) -> None:
    """So many ECGs as asked for, of that age and sex, each with its report."""
    out = tmp_path / "new" / "out"
    answer = run(
        *("simulate", "--statement", "CLBBB,SR", "--age", "71", "--sex", "f"),
        *("-n", "2", "--seed", "3", "-o", out),
    )

    assert (answer.status, answer.out) == (0, "")
    records = [read(path) for path in sorted(out.glob("*.hea"))]
    assert [(r.acquisition.age, r.acquisition.sex) for r in records] == [(71.0, Sex.FEMALE)] * 2
    reports = [path.read_text("utf-8") for path in sorted(out.glob("*.txt"))]
    headers = [path.read_text("ascii") for path in out.glob("*.hea")]
    assert all("SIMULATED by precord; statements: CLBBB, SR" in t for t in reports + headers)
    assert all("\nde: " in text and "\nen: " in text for text in reports)


def test_seed_decides(run: Run, tmp_path: Path) -> None:
    """Equal seeds give equal files; another seed gives others."""
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        assert run("simulate", "-o", tmp_path / name, "--seed", str(seed)).status == 0

    a, b, c = ((tmp_path / name / "simulated-00001.dat").read_bytes() for name in "abc")
    assert a == b
    assert a != c


def test_a_fault_is_the_recordings(run: Run, tmp_path: Path) -> None:
    """Exchanged arms turn lead I over; text and header say so, the report does not change."""
    for name, options in (("plain", ()), ("fault", ("--fault", "RA-LA"))):
        assert run("simulate", "--statement", "NORM", *options, "-o", tmp_path / name).status == 0

    plain, fault = (tmp_path / name / "simulated-00001" for name in ("plain", "fault"))
    one, other = (read(stem.with_suffix(".hea")).signal for stem in (plain, fault))
    np.testing.assert_allclose(other[0], -one[0], atol=0.002)
    texts = [stem.with_suffix(".txt").read_text("utf-8").splitlines() for stem in (plain, fault)]
    assert texts[0][1:] == texts[1][1:]
    assert texts[1][0].endswith("fault of the recording: RA-LA")


def test_an_unknown_fault_is_refused(run: Run, tmp_path: Path) -> None:
    """On one line, with those there are."""
    answer = run("simulate", "--fault", "wet", "-o", tmp_path)

    assert answer.status == 1
    assert "no fault 'wet'" in answer.err


@pytest.mark.parametrize(
    ("codes", "status", "message"),
    [("NOPE", 2, "unknown SCP-ECG statement 'NOPE'"), ("SR,AFIB", 1, "AFIB")],
)
def test_impossible_findings_are_refused(
    run: Run, tmp_path: Path, codes: str, status: int, message: str
) -> None:
    """An unknown code is wrong usage; two rhythms at once cannot be simulated."""
    answer = run("simulate", "--statement", codes, "-o", tmp_path)

    assert (answer.status, answer.out) == (status, "")
    assert message in answer.err


def test_codes_lists_all(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every statement with its names, and whether it can be simulated."""
    monkeypatch.setenv("COLUMNS", "200")
    lines = {line.split()[0]: line for line in run("codes").out.splitlines()}

    assert set(CODES) <= set(lines)
    assert "kompletter Linksschenkelblock" in lines["CLBBB"]
    assert {code for code in CODES if " yes " in lines[code]} == SUPPORTED
