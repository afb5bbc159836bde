"""Cases erased without a trace.

A deleted word stays in the index until that is rebuilt, and a deleted row in the file until that
is vacuumed. So the whole file is written anew, by way of a temporary file: both disks need its
size again in free space.
"""

import sqlite3
from collections.abc import Sequence

EMPTY_LOG = "PRAGMA wal_checkpoint (TRUNCATE)"


def delete_cases(db: sqlite3.Connection, find: str, values: Sequence[str]) -> int:
    """Delete the cases whose keys the query *find* selects by each of *values*; return how many."""
    keys = [key for value in values for key in db.execute(find, (value,))]
    db.executemany("DELETE FROM words WHERE rowid = ?", keys)
    db.executemany("DELETE FROM cases WHERE key = ?", keys)
    db.execute("INSERT INTO words (words) VALUES ('rebuild')")
    return len(keys)


def scrub(db: sqlite3.Connection) -> bool:
    """Write the file anew without what was deleted; return whether others kept it from the disk."""
    db.execute("VACUUM")
    (is_busy, *_) = db.execute(EMPTY_LOG).fetchone()
    return bool(is_busy)
