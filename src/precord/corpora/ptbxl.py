"""PTB-XL in its official layout: `ptbxl_database.csv`, `records100/`, `records500/`.

Source: Wagner et al. 2020, doi:10.1038/s41597-020-0495-6, version 1.0.3 (CC BY 4.0).
Statements are present whatever their likelihood: 0 there means "not stated". The 500 Hz
copy of a record is read where it is on disk, else the 100 Hz copy.
"""

import ast
import csv
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from precord.corpora.entry import Entry, SignalSource
from precord.errors import CorpusError
from precord.io import read_wfdb
from precord.record import Acquisition, Record, Sex
from precord.report import Report, Source
from precord.statements import parse_statements
from precord.text import detect_language

ID_SPACE = "ptb-xl"  # shared by all copies of PTB-XL, so that a patient is one patient
MAX_AGE = 90.0  # PTB-XL writes 300 for everybody above 89


@dataclass(frozen=True, slots=True)
class PtbXl:
    """The official data set, or a subset of it.

    Attributes:
        is_low_rate: whether the 100 Hz copies are read although 500 Hz ones are there.
    """

    directory: Path
    kind: str = "ptb-xl"
    is_low_rate: bool = False

    def entries(self, folds: Collection[int] | None = None) -> list[Entry]:
        """Return the entries of *folds*, or all, in the order of the table.

        Raises:
            CorpusError: The table is missing, or a row of it cannot be read.
        """
        table = self.directory / "ptbxl_database.csv"
        rows = read_rows(table)
        return [
            self._entry(table, row) for row in rows if folds is None or _fold(table, row) in folds
        ]

    def _entry(self, table: Path, row: dict[str, str]) -> Entry:
        """Return the entry that one row describes."""
        codes = parse_statements(read_likelihoods(table, row))
        return to_entry(table, row, "ptb-xl", codes, _WfdbSource(self._header(row), facts(row)))

    def _header(self, row: dict[str, str]) -> Path:
        """Return the header of the wanted copy of a record, or of the one that is on disk."""
        high = self.directory / f"{row['filename_hr']}.hea"
        low = self.directory / f"{row['filename_lr']}.hea"
        wanted, other = (low, high) if self.is_low_rate else (high, low)
        return wanted if wanted.is_file() else other


@dataclass(frozen=True, slots=True)
class _WfdbSource:
    """Reads one WFDB record and adds what the table knows."""

    header: Path
    acquisition: Acquisition

    def __call__(self) -> Record:
        """Return the record."""
        return replace(read_wfdb(self.header), acquisition=self.acquisition)


def read_rows(table: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV table as dictionaries.

    Raises:
        CorpusError: The table is missing, empty or not UTF-8 text.
    """
    try:
        with table.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except FileNotFoundError:
        raise CorpusError(f"{table}: no such table; expected PTB-XL's layout") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CorpusError(f"{table}: not a readable table: {error}") from error
    if not rows:
        raise CorpusError(f"{table}: holds no row")
    return rows


def read_likelihoods(table: Path, row: dict[str, str]) -> dict[str, float]:
    """Return PTB-XL's `scp_codes`: likelihood in percent by code."""
    try:
        codes = ast.literal_eval(row["scp_codes"])
        return {str(code): float(likelihood) for code, likelihood in codes.items()}
    except (KeyError, ValueError, SyntaxError, AttributeError, TypeError) as error:
        raise CorpusError(f"{table}: ecg_id {row.get('ecg_id')}: bad scp_codes") from error


def to_entry(
    table: Path,
    row: dict[str, str],
    corpus: str,
    statements: frozenset[str],
    source: SignalSource,
) -> Entry:
    """Return the entry of a row that has PTB-XL's columns."""
    try:
        known = facts(row)
        return Entry(
            case_id=f"{corpus}/{int(row['ecg_id'])}",
            corpus=corpus,
            patient=f"{ID_SPACE}:{int(float(row['patient_id']))}",
            fold=_fold(table, row),
            statements=statements,
            report=_report(row),
            source=source,
            age=known.age,
            sex=known.sex,
            time=known.time,
        )
    except (KeyError, ValueError) as error:
        raise CorpusError(f"{table}: ecg_id {row.get('ecg_id')}: bad row: {error}") from error


def facts(row: dict[str, str]) -> Acquisition:
    """Return what a row of PTB-XL knows of a recording."""
    return Acquisition(
        time=datetime.fromisoformat(row["recording_date"]) if row["recording_date"] else None,
        device=row["device"].strip() or None,
        age=min(float(row["age"]), MAX_AGE) if row["age"] else None,
        sex={"0": Sex.MALE, "1": Sex.FEMALE}.get(row["sex"].partition(".")[0]),
    )


def _fold(table: Path, row: dict[str, str]) -> int:
    """Return the fold of a row."""
    try:
        return int(row["strat_fold"])
    except (KeyError, ValueError) as error:
        raise CorpusError(f"{table}: ecg_id {row.get('ecg_id')}: bad strat_fold") from error


def _report(row: dict[str, str]) -> Report | None:
    """Return the report of a row, if it has one."""
    text = row["report"].strip()
    if not text:
        return None
    return Report(text, detect_language(text), _source(row))


def _source(row: dict[str, str]) -> Source:
    """Return who answers for a report: a clinician who wrote or validated it, or a machine alone.

    A row that does not say, or says that nobody wrote it, leaves the author open.
    """
    match row["initial_autogenerated_report"], row["validated_by_human"]:
        case "True" | "False", "True":
            return Source.CLINICIAN
        case "True", "False":
            return Source.MACHINE
        case _:
            return Source.NOT_STATED
