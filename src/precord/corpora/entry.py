"""One row of a data set, before its signal is read."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from precord.record import Record, Sex
from precord.report import Report


class SignalSource(Protocol):
    """Reads one record's signal when asked; picklable, so that a worker process can ask."""

    def __call__(self) -> Record:
        """Return the record, or raise a PrecordError."""
        ...


@dataclass(frozen=True, slots=True)
class Entry:
    """What a data set says of one ECG.

    Attributes:
        case_id: unique over all data sets, such as "ptb-xl/1".
        patient: the data set's own patient id behind the name of its id space, such as
            "ptb-xl:15709"; corpora that share patients share the name. None where unknown.
        fold: the data set's own fold; None where it has none.
        statements: SCP-ECG codes that are present, whatever their likelihood.
        statements_are_read: whether they were read from the report, not coded by anybody.
        source: reads the signal.
    """

    case_id: str
    corpus: str
    patient: str | None
    fold: int | None
    statements: frozenset[str]
    report: Report | None
    source: SignalSource
    age: float | None = None
    sex: Sex | None = None
    time: datetime | None = None
    statements_are_read: bool = False

    def load(self) -> Record:
        """Read the signal."""
        return self.source()


class Corpus(Protocol):
    """A data set on disk."""

    @property
    def kind(self) -> str:
        """Return the corpus's kind, one of `KINDS`."""
        ...

    @property
    def directory(self) -> Path:
        """Return where it lies."""
        ...

    def entries(self, folds: Collection[int] | None = None) -> list[Entry]:
        """Return the entries of *folds*, or all, in a fixed order."""
        ...
