"""Records to WFDB files.

Source: WFDB Applications Guide, header(5) and signal(5). Written: one segment, one signal file
in format 16 with checksums, calibrated in millivolts. Of the acquisition facts go age, sex and
time; patient id and device stay behind. A record of unknown scale is refused, because the
format has no honest unit for it.
"""

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from precord.errors import FormatError, SignalError
from precord.io.file import shown
from precord.record import Acquisition, Record, Sex

_GAINS = (4000, 2000, 1000, 500, 200, 100, 50, 20, 10, 5, 2, 1)  # steps per mV, finest first
_MISSING = -(2**15)
_LARGEST = 2**15 - 1
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_SEXES = {Sex.FEMALE: "Female", Sex.MALE: "Male"}


def write_wfdb(record: Record, stem: Path) -> Path:
    """Write *record* as *stem*.hea and *stem*.dat, replacing what is there.

    The gain of a lead is the finest at which its samples fit and come back bit for bit;
    where there is none, the finest at which they fit: 0.25 µV a step below 8 mV, 1 µV below
    32 mV.

    Returns:
        The path of the header.

    Raises:
        SignalError: The scale is unknown, or a sample lies beyond 32 V.
        FormatError: WFDB allows no record of this name, or the files cannot be written.
    """
    if not _NAME.fullmatch(stem.name):
        raise FormatError(f"{shown(stem)}: a WFDB record name has only letters, digits, _ and -")
    if not record.is_calibrated:
        raise SignalError(f"{shown(stem)}: WFDB needs millivolts, and this record has no scale")
    gains = [_choose_gain(row, stem) for row in record.signal]
    steps = np.stack([_to_steps(r, g) for r, g in zip(record.signal, gains, strict=True)])
    header = stem.with_name(f"{stem.name}.hea")
    try:
        header.with_suffix(".dat").write_bytes(steps.T.tobytes())
        header.write_text(_header(record, stem.name, gains, steps), "ascii", newline="\n")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise FormatError(f"{shown(stem)}: cannot be written: {reason}") from error
    return header


def write_csv(record: Record, path: Path) -> Path:
    """Write *record* as a table: seconds, then one column per lead; missing is empty.

    The unit stands in each heading: mV, or SD where the scale is unknown.

    Raises:
        FormatError: The file cannot be written.
    """
    unit = "mV" if record.is_calibrated else "SD"
    lines = [",".join(["seconds", *(f"{lead} ({unit})" for lead in record.leads)])]
    for k, values in enumerate(record.signal.T):
        cells = ("" if np.isnan(value) else f"{value:.4f}" for value in values)
        lines.append(",".join([f"{k / record.rate:.4f}", *cells]))
    try:
        path.write_text("\n".join([*lines, ""]), "utf-8", newline="\n")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise FormatError(f"{shown(path)}: cannot be written: {reason}") from error
    return path


def _choose_gain(row: NDArray[np.float32], stem: Path) -> int:
    """Return the gain, in steps per mV, that keeps most of *row* without clipping."""
    values = row[~np.isnan(row)].astype(np.float64)
    peak = float(np.abs(values).max(initial=0.0))
    fitting = [g for g in _GAINS if round(peak * g) <= _LARGEST]
    if not fitting:
        raise SignalError(f"{shown(stem)}: {peak:g} mV do not fit into WFDB format 16")
    exact = (g for g in fitting if ((np.rint(values * g) / g).astype(np.float32) == values).all())
    return next(exact, fitting[0])


def _to_steps(row: NDArray[np.float32], gain: int) -> NDArray[np.int16]:
    """Return the samples as ADC steps, the lowest value where one is missing."""
    steps = np.where(np.isnan(row), _MISSING, np.rint(row.astype(np.float64) * gain))
    return steps.astype("<i2")


def _header(record: Record, name: str, gains: list[int], steps: NDArray[np.int16]) -> str:
    """Return the text of the header."""
    lines = [f"{name} {len(record.leads)} {float(record.rate)!r} {steps.shape[1]}{_when(record)}"]
    for lead, gain, row in zip(record.leads, gains, steps, strict=True):
        checksum = int(row.sum(dtype=np.int64)) % 2**16
        lines.append(f"{name}.dat 16 {gain}(0)/mV 16 0 {row[0]} {checksum} 0 {lead}")
    return "\n".join([*lines, *_comments(record.acquisition), ""])


def _when(record: Record) -> str:
    """Return base time and base date with a leading space, or nothing."""
    time = record.acquisition.time
    if time is None:
        return ""
    return f" {time:%H:%M:%S.%f} {time.day:02}/{time.month:02}/{time.year:04}"


def _comments(acquisition: Acquisition) -> list[str]:
    """Return age and sex in the form that PhysioNet's databases use."""
    lines = [] if acquisition.age is None else [f"#Age: {acquisition.age:g}"]
    return lines if acquisition.sex is None else [*lines, f"#Sex: {_SEXES[acquisition.sex]}"]
