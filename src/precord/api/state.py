"""What the running service holds: the retriever, the parsers, and the queries of late.

A query's ECG is kept in memory alone, so that it can be looked at, compared and asked about
again; it goes with the service, after half an hour, or when newer ones need its place.
"""

import secrets
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Protocol

from precord.api.audit import AuditLog
from precord.api.background import Background
from precord.api.pool import ParserPool
from precord.api.problem import NotThereError
from precord.api.turn import Turns
from precord.case import Case
from precord.draft import LanguageModel
from precord.ingest import IngestEncoder
from precord.library.sqlite import SqliteLibrary
from precord.record import Record
from precord.reindex import ReindexEncoder
from precord.retrieve import Calibration, QueryEncoder, Retriever

KEPT = 64
KEPT_SECONDS = 1800.0


@dataclass(frozen=True, slots=True)
class Asked:
    """A query that is remembered.

    Attributes:
        digest: of the record or the text.
        record: None for a text.
        patient: pseudonym, of a case that asks; otherwise the record knows whose it is.
    """

    digest: str
    record: Record | None
    patient: str | None = None


class Queries:
    """The queries of late, by random names that nobody can guess."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, Asked]] = OrderedDict()
        self._lock = Lock()

    def keep(self, asked: Asked) -> str:
        """Remember *asked*, and return its name."""
        name = secrets.token_urlsafe(12)
        with self._lock:
            self._kept[name] = (self._clock(), asked)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return name

    def get(self, name: str) -> Asked:
        """Return the query *name*.

        Raises:
            NotThereError: It was never asked, or is forgotten.
        """
        with self._lock:
            since, asked = self._kept.get(name, (0.0, None))
            if asked is None or self._clock() - since > KEPT_SECONDS:
                self._kept.pop(name, None)
                raise NotThereError("this query is no longer remembered; search again")
            return asked

    def record(self, name: str) -> Record:
        """Return the ECG of the query *name*.

        Raises:
            NotThereError: It is forgotten, or was a text.
        """
        asked = self.get(name)
        if asked.record is None:
            raise NotThereError("this query was a text; it has no ECG")
        return asked.record

    def drop(self, name: str) -> None:
        """Forget the query *name*, if it is there."""
        with self._lock:
            self._kept.pop(name, None)

    def forget(self) -> None:
        """Forget all queries, as when a patient is erased."""
        with self._lock:
            self._kept.clear()


class ServedEncoder(ReindexEncoder, QueryEncoder, Protocol):
    """What a service needs of an encoder that it changes over to."""


@dataclass(frozen=True, slots=True)
class NewWeights:
    """The weights that the library is to be re-indexed with.

    Attributes:
        path: where they lie.
        calibration: of their answers; without it, a consensus only counts.
    """

    encoder: ServedEncoder
    path: Path
    calibration: Calibration | None = None


@dataclass(slots=True)
class Service:
    """Everything that a route works with.

    Attributes:
        weights: where they lie; None for those that ship.
        new_weights: those that a re-indexing changes over to; None where there are none.
    """

    retriever: Retriever
    library: SqliteLibrary
    parsers: ParserPool
    audit: AuditLog
    encoder: IngestEncoder
    queries: Queries = field(default_factory=Queries)
    counts: Counter[str] = field(default_factory=Counter)
    turns: Turns = field(default_factory=Turns)
    background: Background = field(default_factory=Background)
    weights: Path | None = None
    language_model: LanguageModel | None = None
    new_weights: NewWeights | None = None
    _opened: ExitStack = field(default_factory=ExitStack)

    def change_over(self) -> None:
        """Search with the new weights, after the library was re-indexed with them.

        The library is opened anew; what is still searching with the old weights has the old
        one, which refuses vectors of others. So does an addition that took the old library
        with the new encoder, which is why the library comes last: none takes it the other way.
        """
        if (new := self.new_weights) is None:
            return
        opened = SqliteLibrary.open(self.library.path, encoder=new.encoder)
        self._opened.enter_context(opened)
        self.encoder, self.weights = new.encoder, new.path
        self.retriever = Retriever(opened, new.encoder, new.calibration)
        self.library, self.new_weights = opened, None

    def close(self) -> None:
        """End the jobs, and close what was opened since the start."""
        self.background.close()
        self._opened.close()

    def sign(self, pseudonym: str | None) -> str | None:
        """Return what the log says of whose a case is; None where it may say nothing.

        Pseudonyms of a library of the version before could be made again for ever.
        """
        return pseudonym[:16] if pseudonym and self.library.has_keys() else None

    def find_case(self, case_id: str, *, with_record: bool = False) -> Case:
        """Return the case *case_id*.

        Raises:
            NotThereError: There is no such case.
        """
        if case_id not in self.library.case_ids():
            raise NotThereError(f"the library holds no case {case_id[:60]!r}")
        return self.library.case(case_id, with_record=with_record)
