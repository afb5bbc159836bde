"""Tests of precord.io.dicom_patient: of whom an ECG is, and when it was taken."""

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from precord.errors import PrecordError
from precord.io.dicom import read_dicom
from precord.record import Sex
from tests.io.dicom_object import channel, ecg, group, scp
from tests.io.test_dicom import write


def test_real_ecg_says_of_whom_it_is(real_ecg: Path) -> None:
    """Age, sex, time, device and patient are the file's; the id is not shown."""
    acquisition = read_dicom(real_ecg).acquisition
    assert (acquisition.age, acquisition.sex) == (42.0, Sex.FEMALE)
    assert acquisition.time == datetime(2013, 1, 25, 10, 59, 19)  # noqa: DTZ001 - it has none
    assert acquisition.device == "Mortara Instrument, Inc. el250"
    assert acquisition.patient_id == "642341"
    assert "642341" not in repr(acquisition)


def test_odd_patient_data_are_not_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Values that break their format are left out, and not written to any log."""
    odd: dict[str, Any] = {
        "PatientAge": "secret-7",
        "PatientBirthDate": "secret-7",
        "PatientID": "secret-7" * 20,
    }
    path = write(tmp_path, ecg(group([[1]], [channel(scp(2))]), **odd))
    caplog.clear()
    acquisition = read_dicom(path).acquisition
    assert acquisition.age is None
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    ("values", "age"),
    [
        ({"PatientAge": "056Y"}, 56.0),
        ({"PatientAge": "006M"}, 0.5),
        ({"PatientAge": "010D"}, 10 / 365.25),
        ({"PatientAge": "052W"}, 52 * 7 / 365.25),
        ({"PatientBirthDate": "19500601"}, 25_568 / 365.25),  # 70 years with 18 leap days
        ({"PatientAge": "041Y", "PatientBirthDate": "19500601"}, 41.0),
        ({"PatientBirthDate": "20500601"}, None),
        ({"PatientBirthDate": "19501301"}, None),
        ({}, None),
    ],
)
def test_age(tmp_path: Path, values: dict[str, Any], age: float | None) -> None:
    """In years: as stated, else from the birth date."""
    path = write(
        tmp_path,
        ecg(group([[1]], [channel(scp(2))]), AcquisitionDateTime="20200601120000", **values),
    )
    assert read_dicom(path).acquisition.age == (None if age is None else pytest.approx(age))


ZONE = timezone(timedelta(hours=-3, minutes=-30))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20200102030405.25", datetime(2020, 1, 2, 3, 4, 5, 250000)),  # noqa: DTZ001 - as written
        ("202001020304", datetime(2020, 1, 2, 3, 4)),  # noqa: DTZ001 - as written
        ("20200102030405-0330", datetime(2020, 1, 2, 3, 4, 5, tzinfo=ZONE)),
        ("20200102", None),
        ("", None),
    ],
)
def test_time(tmp_path: Path, text: str, expected: datetime | None) -> None:
    """The acquisition's date and time, with a time zone only where the file states one."""
    path = write(tmp_path, ecg(group([[1]], [channel(scp(2))]), AcquisitionDateTime=text))
    assert read_dicom(path).acquisition.time == expected


def test_errors_do_not_quote_the_patient(tmp_path: Path) -> None:
    """Damage beside personal data must not carry them into a message or a log."""
    data = ecg(group([[1]], [channel(scp(2))]), PatientName="Doe^Jane", PatientID="secret-7")
    for length in range(len(data)):
        with pytest.raises(PrecordError) as caught:
            read_dicom(write(tmp_path, data[:length]))
        assert "Doe" not in str(caught.value)
        assert "secret" not in str(caught.value)
