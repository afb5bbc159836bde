"""The vectors of a library made anew, from the signals and reports that it stores."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np

from precord.errors import LibraryError, SignalError
from precord.ingest import IngestEncoder, encode_case_texts
from precord.library.protocol import EncoderIdentity
from precord.library.sqlite import SqliteLibrary
from precord.library.staging import Staging

_BATCH = 64


class ReindexEncoder(EncoderIdentity, IngestEncoder, Protocol):
    """What re-indexing needs of an encoder."""


def reindex(
    path: Path, encoder: ReindexEncoder, on_progress: Callable[[int], None] = lambda _: None
) -> int:
    """Make the vectors of the library at *path* with *encoder*; return how many cases it has.

    Until all are made, searches use the old ones; a run that was stopped goes on where it
    was.

    Args:
        path: the library.
        encoder: whose vectors it shall hold.
        on_progress: gets the number of cases dealt with since its last call.

    Raises:
        LibraryError: A case has no stored signal, or the library is damaged, full or locked.
    """
    with SqliteLibrary.open(path) as library, Staging(path, encoder) as stage:
        n_cases = len(library)
        if library.meta["encoder"] == encoder.fingerprint:
            on_progress(n_cases)
            return n_cases
        on_progress(n_cases - len(stage.missing(n_cases)))
        while ids := stage.missing(_BATCH):
            cases = library.cases(ids, with_record=True)
            records = [case.record for case in cases if case.record is not None]
            if len(records) < len(cases):
                without = next(case.id for case in cases if case.record is None)
                raise LibraryError(f"{path}: stores no signal of case {without}; ingest it again")
            try:
                ecg = encoder.embed_records(records)
            except SignalError as error:
                raise LibraryError(f"{path}: {error}") from error
            reports = [case.report for case in cases]
            texts = encode_case_texts(
                encoder, [case.statements for case in cases], reports, encoder.dim
            )
            stage.stage(ids, np.asarray(ecg, np.float32), texts)
            on_progress(len(ids))
        stage.switch()
        return n_cases
