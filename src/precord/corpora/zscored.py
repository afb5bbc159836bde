"""PTB-XL recordings of which only a filtered copy, z-scored per lead, is at hand.

Layout: `signals.npz` with `ecg_id` (N,), `signal` (N, 12, T) int16 in 1/200 of the lead's
standard deviation at 250 Hz, and `metadata.csv` with PTB-XL's columns. The scale of these
records is unknown: no voltage can be measured or compared, between leads either.
"""

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from precord.corpora.entry import Entry
from precord.corpora.ptbxl import facts, read_rows, to_entry
from precord.errors import CorpusError
from precord.leads import LEADS
from precord.record import Acquisition, Provenance, Record, Scale
from precord.statements import parse_statements

RATE = 250.0  # Hz
STEPS_PER_SD = 200.0
_NOTE = "filtered 0.5-40 Hz and z-scored per lead by its publisher"


@dataclass(frozen=True, slots=True)
class PtbXlZscored:
    """The z-scored records."""

    directory: Path
    kind: str = "ptb-xl-zscored"

    def entries(self, folds: Collection[int] | None = None) -> list[Entry]:
        """Return the entries of *folds*, or all, in the order of the table.

        Raises:
            CorpusError: A file is missing, a row is bad, or it has no signal.
        """
        table, archive = self.directory / "metadata.csv", self.directory / "signals.npz"
        index = {int(ecg_id): i for i, ecg_id in enumerate(_load(archive)[0])}
        entries = []
        for row in read_rows(table):
            if row["ecg_id"].isdecimal() and int(row["ecg_id"]) not in index:
                raise CorpusError(f"{archive}: no signal for ecg_id {row['ecg_id']}")
            codes = parse_statements(row["scp_codes_onehot"].split(";"))
            source = _ArraySource(archive, index[int(row["ecg_id"])], row["ecg_id"], facts(row))
            entries.append(to_entry(table, row, self.kind, codes, source))
        return [e for e in entries if folds is None or e.fold in folds]


@dataclass(frozen=True, slots=True)
class _ArraySource:
    """Reads one row of the archive."""

    archive: Path
    row: int
    name: str
    acquisition: Acquisition

    def __call__(self) -> Record:
        """Return the record."""
        steps = _load(self.archive)[1][self.row]  # (12, T)
        return Record(
            (steps / STEPS_PER_SD).astype(np.float32),
            LEADS,
            RATE,
            scale=Scale.UNKNOWN,
            acquisition=self.acquisition,
            provenance=Provenance("ptb-xl-zscored", self.name, notes=(_NOTE,)),
        )


@lru_cache(maxsize=1)
def _load(archive: Path) -> tuple[NDArray[np.int64], NDArray[np.int16]]:
    """Return ids and signals of *archive*; the last archive is kept in memory."""
    try:
        with np.load(archive, allow_pickle=False) as arrays:
            ids, signal = arrays["ecg_id"], arrays["signal"]
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise CorpusError(f"{archive}: not a readable archive of signals: {error}") from error
    if signal.ndim != 3 or signal.shape[:2] != (len(ids), len(LEADS)):
        raise CorpusError(f"{archive}: signal of shape {signal.shape}, expected (N, 12, T)")
    return ids, signal
