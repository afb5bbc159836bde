"""What every measurement starts from: the ECGs of folds, read and encoded, beside a gallery."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from precord.case import Case
from precord.corpora import Entry, open_corpus
from precord.encoder import Encoder, QueryEncoding
from precord.errors import CorpusError, LeakError, LibraryError
from precord.evaluate.protocol import Task
from precord.ingest import ingest
from precord.library.protocol import Library, Vectors
from precord.library.sqlite import SqliteLibrary
from precord.record import Record
from precord.report import Source
from precord.retrieve import QueryEncoder

OnStage = Callable[[str, int], Callable[[int], None]]
"""Gets the name and length of a stage; returns what to call with progress."""


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """The queries and the gallery of one measurement.

    Attributes:
        entries: Q queries, as their data sets describe them.
        patients: Q names.
        records: Q signals.
        encoded: Q, what the encoder makes of them.
        library: holds the gallery.
        cases: G real cases of the gallery.
        vectors: of the whole library; rows: G rows of it, those of the cases.
        task: both sides, for judging.
    """

    entries: list[Entry]
    patients: list[str]
    records: list[Record]
    encoded: list[QueryEncoding]
    library: Library
    cases: list[Case]
    vectors: Vectors
    rows: list[int]
    task: Task

    def gallery_records(
        self, numbers: Sequence[int], advance: Callable[[int], None]
    ) -> list[Record]:
        """Return the signals of the cases at *numbers*.

        Raises:
            LibraryError: The library holds none.
        """
        found = []
        for number in numbers:
            case_id = self.cases[number].id
            record = self.library.case(case_id, with_record=True).record
            if record is None:
                raise LibraryError(f"{case_id}: the library holds no signal, which is needed here")
            found.append(record)
            advance(1)
        return found


def read_material(
    corpora: Sequence[tuple[str, Path]],
    folds: Sequence[int],
    library: Library,
    encoder: QueryEncoder,
    on_stage: OnStage,
) -> Material:
    """Return *folds* of *corpora*, and the rest of *library* as gallery.

    Args:
        corpora: kind and folder of each data set; those folds of all of them ask.
        folds: their cases leave the gallery, whoever put them in.
        library: the gallery, built with *encoder*.
        encoder: makes the queries' vectors.
        on_stage: hears of the progress.

    Raises:
        CorpusError: No data set has such a fold.
        LeakError: A patient stands on both sides.
        LibraryError: The library holds no real case of another fold.
    """
    entries = [e for kind, place in corpora for e in open_corpus(kind, place).entries(list(folds))]
    if not entries:
        raise CorpusError(f"no ECG in fold {_name(folds)} of the data sets named")
    vectors, rows = _gallery(library, folds)
    cases = library.cases([vectors.ids[i] for i in rows])
    patients = _check_patients(entries, cases, library)
    advance = on_stage("encoding queries", len(entries))
    records, encoded = [], []
    for entry in entries:
        records.append(entry.load())
        encoded.append(encoder.encode_query(records[-1]))
        advance(1)
    task = Task.make(
        [e.statements for e in entries],
        [c.statements for c in cases],
        patients,
        [e.corpus for e in entries],
        [c.corpus for c in cases],
    )
    return Material(entries, patients, records, encoded, library, cases, vectors, rows, task)


def open_gallery(
    corpora: Sequence[tuple[str, Path]], folds: Sequence[int], folder: Path, encoder: Encoder
) -> SqliteLibrary:
    """Return a library in *folder* that holds *folds* of *corpora*, filled as far as it is not.

    Its name says whose vectors it holds: other weights get a library of their own.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"folds-{min(folds)}-{max(folds)}-{encoder.fingerprint[:12]}.db"
    library = SqliteLibrary.create(
        path, encoder.fingerprint, encoder.precision, encoder.dim, exist_ok=True
    )
    entries = [e for kind, place in corpora for e in open_corpus(kind, place).entries(list(folds))]
    ingest(entries, library, encoder)
    return library


def _name(folds: Sequence[int]) -> str:
    """Return *folds* in words."""
    return ", ".join(str(fold) for fold in folds)


def _gallery(library: Library, folds: Sequence[int]) -> tuple[Vectors, list[int]]:
    """Return the library's vectors, and the rows that are real and not of *folds*."""
    vectors = library.vectors()
    rows = [
        i
        for i, (other, source) in enumerate(zip(vectors.folds, vectors.sources, strict=True))
        if other not in folds and source is not Source.SIMULATED
    ]
    if not rows:
        raise LibraryError(f"the library holds no real case outside fold {_name(folds)}")
    return vectors, rows


def _check_patients(entries: list[Entry], cases: list[Case], library: Library) -> list[str]:
    """Return a name for the patient of each query.

    Raises:
        LeakError: A patient, or an ECG, asks and stands in the gallery.
    """
    if same := {e.case_id for e in entries} & {c.id for c in cases}:
        raise LeakError(f"{min(same)} stands in the gallery as well, under another fold")
    asking = [
        (library.find_pseudonym(e.patient) or e.patient) if e.patient else e.case_id
        for e in entries
    ]
    both = set(asking) & {c.patient for c in cases if c.patient}
    if both:
        raise LeakError(f"{len(both)} patients of the queries stand in the gallery as well")
    return asking
