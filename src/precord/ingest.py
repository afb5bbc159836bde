"""Entries of a data set into a case library: read, measure, pack, encode, commit.

Worker processes read, judge, measure and pack; this process encodes whole batches and
commits each in one transaction. What was committed stays, whatever happens afterwards, and
a second run skips it. Cases are added in the order of the entries, however many workers
there are.
Not supported: executors beyond this machine.
"""

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import islice
from multiprocessing import get_context, parent_process
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from precord.case import Case
from precord.corpora import Entry
from precord.errors import PrecordError, SignalError
from precord.library.protocol import Library
from precord.library.waveform import Waveform
from precord.record import Measurements, Record
from precord.report import Report
from precord.signal.measure import measure
from precord.signal.quality import assess
from precord.text import case_texts, clean_report, mean_vectors

_TASK = 8  # entries that a worker takes at once
_AHEAD = 4  # tasks a worker that may wait, so that memory stays bounded


class TextEncoder(Protocol):
    """What the texts of cases need of an encoder."""

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return (texts, D) unit vectors."""
        ...


class IngestEncoder(TextEncoder, Protocol):
    """What ingestion needs of an encoder."""

    def embed_records(self, records: Sequence[Record]) -> NDArray[np.float32]:
        """Return (B, D) unit vectors of *records*."""
        ...


class Refusal(NamedTuple):
    """An entry that did not become a case."""

    case_id: str
    reason: str


@dataclass(slots=True)
class IngestReport:
    """What became of the entries.

    Attributes:
        added: cases that are new in the library.
        already_there: entries whose id was in it before.
    """

    added: int = 0
    already_there: int = 0
    refused: list[Refusal] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """An entry with what a worker found in its file."""

    entry: Entry
    record: Record
    measurements: Measurements
    waveform: Waveform


def ingest(
    entries: Sequence[Entry],
    library: Library,
    encoder: IngestEncoder,
    *,
    workers: int = 0,
    batch: int = 64,
    on_progress: Callable[[int], None] = lambda _: None,
) -> IngestReport:
    """Add *entries* to *library*; those that are there already are skipped.

    Args:
        entries: of one data set or several; an id that stands twice counts once.
        library: built with *encoder*.
        encoder: makes the vectors.
        workers: processes that read and measure; 0 or 1 does it in this process.
        batch: cases that are encoded and committed at once.
        on_progress: gets the number of entries dealt with since its last call; the sum
            is the number of entries.

    Returns:
        How many were added, and which were refused and why. A file that cannot be read does
        not stop the others.

    Raises:
        LibraryError: The library is full, locked or damaged; what was committed stays.
    """
    report = IngestReport()
    known = library.case_ids()
    new: dict[str, Entry] = {}
    for entry in entries:
        if entry.case_id not in known:
            new.setdefault(entry.case_id, entry)
    report.already_there = len(entries) - len(new)
    on_progress(report.already_there)
    with closing(_read_all(list(new.values()), workers)) as results:
        while chunk := list(islice(results, batch)):
            report.refused += [result for result in chunk if isinstance(result, Refusal)]
            good = [result for result in chunk if isinstance(result, _Read)]
            report.added += _add(good, library, encoder, report.refused)
            on_progress(len(chunk))
    return report


def encode_case_texts(
    encoder: TextEncoder,
    statements: Sequence[frozenset[str]],
    reports: Sequence[Report | None],
    dim: int | None = None,
) -> NDArray[np.float32]:
    """Return (N, D) the vectors of what is said of each case; NaN where nothing is.

    Args:
        encoder: makes the vectors.
        statements: N sets of codes.
        reports: N reports, or None where there is none.
        dim: D, which only a batch without any text needs.
    """
    texts = [
        case_texts(codes, [clean_report(report.text)] if report else [])
        for codes, report in zip(statements, reports, strict=True)
    ]
    flat = [text for case in texts for text in case]
    vectors = encoder.encode_texts(flat) if flat else np.empty((0, dim or 0), np.float32)
    return mean_vectors(vectors, [len(case) for case in texts])


def _add(
    results: list[_Read], library: Library, encoder: IngestEncoder, refused: list[Refusal]
) -> int:
    """Encode and commit *results*; return how many, and put the others into *refused*."""
    good, vectors = _embed(results, encoder, refused)
    if not good:
        return 0
    entries = [result.entry for result in good]
    reports = encode_case_texts(
        encoder, [e.statements for e in entries], [e.report for e in entries], vectors.shape[1]
    )
    cases = _to_cases(good, library)
    library.add(cases, vectors, reports, [result.waveform for result in good])
    return len(good)


def _embed(
    results: list[_Read], encoder: IngestEncoder, refused: list[Refusal]
) -> tuple[list[_Read], NDArray[np.float32]]:
    """Return the results that can be encoded, with their (N, D) vectors."""
    if not results:
        return [], np.empty((0, 0), np.float32)
    try:
        return results, encoder.embed_records([result.record for result in results])
    except SignalError as error:
        if len(results) == 1:
            refused.append(Refusal(results[0].entry.case_id, str(error)))
            return [], np.empty((0, 0), np.float32)
    good, rows = [], []
    for result in results:  # one of them cannot be encoded: find out which
        one, vectors = _embed([result], encoder, refused)
        good += one
        rows += list(vectors)
    return good, np.array(rows, np.float32)


def _to_cases(results: Sequence[_Read], library: Library) -> list[Case]:
    """Return the cases of entries; each patient becomes a pseudonym."""
    names = [r.entry.patient or r.record.acquisition.patient_id for r in results]
    known = [name for name in names if name]
    owners = dict(zip(known, library.pseudonyms(known), strict=True))
    return [
        _to_case(result, owners[name] if name else None)
        for result, name in zip(results, names, strict=True)
    ]


def _to_case(result: _Read, owner: str | None) -> Case:
    """Return the case of an entry; *owner* is the pseudonym of its patient."""
    entry = result.entry
    return Case(
        id=entry.case_id,
        patient=owner,
        statements=entry.statements,
        report=entry.report,
        measurements=result.measurements,
        record=result.record,
        corpus=entry.corpus,
        fold=entry.fold,
        statements_are_read=entry.statements_are_read,
    )


def _read_all(entries: Sequence[Entry], workers: int) -> Generator[_Read | Refusal, None, None]:
    """Yield what became of each entry, in their order."""
    if workers < 2:
        yield from map(_read, entries)
        return
    tasks = iter([entries[i : i + _TASK] for i in range(0, len(entries), _TASK)])
    pool = ProcessPoolExecutor(workers, get_context("spawn"), initializer=_start_worker)
    waiting: deque[Future[list[_Read | Refusal]]] = deque()
    try:
        waiting.extend(pool.submit(_read_some, t) for t in islice(tasks, workers * _AHEAD))
        while waiting:
            yield from waiting.popleft().result()
            waiting.extend(pool.submit(_read_some, task) for task in islice(tasks, 1))
    except BrokenProcessPool as error:
        raise PrecordError(
            "a reading process ended abruptly, perhaps for lack of memory; what was committed "
            "is kept: run again, with fewer workers"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _start_worker() -> None:
    """Leave interrupts to the main process, and do not outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this process when the main one ends, even if it was killed."""
    if (parent := parent_process()) is not None:
        parent.join()
        os._exit(1)


def _read_some(entries: Sequence[Entry]) -> list[_Read | Refusal]:
    """Return what became of each entry."""
    return [_read(entry) for entry in entries]


def _read(entry: Entry) -> _Read | Refusal:
    """Return the record of *entry*, measured and packed, or why it cannot be used."""
    try:
        record = _complete(entry.load(), entry)
        quality = assess(record)
        if not any(lead.is_usable for lead in quality):
            faults = sorted({fault.value for lead in quality for fault in lead.faults})
            return Refusal(entry.case_id, f"no usable lead: {', '.join(faults)}")
        return _Read(entry, record, measure(record), Waveform.of(record))
    except (PrecordError, OSError, MemoryError) as error:
        return Refusal(entry.case_id, str(error) or type(error).__name__)


def _complete(record: Record, entry: Entry) -> Record:
    """Return *record* with what only the data set knows of it."""
    known = record.acquisition
    return replace(
        record,
        acquisition=replace(
            known,
            time=known.time or entry.time,
            age=entry.age if known.age is None else known.age,
            sex=known.sex or entry.sex,
        ),
    )
