"""Tests of `precord show`."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from pydicom.data import get_testdata_file

from precord.io import write_wfdb
from precord.signal.electrode import Reversal, apply_reversal
from precord.simulate import simulate
from tests.cli.conftest import Run, beating


def test_show(run: Run, ecg: Path) -> None:
    """Leads, rate, scale, duration, quality of each lead, measurements."""
    answer = run("show", ecg)
    words = " ".join(answer.out.split())

    assert (answer.status, answer.err) == (0, "")
    assert "leads 12 of 12: I II III aVR aVL aVF V1 V2 V3 V4 V5 V6" in words
    assert "rate 500 Hz" in words
    assert "duration 10.00 s" in words
    assert "scale millivolt" in words
    assert "rate 75/min" in words
    assert "decision support, not a medical device" in words


def test_show_names_faults(run: Run, tmp_path: Path) -> None:
    """A flat lead is called flat, and what cannot be measured says so."""
    record = beating(1)
    signal = np.array(record.signal)
    signal[6] = 0.0
    path = write_wfdb(replace(record, signal=signal), tmp_path / "faulty")

    out = run("show", path).out

    (line,) = [line for line in out.splitlines() if line.startswith("V1 ")]
    assert "flat" in line
    assert "not measurable" in out


def test_show_dicom_hides_the_patient(run: Run) -> None:
    """The DICOM inside pydicom is shown; its patient's id is not."""
    from pydicom import dcmread

    path = str(get_testdata_file("waveform_ecg.dcm", download=False))

    out = run("show", path).out

    assert "(dicom)" in out.lower()
    patient = str(dcmread(path).PatientID)
    assert not patient or patient not in out


def test_show_draws(run: Run, ecg: Path, tmp_path: Path) -> None:
    """A picture in the layout asked for; another layout than is known is refused."""
    picture = tmp_path / "page.png"

    good = run("show", ecg, "-o", picture, "--layout", "6x2")
    bad = run("show", ecg, "-o", picture, "--layout", "2x2")

    assert good.status == 0
    assert f"picture: {picture}" in good.err
    assert picture.stat().st_size > 10_000
    assert bad.status == 2
    assert "expected one of 3x4, 3x4+1" in bad.err


def test_show_says_what_is_doubtful_about_the_leads(run: Run, tmp_path: Path) -> None:
    """An inverted lead, and arm electrodes exchanged; a sound ECG has no such note."""
    record = simulate(("NORM",), np.random.default_rng(1)).record
    signal = np.array(record.signal)
    signal[4] *= -1
    arms = apply_reversal(record, Reversal.RA_LA)
    files = {
        "sound": record,
        "inverted": replace(record, signal=signal),
        "arms": arms,
    }
    words = {
        name: " ".join(run("show", write_wfdb(ecg, tmp_path / name)).out.split())
        for name, ecg in files.items()
    }

    assert "leads: " not in words["sound"]
    assert "leads: by Einthoven's law, aVL inverted; check before you compare" in words["inverted"]
    assert "leads: looks like right and left arm electrodes are exchanged (RA-LA)" in words["arms"]
