"""Whether a library is whole: the file's structure, every signal, vector and report."""

import unicodedata
from collections.abc import Callable

import numpy as np

from precord.errors import LibraryError
from precord.library.key import key_path
from precord.library.sqlite import SqliteLibrary

_TOLERANCE = 1e-3  # of a vector's length
_REPORTS = """
SELECT id, cases.report, words.report FROM cases LEFT JOIN words ON words.rowid = cases.key
ORDER BY key
"""


def verify(library: SqliteLibrary, on_progress: Callable[[int], None] = lambda _: None) -> None:
    """Read all of *library*: SQLite itself keeps no checksum of what it stores.

    Args:
        library: the library.
        on_progress: called with 1 for each case.

    Raises:
        LibraryError: The file's structure is damaged, a signal is not the one that was
            stored, a vector has not length one, or a report is another than its words in
            the index of the text search; the message names the case. Or the key file, where
            there is one, is not that of all its patients.
    """
    library.check()
    if key_path(library.path).is_file():
        library.check_keys()
    _check_reports(library)
    vectors = library.vectors()
    for kind, rows in (("ECG", vectors.ecg), ("report", vectors.report)):
        lengths = np.linalg.norm(rows.astype(np.float64), axis=1)
        there = ~np.isnan(rows).all(axis=1)  # a row of NaN: there is no vector
        wrong = np.flatnonzero(there & ~(np.abs(lengths - 1) <= _TOLERANCE))
        if len(wrong):
            raise _damaged(library, vectors.ids[wrong[0]], f"{kind} vector")
    for case_id in vectors.ids:
        record = library.case(case_id, with_record=True).record
        if record is not None and library.find_digest(record.digest()) is None:
            raise _damaged(library, case_id, "signal")
        on_progress(1)


def _check_reports(library: SqliteLibrary) -> None:
    """Compare each report with the copy of its words that text search keeps."""
    with library.reading() as db:
        for case_id, report, indexed in db.execute(_REPORTS):
            whole = unicodedata.normalize("NFC", " ".join((report or "").casefold().split()))
            if indexed is None or indexed not in whole:
                raise _damaged(library, case_id, "report")


def _damaged(library: SqliteLibrary, case_id: str, what: str) -> LibraryError:
    """Return the error that names the case."""
    return LibraryError(
        f"{library.path}: the {what} of case {case_id} is damaged; restore the library from a copy"
    )
