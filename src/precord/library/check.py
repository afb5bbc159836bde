"""Whether a library is whole: the file's structure, every signal, every vector."""

from collections.abc import Callable

import numpy as np

from precord.errors import LibraryError
from precord.library.sqlite import SqliteLibrary

_TOLERANCE = 1e-3  # of a vector's length


def verify(library: SqliteLibrary, on_progress: Callable[[int], None] = lambda _: None) -> None:
    """Read all of *library*: SQLite itself keeps no checksum of what it stores.

    Args:
        library: the library.
        on_progress: called with 1 for each case.

    Raises:
        LibraryError: The file's structure is damaged, a signal is not the one that was
            stored, or a vector has not length one; the message names the case.
    """
    library.check()
    vectors = library.vectors()
    for kind, rows in (("ECG", vectors.ecg), ("report", vectors.report)):
        lengths = np.linalg.norm(rows, axis=1)
        wrong = np.flatnonzero(np.abs(lengths - 1) > _TOLERANCE)  # NaN: there is no vector
        if len(wrong):
            raise _damaged(library, vectors.ids[wrong[0]], f"{kind} vector")
    for case_id in vectors.ids:
        record = library.case(case_id, with_record=True).record
        if record is not None and library.find_digest(record.digest()) is None:
            raise _damaged(library, case_id, "signal")
        on_progress(1)


def _damaged(library: SqliteLibrary, case_id: str, what: str) -> LibraryError:
    """Return the error that names the case."""
    return LibraryError(
        f"{library.path}: the {what} of case {case_id} is damaged; restore the library from a copy"
    )
