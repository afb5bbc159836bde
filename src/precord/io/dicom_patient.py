"""When, with what and of whom a DICOM ECG was recorded.

Source: DICOM PS3.3 C.7.1.1 (Patient), C.7.2.2 (age), C.7.5.1 (Equipment), C.10.8 (Waveform
Identification); value formats AS, DA, TM, DT of PS3.5 6.2. A value that breaks its format
is left out: none of it is needed to read the signal.
"""

import re
from datetime import datetime, timedelta, timezone

from pydicom.dataset import Dataset

from precord.record import Acquisition, Sex

_YEARS = {"Y": 1.0, "M": 1 / 12, "W": 7 / 365.25, "D": 1 / 365.25}
_AGE = re.compile(r"([0-9]{1,3})([YMWD])")
_TIME = re.compile(
    r"([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})(?:([0-9]{2})(?:\.([0-9]{1,6}))?)?"
    r"(?:([+-])([0-9]{2})([0-9]{2}))?"
)
_DATE = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")


def parse_acquisition(dataset: Dataset) -> Acquisition:
    """Return the acquisition facts that *dataset* states."""
    time = _parse_time(_text(dataset, "AcquisitionDateTime"))
    maker, model = _text(dataset, "Manufacturer"), _text(dataset, "ManufacturerModelName")
    sex = _text(dataset, "PatientSex")
    return Acquisition(
        time=time,
        device=f"{maker} {model}".strip() or None,
        age=_parse_age(_text(dataset, "PatientAge"))
        or _age_at(time, _text(dataset, "PatientBirthDate")),
        sex=Sex(sex) if sex in set(Sex) else None,  # O, for other, has no place in a Record
        patient_id=_text(dataset, "PatientID") or None,
    )


def _text(dataset: Dataset, keyword: str) -> str:
    """Return a value as text, empty where it is absent."""
    return str(dataset.get(keyword) or "").strip()


def _parse_age(text: str) -> float | None:
    """Return years from an age string such as 056Y or 003M."""
    match = _AGE.fullmatch(text)
    return int(match[1]) * _YEARS[match[2]] if match else None


def _age_at(time: datetime | None, born: str) -> float | None:
    """Return the years from a birth date to the recording."""
    match = _DATE.fullmatch(born)
    if time is None or match is None:
        return None
    try:
        year, month, day = map(int, match.groups())
        birth = datetime(year, month, day, tzinfo=time.tzinfo)
    except ValueError:
        return None
    years = (time - birth).days / 365.25
    return years if years >= 0 else None


def _parse_time(text: str) -> datetime | None:
    """Return a date-time that is exact to the minute at least, in the file's own time zone."""
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, sign, ahead, minutes = match.groups()
    zone = None
    if sign:
        offset = timedelta(hours=int(ahead), minutes=int(minutes))
        zone = timezone(-offset if sign == "-" else offset)
    try:
        return datetime(
            int(year),
            int(month),
            int(day),
            int(hour),
            int(minute),
            int(second or 0),
            int((fraction or "0").ljust(6, "0")),
            zone,
        )
    except ValueError:
        return None
