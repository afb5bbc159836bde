"""A case library in one SQLite file, with the keys of its pseudonyms beside it.

Write-ahead logging lets others read while one process writes; it needs a local disk, no
network share. Whatever `add` committed survives the end of the process at any moment.
Not supported: more than one writing process at a time (the second waits, then is refused).
"""

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from precord.case import Case
from precord.criteria import Criteria
from precord.errors import EncoderMismatchError, LibraryError, QueryError
from precord.library.count import count_cases
from precord.library.create import Identity, create_library
from precord.library.erase import EMPTY_LOG, delete_cases, scrub
from precord.library.patient import Patients, has_one_key
from precord.library.protocol import EncoderIdentity, Stats, Vectors
from precord.library.row import (
    SEARCH_WORDS,
    insert_case,
    read_vectors,
    select_cases,
    select_ids,
    select_waveforms,
    to_case,
    to_match,
)
from precord.library.schema import (
    check_encoder,
    committing,
    explained,
    open_file,
)
from precord.library.select import select_meeting
from precord.library.waveform import Waveform

MAX_QUERY = 10_000  # characters of a text query


class SqliteLibrary:
    """Cases, their signals and their vectors in one SQLite file; use it as a context manager.

    Threads may share one library; they take turns.

    Attributes:
        path: the file.
        meta: encoder, precision, dim, and when and by which precord it was created.
    """

    def __init__(self, path: Path, db: sqlite3.Connection, meta: dict[str, str]) -> None:
        self.path = path
        self.meta = meta
        self.dim = int(meta["dim"])
        self._db = db
        self._lock = RLock()
        self._patients = Patients(path, meta["key_check"])
        self._has_keys = False  # not known to be of the version with a key for each patient
        self._vectors: Vectors | None = None
        self._version = -1  # of the data that _vectors were read from

    @classmethod
    def create(
        cls, path: Path, fingerprint: str, precision: str, dim: int, *, exist_ok: bool = False
    ) -> Self:
        """Create an empty library at *path*, and its keys beside it.

        Args:
            path: where no file is yet.
            fingerprint: of the encoder whose vectors the library will hold.
            precision: of that encoder, such as "fp32".
            dim: width of its vectors.
            exist_ok: open a library that is there already, if it fits the encoder.

        Raises:
            LibraryError: The file exists or cannot be written.
            EncoderMismatchError: The existing library was built with another encoder.
        """
        if path.exists():
            if not exist_ok:
                raise LibraryError(f"{path}: exists already; choose another name or add to it")
            return cls.open(path, encoder=Identity(fingerprint, precision, dim))
        create_library(path, Identity(fingerprint, precision, dim))
        return cls.open(path)

    @classmethod
    def open(
        cls, path: Path, *, encoder: EncoderIdentity | None = None, timeout: float = 10.0
    ) -> Self:
        """Open the library at *path*.

        Args:
            path: a library that exists.
            encoder: the encoder that is to be used with it; None where no vector is needed.
            timeout: how long to wait for another process that writes, in seconds.

        Raises:
            LibraryError: No library, a damaged one, or one of another schema version.
            EncoderMismatchError: The library was built with another encoder.
        """
        db, meta = open_file(path, timeout)
        try:
            if encoder is not None:
                check_encoder(meta, encoder, path)
        except BaseException:
            db.close()
            raise
        return cls(path, db, meta)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; the library cannot be used afterwards."""
        with self._lock, explained(self.path):
            self._patients.close()
            self._db.close()

    def __len__(self) -> int:
        """Return the number of cases."""
        with self.reading() as db:
            return int(db.execute("SELECT count(*) FROM cases").fetchone()[0])

    def add(
        self,
        cases: Sequence[Case],
        ecg_vectors: NDArray[np.float32],
        report_vectors: NDArray[np.float32],
        waveforms: Sequence[Waveform | None] | None = None,
    ) -> None:
        """Add *cases*, all or none.

        Args:
            cases: N cases, whose patients are pseudonyms already.
            ecg_vectors: (N, D) unit rows; a row of NaN where there is none.
            report_vectors: the same for the reports.
            waveforms: the packed signals, where they were packed elsewhere; otherwise
                the record of each case is packed here.

        Raises:
            LibraryError: An id stands twice or is there already, the vectors are of another
                width, or the store is full, locked or damaged.
        """
        shape = (len(cases), self.dim)
        if ecg_vectors.shape != shape or report_vectors.shape != shape:
            raise LibraryError(
                f"{self.path}: vectors of shape {ecg_vectors.shape} and {report_vectors.shape}, "
                f"expected {shape}"
            )
        if waveforms is None:
            waveforms = [Waveform.of(case.record) if case.record else None for case in cases]
        with self.writing() as db:
            self._refuse_other_vectors()
            self._refuse_duplicates([case.id for case in cases])
            for one in zip(cases, waveforms, ecg_vectors, report_vectors, strict=True):
                insert_case(db, *one)

    def case_ids(self) -> set[str]:
        """Return the ids of all cases."""
        with self.reading() as db:
            return {case_id for (case_id,) in db.execute("SELECT id FROM cases")}

    def case(self, case_id: str, *, with_record: bool = False) -> Case:
        """Return one case, with its record if asked for.

        Raises:
            LibraryError: There is no such case.
        """
        return self.cases([case_id], with_record=with_record)[0]

    def cases(self, case_ids: Sequence[str], *, with_record: bool = False) -> list[Case]:
        """Return the cases of *case_ids*, in that order.

        Raises:
            LibraryError: There is no such case.
        """
        with self.reading() as db:
            rows = select_cases(db, case_ids)
            waves = select_waveforms(db, case_ids) if with_record else {}
        if missing := next((i for i in case_ids if i not in rows), None):
            raise LibraryError(f"{self.path}: holds no case {missing[:60]!r}")
        return [to_case(rows[case_id], waves.get(case_id)) for case_id in case_ids]

    def vectors(self) -> Vectors:
        """Return the vectors of all cases, read once and kept until the library changes."""
        with self.reading() as db:
            (version,) = db.execute("PRAGMA data_version").fetchone()
            if self._vectors is None or version != self._version:
                self._refuse_other_vectors()
                self._vectors, self._version = read_vectors(db, self.dim), version
            return self._vectors

    def select(self, criteria: Criteria) -> set[str]:
        """Return the ids of the cases that meet *criteria*."""
        with self.reading() as db:
            return select_meeting(db, criteria)

    def search_text(self, query: str, k: int) -> list[tuple[str, float]]:
        """Return at most *k* case ids with their BM25 score, best (highest) first.

        A case is found if its report, or one of the words for its statements, holds any
        word of *query*; case and diacritics do not count.

        Raises:
            QueryError: *query* is longer than `MAX_QUERY`, or *k* is not positive.
        """
        if len(query) > MAX_QUERY:
            raise QueryError(f"a text of {len(query)} characters, expected at most {MAX_QUERY}")
        if k < 1:
            raise QueryError(f"k is {k}, expected at least 1")
        if not (match := to_match(query)):
            return []
        with self.reading() as db:
            return db.execute(SEARCH_WORDS, (match, k)).fetchall()

    def pseudonym(self, patient: str) -> str:
        """Return the pseudonym of a raw patient id, as `pseudonyms` does."""
        return self.pseudonyms([patient])[0]

    def pseudonyms(self, patients: Sequence[str]) -> list[str]:
        """Return the pseudonyms of raw patient ids, each under a key of the patient's own.

        Who has no key yet gets one; it is on the disk when this returns.

        Raises:
            LibraryError: The library's key file is missing, another library's, or older than
                the library.
        """
        self._give_keys()
        with self.reading() as db:
            return self._patients.make(db, patients)

    def find_pseudonym(self, patient: str) -> str | None:
        """Return the pseudonym of a raw patient id, or None where nobody of that id was added.

        Raises:
            LibraryError: The library's key file is missing, or is another library's.
        """
        with self.reading() as db:
            return self._patients.find(db, patient)

    def check_keys(self) -> None:
        """Check that the key file holds a key for every patient.

        Raises:
            LibraryError: It is missing, another library's, or older than the library.
        """
        with self.reading() as db:
            if self.has_keys():
                self._patients.check(db)
            else:
                self._patients.key()

    def find_digest(self, digest: str) -> str | None:
        """Return the id of the first case whose record has this digest, or None."""
        with self.reading() as db:
            found = db.execute(
                "SELECT id FROM cases WHERE digest = ? ORDER BY key LIMIT 1", (digest,)
            ).fetchone()
        return str(found[0]) if found else None

    def erase_patient(self, patient: str) -> int:
        """Erase whom the raw id *patient* names; return how many cases there were.

        Raises:
            LibraryError: As for `delete_patient`.
        """
        self._give_keys()
        pseudonym = self.find_pseudonym(patient)
        return 0 if pseudonym is None else self.delete_patient(pseudonym)

    def delete_patient(self, pseudonym: str) -> int:
        """Erase all cases of a patient and destroy the key; return how many cases there were.

        Raises:
            LibraryError: The key file is missing, or as for `delete_case`.
        """
        return self._erase_patients([pseudonym])

    def erase_again(self) -> int:
        """Erase the patients whose keys were destroyed, whom an older copy brought back."""
        self._give_keys()
        with self.reading() as db:
            gone = self._patients.erased(db)
        return self._erase_patients(gone) if gone else 0

    def delete_case(self, case_id: str) -> int:
        """Erase one case without a trace, whoever's it is; return 1, or 0 if there is none.

        Raises:
            LibraryError: Others are reading; what was deleted is not yet erased from the
                disk. Calling this again completes it.
        """
        return self._erase("SELECT key FROM cases WHERE id = ?", [case_id])

    def _erase_patients(self, pseudonyms: Sequence[str]) -> int:
        """Erase all cases of patients, then their keys: stopped between, it can be repeated."""
        self._give_keys()
        with self.reading():
            store = self._patients.store()
            n_cases = self._erase("SELECT key FROM cases WHERE patient = ?", pseudonyms)
            store.destroy(pseudonyms)
        return n_cases

    def _erase(self, find: str, values: Sequence[str]) -> int:
        """Erase the cases whose keys *find* selects by *values*; return how many there were."""
        with self.writing() as db:
            n_cases = delete_cases(db, find, values)
        with self.reading() as db:
            is_busy = scrub(db)
        if is_busy:
            raise LibraryError(
                f"{self.path}: others are reading it, so that what was deleted is still on the "
                "disk; close them and delete again"
            )
        return n_cases

    def has_keys(self) -> bool:
        """Tell whether each patient has a key, as in every library but those of version 2."""
        if not self._has_keys:
            with self.reading() as db:
                self._has_keys = not has_one_key(db)
        return self._has_keys

    def _give_keys(self) -> None:
        """Give each patient of a library of the version before a key of the patient's own."""
        if self.has_keys():
            return
        with self.writing() as db:
            self._patients.upgrade(db)
        with self.reading() as db:
            db.execute(EMPTY_LOG)

    def stats(self) -> Stats:
        """Return how many cases there are, by corpus and by source."""
        with self.reading() as db:
            return count_cases(db)

    def check(self) -> None:
        """Read the whole file and check it.

        Raises:
            LibraryError: It is damaged.
        """
        with self.reading() as db:
            (found,) = db.execute("PRAGMA integrity_check (1)").fetchone()
            strays = db.execute("PRAGMA foreign_key_check").fetchall()
            db.execute("INSERT INTO words (words) VALUES ('integrity-check')")
        if found != "ok" or strays:
            raise LibraryError(f"{self.path}: the file is damaged; restore it from a backup")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Hold the lock, and explain SQLite's errors."""
        with self._lock, explained(self.path):
            yield self._db

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Commit what is done inside, or undo all of it."""
        with self.reading() as db:
            try:
                with committing(db):
                    yield db
            finally:
                self._vectors = None

    def _refuse_other_vectors(self) -> None:
        """Refuse vectors that another process has made anew since this library was opened."""
        (now,) = self._db.execute("SELECT value FROM meta WHERE name = 'encoder'").fetchone()
        if now != self.meta["encoder"]:
            raise EncoderMismatchError(
                f"{self.path}: re-indexed with other weights since it was opened; open it again"
            )

    def _refuse_duplicates(self, ids: Sequence[str]) -> None:
        """Refuse ids that stand twice, or are in the library."""
        twice = [i for i, n in Counter(ids).items() if n > 1]
        if taken := next(iter(twice or select_ids(self._db, ids)), None):
            raise LibraryError(f"{self.path}: holds case {taken[:60]!r} already")
