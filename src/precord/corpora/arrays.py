"""Data sets of bare arrays beside a table: SPH, Chapman-Shaoxing, CODE-15 %.

Each publishes signals that do not say their rate, unit or leads; what its paper says of all of
them is stated here, and nothing that it does not say.

    kind      table             signals          stated by
    sph       metadata.csv      ID.h5            Liu et al. 2022, doi:10.1038/s41597-022-01403-5
    chapman   Diagnostics.csv   NAME.csv, .mat   Zheng et al. 2020, doi:10.1038/s41597-020-0386-x
    code-15   exams.csv         code_15_ID.mat   Ribeiro et al. 2021, doi:10.5281/zenodo.4916206

Chapman's table is published as a workbook; save it as CSV. CODE-15's signals in these files
are scaled in a way that nothing beside them says, so their scale is unknown. Signals lie
where the table does or in any folder below. None of the three carries reports or folds.
"""

import csv
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from precord.corpora.entry import Entry
from precord.corpora.mapping import System, to_scp
from precord.errors import CorpusError
from precord.io import Stated, read
from precord.io.stated import Unit
from precord.leads import LEADS
from precord.record import Record, Sex

_MAX_AGE = 120.0  # years
_SEXES = {"M": Sex.MALE, "F": Sex.FEMALE, "MALE": Sex.MALE, "FEMALE": Sex.FEMALE}


@dataclass(frozen=True, slots=True)
class _Layout:
    """How one data set is laid out.

    Attributes:
        codes: the codes in a row.
        patient: the patient's id in a row, empty where the data set names none.
    """

    kind: str
    table: str
    key: str
    file: str
    suffixes: tuple[str, ...]
    stated: Stated
    system: System
    codes: Callable[[Mapping[str, str]], Iterable[str]]
    patient: Callable[[Mapping[str, str]], str]
    age: str
    sex: Callable[[Mapping[str, str]], Sex | None]


_CODE_15 = ("1dAVb", "RBBB", "LBBB", "SB", "ST", "AF", "normal_ecg")
_LAYOUTS = (
    _Layout(
        kind="sph",
        table="metadata.csv",
        key="ECG_ID",
        file="{}",
        suffixes=(".h5",),
        stated=Stated(500.0, Unit.MILLIVOLT, LEADS),
        system=System.AHA,
        codes=lambda row: row["AHA_Code"].split(";"),
        patient=lambda row: row["Patient_ID"],
        age="Age",
        sex=lambda row: _SEXES.get(row["Sex"].upper()),
    ),
    _Layout(
        kind="chapman",
        table="Diagnostics.csv",
        key="FileName",
        file="{}",
        suffixes=(".csv", ".mat"),
        stated=Stated(500.0, Unit.MICROVOLT, LEADS),
        system=System.CHAPMAN,
        codes=lambda row: [row["Rhythm"], *row["Beat"].split()],
        patient=lambda row: row["FileName"],  # one ECG of each patient
        age="PatientAge",
        sex=lambda row: _SEXES.get(row["Gender"].upper()),
    ),
    _Layout(
        kind="code-15",
        table="exams.csv",
        key="exam_id",
        file="code_15_{}",
        suffixes=(".mat",),
        stated=Stated(unit=Unit.UNKNOWN, leads=LEADS),  # the rate stands in the file
        system=System.CODE_15,
        codes=lambda row: [name for name in _CODE_15 if _is_true(row[name])],
        patient=lambda row: row["patient_id"],
        age="age",
        sex=lambda row: Sex.MALE if _is_true(row["is_male"]) else Sex.FEMALE,
    ),
)
ARRAY_KINDS = {layout.kind: layout for layout in _LAYOUTS}


@dataclass(frozen=True, slots=True)
class ArrayCorpus:
    """A data set of arrays with its table.

    Attributes:
        kind: one of `ARRAY_KINDS`.
    """

    kind: str
    directory: Path
    layout: _Layout = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Look the layout up."""
        object.__setattr__(self, "layout", ARRAY_KINDS[self.kind])

    def entries(self, folds: Collection[int] | None = None) -> list[Entry]:
        """Return the entries whose signals are there; none of any fold, as there are no folds.

        Raises:
            CorpusError: The table is missing or a row cannot be read, or no signal is there.
        """
        signals = {
            path.stem: path
            for suffix in self.layout.suffixes
            for path in sorted(self.directory.rglob(f"*{suffix}"))
        }
        table = self.directory / self.layout.table
        rows = _read_rows(table, self.kind)
        entries = []
        for line, row in rows:
            try:
                path = signals.get(self.layout.file.format(row[self.layout.key]))
                if path is not None:
                    entries.append(self._entry(row, path))
            except (KeyError, ValueError, CorpusError) as error:
                raise CorpusError(f"{table}: line {line}: bad row: {error}") from error
        if not entries:
            raise CorpusError(f"{table}: none of its {len(rows)} signals lies in this folder")
        return [] if folds is not None else entries

    def _entry(self, row: Mapping[str, str], path: Path) -> Entry:
        """Return the entry of one row."""
        patient = self.layout.patient(row).strip()
        age = float(row[self.layout.age]) if row[self.layout.age].strip() else None
        return Entry(
            case_id=f"{self.kind}/{row[self.layout.key]}",
            corpus=self.kind,
            patient=f"{self.kind}:{patient}" if patient else None,
            fold=None,
            statements=to_scp(self.layout.codes(row), self.layout.system),
            report=None,
            source=_ArraySource(path, self.layout.stated, row[self.layout.key]),
            age=age if age is not None and 0 <= age <= _MAX_AGE else None,
            sex=self.layout.sex(row),
        )


@dataclass(frozen=True, slots=True)
class _ArraySource:
    """Reads one file with what the data set states of all."""

    path: Path
    stated: Stated
    name: str

    def __call__(self) -> Record:
        """Return the record, under the name of the case."""
        record = read(self.path, self._unstated())
        return replace(record, provenance=replace(record.provenance, name=self.name))

    def _unstated(self) -> Stated:
        """Return the facts without the leads where a table's header names them."""
        is_table = self.path.suffix.lower() == ".csv"
        return replace(self.stated, leads=None) if is_table else self.stated


def _is_true(text: str) -> bool:
    """Tell whether a cell says yes."""
    return text.strip().casefold() in {"true", "1", "1.0"}


def _read_rows(table: Path, kind: str) -> list[tuple[int, dict[str, str]]]:
    """Return each row of *table* with the line that it ends in."""
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restval="")
            rows = [(reader.line_num, row) for row in reader]
    except FileNotFoundError:
        raise CorpusError(f"{table}: no such table; expected the layout of {kind}") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CorpusError(f"{table}: not a readable UTF-8 table: {error}") from error
    if not rows:
        raise CorpusError(f"{table}: holds no row below its header")
    return rows
