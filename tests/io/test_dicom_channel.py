"""Tests of precord.io.dicom_channel: which lead a channel is, and how many millivolts a step."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from precord.errors import FormatError
from precord.io.dicom import read_dicom
from tests.io.dicom_object import channel, code, ecg, group, scp
from tests.io.test_dicom import write


@pytest.mark.parametrize(("unit", "expected"), [("V", 2e3), ("mV", 2), ("uV", 2e-3), ("nV", 2e-6)])
def test_units_by_hand(tmp_path: Path, unit: str, expected: float) -> None:
    """Two steps of one unit, in millivolts."""
    path = write(tmp_path, ecg(group([[2]], [channel(scp(1), unit)])))
    np.testing.assert_array_equal(read_dicom(path).signal, np.array([[expected]], np.float32))


NUMBERS = {**{n: f"V{n - 2}" for n in range(3, 9)}, 1: "I", 2: "II", 61: "III"} | {
    62: "aVR",
    63: "aVL",
    64: "aVF",
}


@pytest.mark.parametrize(("scheme", "start"), [("MDC", "2:"), ("SCPECG", "5.6.3-9-")])
@pytest.mark.parametrize(("number", "lead"), NUMBERS.items())
def test_lead_codes(tmp_path: Path, scheme: str, start: str, number: int, lead: str) -> None:
    """The twelve leads of PS3.16 CID 3001 in both schemes; the code outranks its meaning."""
    source = code(f"{start}{number}", scheme, "Lead V9")
    path = write(tmp_path, ecg(group([[1]], [channel(source)])))
    assert read_dicom(path).leads == (lead,)


@pytest.mark.parametrize(
    ("source", "label", "lead"),
    [
        (code("1", "99VENDOR", "Lead I (Einthoven)"), None, "I"),
        (code("1", "99VENDOR", "aVF, augmented voltage, foot"), None, None),
        (code("1", "99VENDOR", "?"), "V5", "V5"),
        (None, "ECG LEAD II", "II"),
        (None, None, None),
        (code("2:65", "MDC", "Lead -aVR"), "aVR", None),  # CID 3001: none of the twelve
        (code("5.6.3-9-9", "SCPECG", "V7"), "V1", None),
    ],
)
def test_lead_names(
    tmp_path: Path, source: Dataset | None, label: str | None, lead: str | None
) -> None:
    """Without a standard code the meaning counts, then the label; a guess is never made."""
    labels = {} if label is None else {"ChannelLabel": label}
    channels = [channel(source, **labels), channel(scp(3))]
    record = read_dicom(write(tmp_path, ecg(group([[1], [2]], channels))))
    assert record.leads == ((lead, "V1") if lead else ("V1",))
    assert bool(record.provenance.notes) is (lead is None)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"ChannelSensitivity": None}, "no Channel Sensitivity"),
    ({"ChannelSensitivity": ""}, "no Channel Sensitivity"),
    ({"ChannelSensitivity": "0"}, "no Channel Sensitivity"),
    ({"ChannelSensitivityUnitsSequence": None}, "no Channel Sensitivity Units"),
    ({"ChannelSensitivityUnitsSequence": []}, "no Channel Sensitivity Units"),
    ({"ChannelSensitivityUnitsSequence": [code("mm[Hg]", "UCUM")]}, r"'mm\[Hg\]', expected"),
    ({"ChannelSensitivityUnitsSequence": [code("MV", "UCUM")]}, "'MV', expected"),
    ({"ChannelSensitivityUnitsSequence": [code("uV", "99X")]}, "'99X' 'uV', expected"),
    ({"ChannelSensitivityCorrectionFactor": "0"}, "Correction Factor 0"),
    ({"ChannelSampleSkew": "3"}, "skewed by 3"),
    ({"ChannelTimeSkew": "0.01"}, "skewed by 5"),
]


@pytest.mark.parametrize(("values", "message"), REFUSED)
def test_a_lead_of_open_scale_is_refused(
    tmp_path: Path, values: dict[str, Any], message: str
) -> None:
    """Neither sensitivity nor unit is ever guessed; a channel that is no lead may lack both."""
    lead = channel(scp(2), **values)
    with pytest.raises(FormatError, match=message):
        read_dicom(write(tmp_path, ecg(group([[1]], [lead]))))
    other = channel(code("5.6.3-9-99", "SCPECG"), **values)
    both = ecg(group([[1], [2]], [other, channel(scp(2))]))
    assert read_dicom(write(tmp_path, both)).leads == ("II",)
