"""How many cases a library holds, of what and by whom."""

import sqlite3
from collections import Counter

from precord.library.protocol import Stats
from precord.report import Source


def count_cases(db: sqlite3.Connection) -> Stats:
    """Return how many cases and patients there are, by corpus and by source."""
    rows = db.execute(
        "SELECT corpus, source, count(*) FROM cases GROUP BY corpus, source"
    ).fetchall()
    (patients,) = db.execute("SELECT count(DISTINCT patient) FROM cases").fetchone()
    by_corpus, by_source = Counter[str](), Counter[Source]()
    for corpus, source, n_cases in rows:
        by_corpus[corpus] += n_cases
        by_source[Source(source)] += n_cases
    return Stats(by_corpus.total(), patients, dict(by_corpus), dict(by_source))
