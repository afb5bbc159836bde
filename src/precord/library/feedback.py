"""People's verdicts on hits, kept in the library: relevant or not relevant.

The table is made when first needed, so that libraries without it stay as they are. A verdict
goes with its case when a patient is erased. Of the query only a hash is kept.
"""

import csv
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO

from precord.errors import LibraryError
from precord.library.sqlite import SqliteLibrary

VERDICTS = ("relevant", "not relevant")

_TABLE = """
CREATE TABLE IF NOT EXISTS feedback (
    time TEXT NOT NULL,
    query TEXT NOT NULL,      -- hash of the record or the text
    key INTEGER NOT NULL REFERENCES cases (key) ON DELETE CASCADE,
    verdict TEXT NOT NULL,
    PRIMARY KEY (query, key)  -- the last verdict counts
)
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One verdict as it was kept."""

    time: str
    query: str
    case: str
    verdict: str


def keep_verdict(library: SqliteLibrary, query: str, case_id: str, verdict: str) -> None:
    """Keep *verdict* on the case *case_id* as an answer to the query with hash *query*.

    Raises:
        LibraryError: No such case or verdict, or the library cannot be written.
    """
    if verdict not in VERDICTS:
        raise LibraryError(f"verdict {verdict[:40]!r}, expected one of {', '.join(VERDICTS)}")
    now = datetime.now(UTC).isoformat("T", "seconds")
    with library.writing() as db:
        db.execute(_TABLE)
        found = db.execute("SELECT key FROM cases WHERE id = ?", (case_id,)).fetchone()
        if found is None:
            raise LibraryError(f"{library.path}: holds no case {case_id[:60]!r}")
        db.execute(
            "INSERT OR REPLACE INTO feedback VALUES (?, ?, ?, ?)", (now, query, found[0], verdict)
        )


def list_verdicts(library: SqliteLibrary) -> list[Verdict]:
    """Return all verdicts, oldest first."""
    with library.reading() as db:
        if not _has_table(db):
            return []
        rows = db.execute(
            "SELECT feedback.time, query, id, verdict FROM feedback JOIN cases USING (key) "
            "ORDER BY feedback.time, query, id"
        ).fetchall()
    return [Verdict(*row) for row in rows]


def to_csv(verdicts: Iterable[Verdict]) -> str:
    """Return *verdicts* as CSV: time, query, case, verdict."""
    made = StringIO()
    table = csv.writer(made, lineterminator="\n")
    table.writerow(("time", "query", "case", "verdict"))
    table.writerows((one.time, one.query, one.case, one.verdict) for one in verdicts)
    return made.getvalue()


def count_verdicts(library: SqliteLibrary) -> dict[str, int]:
    """Return the number of verdicts of each kind."""
    kept = [verdict.verdict for verdict in list_verdicts(library)]
    return {kind: kept.count(kind) for kind in VERDICTS}


def _has_table(db: sqlite3.Connection) -> bool:
    """Tell whether a verdict was ever kept."""
    return bool(db.execute("SELECT 1 FROM sqlite_master WHERE name = 'feedback'").fetchone())
