"""Tables with one column per lead: CSV and TSV, and Parquet with the `formats` extra.

A header names the leads, each with its unit if it likes: "II", "II [mV]", "II (uV)", "II_mV".
A column of times, "time [s]", "t_ms" or "seconds", gives the rate where its steps are equal; a
column of times that names no unit, and every other column, is left out. Numbers without a
header need their leads stated. An empty cell is a missing sample; decimal points only.
"""

import csv
import re
from dataclasses import dataclass
from io import BytesIO, StringIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from precord.errors import FormatError, UnsupportedFormatError
from precord.io.file import read_bytes, shown
from precord.io.guard import refusing
from precord.io.stated import Stated, Unit, find_leads, parse_unit, to_record
from precord.leads import find_lead
from precord.record import MAX_SAMPLES, Record

_PARQUET = b"PAR1"
_NAMED = re.compile(
    r"\s*(?P<name>.*?)\s*(?:[\[(]\s*(?P<unit>[^\])]+?)\s*[\])]|_(?P<tail>mV|uV|V|ms|s))?\s*",
    re.IGNORECASE,
)
_TIMES = {"time", "t", "times", "seconds"}
_SECONDS = {"s": 1.0, "sec": 1.0, "seconds": 1.0, "ms": 1e-3}
_NUMBER = re.compile(r"\s*(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|nan)?\s*", re.IGNORECASE)
_HEAD_BYTES = 4096
_STEP_TOLERANCE = 0.01  # of a step; times are printed with few digits


@dataclass(frozen=True, slots=True)
class _Columns:
    """A table's columns: their names, none where there is no header, and their numbers."""

    names: list[str]
    values: NDArray[np.float64]  # (samples, columns)


def is_table(data: bytes) -> bool:
    """Tell whether *data* is a Parquet file, or text of numbers or lead names in columns."""
    if data.startswith(_PARQUET):
        return True
    try:
        lines = data[:_HEAD_BYTES].decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        return False
    lines = [line for line in lines if line.strip()]
    if not lines or (len(lines) < 2 and len(data) > _HEAD_BYTES):
        return False
    cells = next(csv.reader([lines[0]], delimiter=_delimiter(lines[0])))
    has_leads = any(find_lead(_split(cell)[0]) for cell in cells)
    return has_leads or (len(cells) > 1 and all(_NUMBER.fullmatch(cell) for cell in cells))


def read_table(path: Path, stated: Stated) -> Record:
    """Read the record in the table at *path*.

    Raises:
        UnsupportedFormatError: A Parquet file, and the `formats` extra is not installed.
        FormatError: The table is damaged, or leaves out what is not *stated*.
        SignalError: There is nothing in the leads.
    """
    data = read_bytes(path)
    form = "Parquet" if data.startswith(_PARQUET) else "CSV"
    with refusing(path, form):
        table = _read_parquet(data, path) if form == "Parquet" else _read_text(data, path)
    parts = [_split(name) for name in table.names]
    leads = find_leads([name for name, _ in parts])
    if leads is None:
        return to_record(table.values.T, path, form, found=Stated(), stated=stated)
    kept = [i for i, lead in enumerate(leads) if lead]
    found = Stated(
        rate=_find_rate(table, parts, path),
        unit=_find_unit([parts[i][1] for i in kept], path),
        leads=tuple(leads[i] for i in kept),
    )
    return to_record(table.values.T[kept], path, form, found=found, stated=stated)


def _delimiter(line: str) -> str:
    """Return what separates the cells of *line*."""
    return max("\t;,", key=line.count)


def _split(name: str) -> tuple[str, str]:
    """Return the name of a column and its unit, empty where it names none."""
    match = _NAMED.fullmatch(name)
    if match is None:
        return name, ""
    return match["name"], match["unit"] or match["tail"] or ""


def _read_text(data: bytes, path: Path) -> _Columns:
    """Return the columns of a CSV or TSV file."""
    text = data.decode("utf-8-sig")
    rows = csv.reader(StringIO(text), delimiter=_delimiter(text.partition("\n")[0]), strict=True)
    filled = [row for row in rows if any(cell.strip() for cell in row)]
    has_names = not all(_NUMBER.fullmatch(cell) for cell in filled[0])
    names, body = (filled[0], filled[1:]) if has_names else ([], filled)
    if not body:
        raise FormatError(f"{shown(path)}: holds no row of numbers")
    for number, row in enumerate(body, start=1 + has_names):
        if len(row) != len(filled[0]):
            raise FormatError(
                f"{shown(path)}: row {number} has {len(row)} cells, expected {len(filled[0])}"
            )
        if bad := [cell for cell in row if not _NUMBER.fullmatch(cell)]:
            raise FormatError(f"{shown(path)}: row {number}: {bad[0][:20]!r} is no number")
    values = np.array([[float(cell or "nan") for cell in map(str.strip, row)] for row in body])
    return _Columns(names, values)


def _read_parquet(data: bytes, path: Path) -> _Columns:
    """Return the columns of a Parquet file that hold numbers."""
    try:
        import pyarrow as pa  # noqa: PLC0415 - an extra that few need
        from pyarrow import parquet  # noqa: PLC0415 - the same
    except ImportError as error:
        raise UnsupportedFormatError(
            f"{shown(path)}: Parquet needs one more package: pip install 'precord[formats]'"
        ) from error
    file = parquet.ParquetFile(BytesIO(data))
    if file.metadata.num_rows * file.metadata.num_columns > MAX_SAMPLES:
        raise FormatError(f"{shown(path)}: more than {MAX_SAMPLES} numbers")
    schema = file.schema_arrow
    names = [
        field.name
        for field in schema
        if pa.types.is_floating(field.type) or pa.types.is_integer(field.type)
    ]
    table = file.read(columns=names)
    columns = [table[name].to_numpy().astype(np.float64) for name in names]
    if not columns or not columns[0].size:
        raise FormatError(f"{shown(path)}: holds no column of numbers")
    return _Columns(names, np.stack(columns, axis=1))


def _find_unit(units: list[str], path: Path) -> Unit | None:
    """Return the unit that the leads' columns name."""
    found = {parse_unit(unit) if unit else None for unit in units}
    if len(found) > 1:
        raise FormatError(f"{shown(path)}: the columns of the leads differ in their unit")
    return found.pop() if found else None


def _find_rate(table: _Columns, parts: list[tuple[str, str]], path: Path) -> float | None:
    """Return the rate that a column of times gives, in Hz."""
    for i, (name, stated) in enumerate(parts):
        unit = stated or ("s" if name.casefold() == "seconds" else "")
        if name.casefold() not in _TIMES or unit.casefold() not in _SECONDS:
            continue
        steps = np.diff(table.values[:, i]) * _SECONDS[unit.casefold()]
        mean = steps.mean() if steps.size else 0.0
        if not mean > 0 or np.abs(steps - mean).max() > 0.5 * mean:
            raise FormatError(f"{shown(path)}: column {name!r} does not rise in equal steps")
        rate = 1.0 / mean
        nearest = round(rate)
        return float(nearest) if abs(rate - nearest) < _STEP_TOLERANCE * rate else rate
    return None
