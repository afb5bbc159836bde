"""The text header of a WFDB record.

Source: WFDB Applications Guide, header(5). Refused, never guessed at: several segments, several
samples per frame, a skew, and a gain or a sampling rate that the header leaves out (200 steps
per millivolt and 250 Hz are the library's assumptions, not the file's statements).
"""

import re
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from pathlib import PurePosixPath, PureWindowsPath

from precord.errors import FormatError, SignalError, UnsupportedFormatError
from precord.leads import Lead, find_lead
from precord.record import Acquisition, Sex

MAX_HEADER_BYTES = 2**20
MAX_AGE = 120  # years; above it a number is a code or a mistake

_UNITS_PER_MV = {"mv": 1.0, "uv": 1e3, "\u03bcv": 1e3, "v": 1e-3}
_NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_RECORD_LINE = re.compile(
    r"(?P<name>[^\s/]+)(?:/(?P<segments>[0-9]+))?[ \t]+(?P<signals>[0-9]{1,6})"
    rf"(?:[ \t]+(?P<rate>{_NUMBER})(?:/{_NUMBER}(?:\({_NUMBER}\))?)?"
    r"(?:[ \t]+(?P<samples>[0-9]{1,18})(?:[ \t]+(?P<time>\S+)(?:[ \t]+(?P<date>\S+))?)?)?)?"
)
_FORMAT = re.compile(
    r"(?P<format>[0-9]+)(?:x(?P<frame>[0-9]+))?(?::(?P<skew>[0-9]+))?"
    r"(?:\+(?P<offset>[0-9]{1,18}))?"
)
_GAIN = re.compile(
    rf"(?P<gain>{_NUMBER})(?:\((?P<baseline>[+-]?[0-9]{{1,18}})\))?(?:/(?P<unit>\S+))?"
)
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_AGE = re.compile(r"\bage>?\s*:\s*([0-9]{1,3}(?:\.[0-9]+)?)\b", re.IGNORECASE)
_SEX = re.compile(r"\b(?:sex|gender)>?\s*:\s*(female|male|f|m)\b", re.IGNORECASE)
_ADC_ZERO, _CHECKSUM, _DESCRIPTION = 4, 6, 8  # positions in a signal line


@dataclass(frozen=True, slots=True)
class Channel:
    """One signal line.

    Attributes:
        lead: None where the signal is none of the twelve leads; then gain and zero are
            not checked, and mean nothing.
        label: what the line calls the signal.
        offset: bytes in the file before the first sample.
        gain: ADC steps per millivolt.
        zero: the ADC value at 0 mV.
        checksum: sum of all samples modulo 2**16; None where the line leaves it out.
    """

    lead: Lead | None
    label: str
    file: str
    format: str
    offset: int
    gain: float
    zero: int
    checksum: int | None


@dataclass(frozen=True, slots=True)
class Header:
    """What a header says; n_samples is per signal, None where it is left out."""

    rate: float
    n_samples: int | None
    channels: tuple[Channel, ...]
    acquisition: Acquisition


def is_wfdb_header(data: bytes) -> bool:
    """Tell whether *data* begins as a WFDB header does."""
    if b"\0" in data[:MAX_HEADER_BYTES]:
        return False
    lines = [s for s in _lines(data[:MAX_HEADER_BYTES]) if s and not s.startswith("#")]
    return bool(lines) and _RECORD_LINE.fullmatch(lines[0]) is not None


def names_signal_file(data: bytes, name: str) -> bool:
    """Tell whether the header *data* describes a signal in the file *name*."""
    return any(line.split()[:1] == [name] for line in _lines(data))


def parse_header(data: bytes, name: str) -> Header:
    """Return what the header *data* says; *name* is for messages.

    Raises:
        FormatError: The header breaks the format, or names a file outside its folder.
        UnsupportedFormatError: A variant that is not read.
        SignalError: None of the signals is one of the twelve leads.
    """
    lines = [line for line in _lines(data) if line]
    comments = [line for line in lines if line.startswith("#")]
    lines = [line for line in lines if not line.startswith("#")]
    match = _RECORD_LINE.fullmatch(lines[0]) if lines else None
    if match is None:
        raise FormatError(f"{name}: not a WFDB header: no line 'name, signals, rate, samples'")
    if match["segments"]:
        raise UnsupportedFormatError(f"{name}: several segments; read its segments one by one")
    if match["rate"] is None:
        raise FormatError(f"{name}: no sampling rate; write it in Hz behind the number of signals")
    n_signals = int(match["signals"])
    if len(lines) - 1 < n_signals:
        raise FormatError(f"{name}: {len(lines) - 1} signal lines, expected {n_signals}")
    channels = tuple(_parse_channel(line, name) for line in lines[1 : 1 + n_signals])
    if not any(c.lead for c in channels):
        found = " ".join(repr(c.label) for c in channels[:12]) or "no signal"
        raise SignalError(f"{name}: no lead of the standard twelve among {found}")
    return Header(
        rate=float(match["rate"]),
        n_samples=int(match["samples"] or 0) or None,  # header(5): 0 means not stated
        channels=channels,
        acquisition=_parse_acquisition(comments, match["time"], match["date"]),
    )


def _lines(data: bytes) -> list[str]:
    """Return the lines of a header, stripped; bytes that are no UTF-8 are replaced."""
    text = data.decode("utf-8-sig", errors="replace")
    return [line.strip() for line in re.split(r"\r\n|\r|\n", text)]


def _parse_channel(line: str, name: str) -> Channel:
    """Return the channel that one signal line describes."""
    fields = line.split(maxsplit=_DESCRIPTION)
    form = _FORMAT.fullmatch(fields[1]) if len(fields) > 1 else None
    if form is None:
        raise FormatError(f"{name}: no signal format in the line {line[:60]!r}")
    file = fields[0]
    names = {PurePosixPath(file).name, PureWindowsPath(file).name}
    if names != {file} or file in {"..", "-", "~"}:
        raise FormatError(f"{name}: signal file {file[:60]!r}, expected a name without a path")
    label = fields[_DESCRIPTION].strip() if len(fields) > _DESCRIPTION else ""
    lead = find_lead(label)
    if lead and (int(form["frame"] or 1) != 1 or int(form["skew"] or 0)):
        raise UnsupportedFormatError(
            f"{name}: lead {lead} has format {fields[1]!r}; several samples per frame and a skew "
            "are not read"
        )
    gain, zero = _parse_gain(fields, lead, name) if lead else (1.0, 0)
    return Channel(
        lead=lead,
        label=" ".join(label.split())[:40],
        file=file,
        format=form["format"] + (f"x{form['frame']}" if int(form["frame"] or 1) != 1 else ""),
        offset=int(form["offset"] or 0),
        gain=gain,
        zero=zero,
        checksum=_integer(fields, _CHECKSUM, name),
    )


def _parse_gain(fields: list[str], lead: Lead, name: str) -> tuple[float, int]:
    """Return ADC steps per millivolt, and the ADC value at 0 mV."""
    match = _GAIN.fullmatch(fields[2])
    if match is None:
        raise FormatError(f"{name}: gain {fields[2][:40]!r} of lead {lead}, expected as 1000(0)/mV")
    unit = match["unit"] or "mV"  # header(5): the unit is mV where it is left out
    per_mv = _UNITS_PER_MV.get(unit.casefold())
    if per_mv is None:
        raise UnsupportedFormatError(
            f"{name}: lead {lead} has the unit {unit[:20]!r}, expected mV, uV or V"
        )
    gain = float(match["gain"]) * per_mv
    if not (isfinite(gain) and gain > 0):
        raise FormatError(
            f"{name}: lead {lead} is not calibrated (gain {match['gain'][:20]}); write its ADC "
            "steps per mV into the header"
        )
    baseline = match["baseline"]  # header(5): it is the ADC zero where it is left out
    return gain, int(baseline) if baseline else _integer(fields, _ADC_ZERO, name) or 0


def _integer(fields: list[str], position: int, name: str) -> int | None:
    """Return the optional integer at *position* of a signal line."""
    if len(fields) <= position:
        return None
    if not _INTEGER.fullmatch(fields[position]):
        raise FormatError(f"{name}: {fields[position][:40]!r}, expected an integer")
    return int(fields[position])


def _parse_acquisition(comments: list[str], time: str | None, date: str | None) -> Acquisition:
    """Return the facts that record line and comments state in the usual forms."""
    age = next((float(m[1]) for c in comments if (m := _AGE.search(c))), None)
    sex = next((Sex(m[1][0].upper()) for c in comments if (m := _SEX.search(c))), None)
    if age is not None and age > MAX_AGE:
        age = None
    return Acquisition(time=_parse_time(time, date), age=age, sex=sex)


def _parse_time(time: str | None, date: str | None) -> datetime | None:
    """Return the start of the recording, or None where a part is missing or unusual."""
    for clock in ("%H:%M:%S", "%H:%M:%S.%f"):
        try:
            return datetime.strptime(f"{date} {time}", f"%d/%m/%Y {clock}")  # noqa: DTZ007 - the format has no time zone
        except ValueError:
            continue
    return None
