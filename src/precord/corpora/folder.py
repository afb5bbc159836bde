"""A folder of ECG files with a table that says what is known of each.

The table is `table.csv` in the folder, or any CSV or TSV file named instead of the folder;
file names in it start from the folder that it lies in. It is UTF-8 text with a header line:

    column      must be there   content
    file        yes             name of an ECG file that `precord.io` reads, inside the folder
    patient     yes             the patient's id as the ECG files write it; empty where unknown,
                                then the ECG file's own patient id counts
    statements  yes             SCP-ECG codes joined by ';'; may be empty. Beside a report they are
                                then those that it says are present, and hits say so
    report      yes             the report as written; may be empty
    source      no              clinician, machine or simulated: who or what wrote the report. It
                                is never guessed, because a machine's reading is no clinician's:
                                where it is empty, hits say "author not stated"
    language    no              de, en, sv; detected from the report where empty
    id          no              name of the case; the file's name without its suffix where empty.
                                Give one where file names say who the patient is
    fold        no              whole number; give all ECGs of a patient the same
    age         no              years
    sex         no              F or M
    rate        no              Hz; these three for files of bare numbers that do not say it
    unit        no              mV, uV, V or unknown
    leads       no              "standard", or names in the file's order, a dash for none

Columns may stand in any order; others are not read.
"""

import csv
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from precord.corpora.entry import Entry
from precord.errors import CorpusError, FormatError, LeakError, UnstatedError
from precord.io import Stated, read
from precord.io.stated import parse_leads, parse_unit
from precord.record import Record, Sex
from precord.report import Language, Report, Source
from precord.statements import parse_statements
from precord.text import detect_language, present_statements

TABLE = "table.csv"
_NEEDED = ("file", "patient", "statements", "report")
_SOURCES = {
    "clinician": Source.CLINICIAN,
    "machine": Source.MACHINE,
    Source.MACHINE: Source.MACHINE,
    "simulated": Source.SIMULATED,
}
_COLUMNS = {"rate": "rate", "unit": "unit", "lead_order": "leads"}  # fact -> where it is stated
_LANGUAGES = {language.value: language for language in Language}
_SEXES = {"f": Sex.FEMALE, "m": Sex.MALE}
_SIGNS = {";": "semicolons", "\t": "tabs"}
_MAX_AGE = 150.0  # years

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class FolderCorpus:
    """A folder with its table.

    Attributes:
        directory: the folder, or its table.
    """

    directory: Path
    kind: str = field(default="folder", init=False)

    def entries(self, folds: Collection[int] | None = None) -> list[Entry]:
        """Return the entries of *folds*, or all, in the order of the table.

        Raises:
            CorpusError: The table or one of its rows is not as described above; the message
                names the line.
            LeakError: A patient stands in two folds.
        """
        table = self.directory / TABLE if self.directory.is_dir() else self.directory
        entries: list[Entry] = []
        lines: dict[str, int] = {}  # what must not stand twice -> the line where it stands
        patients: dict[str, int | None] = {}
        for line, row in _read_rows(table):
            where = f"{table}: line {line}"
            entry, path = _to_entry(table.parent, row, where)
            for what in (f"file {str(path)!r}", f"case {entry.case_id!r}"):
                if lines.setdefault(what, line) != line:
                    raise CorpusError(f"{where}: {what} stands in line {lines[what]} already")
            if entry.patient and patients.setdefault(entry.patient, entry.fold) != entry.fold:
                raise LeakError(f"{where}: this patient stands in another fold above")
            entries.append(entry)
        return [entry for entry in entries if folds is None or entry.fold in folds]


@dataclass(frozen=True, slots=True)
class FileSource:
    """Reads one ECG file."""

    path: Path
    name: str
    stated: Stated

    def __call__(self) -> Record:
        """Return the record, under the name of the case.

        Raises:
            PrecordError: The file cannot be used; what it does not say, the table is to state.
        """
        try:
            record = read(self.path, self.stated)
        except UnstatedError as error:
            columns = ", ".join(_COLUMNS[fact] for fact in error.missing)
            raise FormatError(
                f"{self.path.name}: a file of bare numbers, which does not say all; state in "
                f"the table: {columns}"
            ) from error
        return replace(record, provenance=replace(record.provenance, name=self.name))


def _read_rows(table: Path) -> list[tuple[int, dict[str, str]]]:
    """Return each row with the line that it ends in.

    Raises:
        CorpusError: The table is missing, not text, holds no row, or lacks a column.
    """
    delimiter = "\t" if table.suffix.lower() in {".tsv", ".tab"} else ","
    rows: list[tuple[int, dict[str, str]]] = []
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, delimiter=delimiter, restkey="", strict=True)
            names = [name.strip().lower() for name in reader.fieldnames or ()]
            reader.fieldnames = names
            _check_columns(table, names)
            for cells in reader:
                if "" in cells or None in cells.values():
                    raise CorpusError(
                        f"{table}: line {reader.line_num}: expected {len(names)} cells; put a "
                        "text that holds a delimiter in double quotes"
                    )
                rows.append((reader.line_num, {k: v.strip() for k, v in cells.items()}))
    except FileNotFoundError:
        columns = ", ".join(_NEEDED)
        raise CorpusError(f"{table}: no such table; expected one with columns {columns}") from None
    except UnicodeDecodeError:
        raise CorpusError(f"{table}: not UTF-8 text; save it as UTF-8 (Excel: CSV UTF-8)") from None
    except (OSError, csv.Error) as error:
        raise CorpusError(f"{table}: not a readable UTF-8 table: {error}") from error
    if not rows:
        raise CorpusError(f"{table}: holds no row below its header")
    return rows


def _check_columns(table: Path, names: list[str]) -> None:
    """Refuse a header that lacks a column, or has one twice."""
    if missing := [name for name in _NEEDED if name not in names]:
        if len(names) == 1 and (sign := re.search(r"[;\t]", names[0])):
            raise CorpusError(
                f"{table}: its columns are separated by {_SIGNS[sign[0]]}; save it with commas, "
                "or with tabs as .tsv"
            )
        found = ", ".join(names)[:100] or "nothing"
        raise CorpusError(f"{table}: no column {missing[0]!r} in its header; found {found}")
    if twice := [name for name in names if names.count(name) > 1]:
        raise CorpusError(f"{table}: the column {twice[0]!r} stands twice in its header")


def _to_entry(folder: Path, row: Mapping[str, str], where: str) -> tuple[Entry, Path]:
    """Return the entry of one row, and the file that it names."""
    path = _find_file(folder, row["file"], where)
    name = row.get("id") or str(Path(row["file"]).with_suffix(""))
    report = _to_report(row, where)
    try:
        statements = parse_statements(row["statements"].split(";"))
    except CorpusError as error:
        raise CorpusError(f"{where}: {error}") from error
    are_read = report is not None and not statements
    if report is not None and are_read:
        statements = present_statements(report.text)
    entry = Entry(
        case_id=f"{folder.resolve().name}/{name}",
        corpus=folder.resolve().name,
        patient=row["patient"] or None,
        fold=_to_number(row.get("fold", ""), "fold", where),
        statements=statements,
        report=report,
        source=FileSource(path, name, _to_stated(row, where)),
        age=_to_age(row.get("age", ""), where),
        sex=_choose(row.get("sex", ""), _SEXES, "sex", where) if row.get("sex") else None,
        statements_are_read=are_read,
    )
    return entry, path


def _find_file(folder: Path, name: str, where: str) -> Path:
    """Return the file of that name, which must lie inside *folder*."""
    if not name:
        raise CorpusError(f"{where}: names no file")
    try:
        path, root = (folder / name).resolve(), folder.resolve()
        exists = path.is_file()
    except (OSError, ValueError, RuntimeError) as error:
        raise CorpusError(f"{where}: {name[:60]!r} is no file name") from error
    if not path.is_relative_to(root):
        raise CorpusError(f"{where}: file {name!r} lies outside the folder of the table")
    if not exists:
        raise CorpusError(f"{where}: there is no file {name!r}")
    return path


def _to_stated(row: Mapping[str, str], where: str) -> Stated:
    """Return what one row says of a file of bare numbers."""
    rate, unit, leads = (row.get(name, "") for name in ("rate", "unit", "leads"))
    try:
        return Stated(
            rate=float(rate) if rate else None,
            unit=parse_unit(unit) if unit else None,
            leads=parse_leads(leads) if leads else None,
        )
    except ValueError:
        raise CorpusError(f"{where}: rate {rate[:40]!r}, expected a number in Hz") from None
    except FormatError as error:
        raise CorpusError(f"{where}: {error}") from error


def _to_report(row: Mapping[str, str], where: str) -> Report | None:
    """Return the report of one row, or None where it has none."""
    text = row["report"]
    if not text:
        return None
    stated, given = row.get("source"), row.get("language")
    source = _choose(stated, _SOURCES, "source", where) if stated else Source.NOT_STATED
    language = _choose(given, _LANGUAGES, "language", where) if given else detect_language(text)
    return Report(text, language, source)


def _choose(text: str, choices: Mapping[str, _T], column: str, where: str) -> _T:
    """Return what *text* stands for."""
    if text.lower() not in choices:
        known = ", ".join(dict.fromkeys(choices))
        raise CorpusError(f"{where}: {column} {text[:40]!r}, expected one of {known}")
    return choices[text.lower()]


def _to_number(text: str, column: str, where: str) -> int | None:
    """Return a whole number, or None for an empty cell."""
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise CorpusError(f"{where}: {column} {text[:40]!r}, expected a whole number")
    return int(text)


def _to_age(text: str, where: str) -> float | None:
    """Return an age, or None for an empty cell."""
    if not text:
        return None
    try:
        age = float(text)
    except ValueError:
        age = -1.0
    if not 0 <= age <= _MAX_AGE:
        raise CorpusError(f"{where}: age {text[:40]!r}, expected 0 to {_MAX_AGE:g} years")
    return age
