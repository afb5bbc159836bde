"""Vectors of a new encoder, staged beside the old ones and switched to in one transaction.

What is staged survives the end of the process, so that re-indexing goes on where it stopped;
until the switch, searches use the old vectors, and after it open libraries say so.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from precord.errors import LibraryError
from precord.library.protocol import EncoderIdentity
from precord.library.row import to_blob
from precord.library.schema import committing, explained, open_file

_TIMEOUT = 10.0  # seconds to wait for another process that writes
_STAGE = """
CREATE TABLE IF NOT EXISTS staged (
    key INTEGER PRIMARY KEY REFERENCES cases (key) ON DELETE CASCADE,
    ecg BLOB, report BLOB
)
"""
_MISSING = "SELECT id FROM cases WHERE key NOT IN (SELECT key FROM staged) ORDER BY key LIMIT ?"


class Staging:
    """A library's file while its vectors are made anew; use it as a context manager."""

    def __init__(self, path: Path, encoder: EncoderIdentity) -> None:
        """Open the stage for *encoder*; what another encoder left there is thrown away."""
        self.path, self.encoder = path, encoder
        self._db, meta = open_file(path, _TIMEOUT)
        try:
            with self._writing() as db:
                db.execute(_STAGE)
                if meta.get("staged") != encoder.fingerprint:
                    db.execute("DELETE FROM staged")
                    db.execute(
                        "INSERT OR REPLACE INTO meta VALUES ('staged', ?)", (encoder.fingerprint,)
                    )
        except BaseException:
            self._db.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def missing(self, n: int) -> list[str]:
        """Return the ids of at most *n* cases that have no staged vectors yet."""
        with explained(self.path):
            return [case_id for (case_id,) in self._db.execute(_MISSING, (n,))]

    def stage(
        self, ids: Sequence[str], ecg: NDArray[np.float32], report: NDArray[np.float32]
    ) -> None:
        """Keep the vectors of *ids*, (N, D) each; a row of NaN says there is none."""
        with self._writing() as db:
            db.executemany(
                "INSERT INTO staged SELECT key, ?, ? FROM cases WHERE id = ?",
                [(to_blob(e), to_blob(r), i) for i, e, r in zip(ids, ecg, report, strict=True)],
            )

    def switch(self) -> None:
        """Put the staged vectors in the place of the old ones, all at once.

        Raises:
            LibraryError: A case was added meanwhile, and has no staged vectors.
        """
        with self._writing() as db:
            if db.execute(_MISSING, (1,)).fetchone():
                raise LibraryError(f"{self.path}: cases were added meanwhile; run it again")
            db.execute("DELETE FROM vectors")
            db.execute("INSERT INTO vectors SELECT key, ecg, report FROM staged")
            db.execute("DROP TABLE staged")
            db.execute("DELETE FROM meta WHERE name = 'staged'")
            facts = {
                "encoder": self.encoder.fingerprint,
                "precision": self.encoder.precision,
                "dim": str(self.encoder.dim),
            }
            db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", facts.items())

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Commit what is done inside, or undo all of it."""
        with explained(self.path), committing(self._db):
            yield self._db
