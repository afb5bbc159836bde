"""Tests of `precord digitize`, and of the options of paper in `precord search`."""

import os
from pathlib import Path

import numpy as np
import pytest

from precord.image.layout import Calibration
from precord.image.paper import save_record
from precord.io import read, write_wfdb
from precord.record import Record
from precord.simulate import simulate
from tests.cli.conftest import Run
from tests.digitize.vendor_pdf import Sheet, write_pdf


@pytest.fixture(scope="module")
def record() -> Record:
    """Return one simulated ECG."""
    return simulate(("SR",), np.random.default_rng(3)).record


def test_a_page_becomes_a_record_and_an_overlay(run: Run, record: Record, tmp_path: Path) -> None:
    """WFDB, CSV and overlay are written, and the WFDB record is the one that was drawn."""
    page = tmp_path / "page.pdf"
    save_record(record, page, layout="12x1", calibration=Calibration(25.0, 5.0))

    answer = run("digitize", page, "-o", tmp_path / "out")

    assert answer.status == 0
    assert {p.name for p in tmp_path.glob("out*")} == {
        "out.hea", "out.dat", "out.csv", "out-overlay.png",
    }  # fmt: skip
    back = read(tmp_path / "out.hea")
    assert back.rate == record.rate
    middle = np.median(record.signal, axis=1, keepdims=True)
    np.testing.assert_allclose(back.signal[:, :4990], (record.signal - middle)[:, :4990], atol=2e-3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--corners", "1,2 3,4"], "--corners needs four points"),
        (["--layout", "4x4"], "layout '4x4', expected one of"),
        (["--speed", "30"], "speed 30 mm/s, expected 25 or 50"),
        (["--gain", "7"], "gain 7 mm/mV, expected 5, 10 or 20"),
        (["--rotate", "45"], "rotate 45, expected 0, 90, 180 or 270"),
        (["--page", "3"], "page 3 of 1"),
    ],
)
@pytest.mark.parametrize("command", ["digitize", "search"])
def test_options_that_cannot_be(
    run: Run, tmp_path: Path, command: str, arguments: list[str], message: str
) -> None:
    """Each wrong option is named, by both commands, before anything else is done."""
    page = tmp_path / "page.pdf"
    page.write_bytes(write_pdf(Sheet("0 0 m 9 9 l S", (40.0, 30.0))))
    where = ["-o", str(tmp_path / "out")] if command == "digitize" else ["--library", os.devnull]

    answer = run(command, page, *where, *arguments)

    assert answer.status == (1 if "--page" in arguments else 2)  # the page is the file's
    assert message in " ".join(answer.err.split())


def test_options_of_paper_are_for_pictures(run: Run, record: Record, tmp_path: Path) -> None:
    """A WFDB record has no paper speed to be told."""
    answer = run(
        "search", write_wfdb(record, tmp_path / "ecg"), "--library", os.devnull, "--speed", "25"
    )

    assert answer.status == 1
    assert "no picture of an ECG on paper" in answer.err


def test_a_folder_that_is_not_there(run: Run, tmp_path: Path) -> None:
    """It is named before the page, which is none here, is read."""
    (tmp_path / "page.png").write_bytes(b"no picture")
    answer = run("digitize", tmp_path / "page.png", "-o", tmp_path / "no" / "out")

    assert (answer.status, answer.out) == (1, "")
    assert f"no such folder {tmp_path / 'no'}; create it first" in answer.err
