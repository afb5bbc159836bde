"""The demonstration: a library of simulated cases, and two queries that it does not hold.

Everything comes from what is installed: the simulator, the encoder's weights, and the
12-lead DICOM that ships inside pydicom. Nothing is downloaded. The folder is marked as the
demonstration's own, and only its own files in it are ever replaced.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import pydicom.data

from precord.corpora.entry import Entry
from precord.errors import FormatError, QueryError
from precord.ingest import IngestEncoder, ingest
from precord.io import write_wfdb
from precord.library.protocol import EncoderIdentity
from precord.library.sqlite import SqliteLibrary
from precord.record import Record, Sex
from precord.report import Language, Report, Source
from precord.simulate import draw_statements, simulate

N_CASES = 300
SEED = 20231210
QUERY_STATEMENTS = ("CLBBB", "SR")
LIBRARY, DICOM, QUERY = "library.db", "real.dcm", "query"
PICTURE, REAL_PICTURE = "match.png", "match-real.png"

_PYDICOM_FILE = "waveform_ecg.dcm"
_MARK = ".precord-demo"
_OWN_SUFFIXES = ("", "-wal", "-shm", ".key", ".key-journal")  # of the library


class DemoEncoder(EncoderIdentity, IngestEncoder, Protocol):
    """What the demonstration needs of an encoder."""


@dataclass(frozen=True, slots=True)
class _Held:
    """The signal of an entry that is in memory already."""

    record: Record

    def __call__(self) -> Record:
        """Return the record."""
        return self.record


def open_folder(folder: Path) -> None:
    """Make *folder* the demonstration's own, without what an earlier one left there.

    Raises:
        QueryError: It holds other people's files, or cannot be written.
    """
    try:
        if folder.exists() and any(folder.iterdir()) and not (folder / _MARK).is_file():
            raise QueryError(f"{folder}: holds other files; name a new folder with -o")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _MARK).write_text("Written by `precord demo`, which replaces its own files.\n")
        own = [LIBRARY + suffix for suffix in _OWN_SUFFIXES]
        own += [DICOM, f"{QUERY}.hea", f"{QUERY}.dat", PICTURE, REAL_PICTURE]
        for name in own:
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise QueryError(f"{folder}: cannot be written: {error.strerror or error}") from error


def draw_cases(on_progress: Callable[[int], None], n: int = N_CASES) -> list[Entry]:
    """Return *n* simulated cases of varied findings, half reported in English, half in German.

    Args:
        on_progress: called with the number of cases made since the last call.
        n: the same number gives the same cases.
    """
    entries = []
    for number, rng in enumerate(np.random.default_rng(SEED).spawn(n), start=1):
        made = simulate(draw_statements(rng), rng)
        language = Language.GERMAN if number % 2 else Language.ENGLISH
        entries.append(
            Entry(
                case_id=f"simulated/{number}",
                corpus="simulated",
                patient=f"simulated:{number}",
                fold=None,
                statements=made.statements,
                report=Report(made.reports[language], language, Source.SIMULATED),
                source=_Held(made.record),
                age=made.record.acquisition.age,
                sex=made.record.acquisition.sex,
            )
        )
        on_progress(1)
    return entries


def build_library(
    folder: Path,
    entries: list[Entry],
    encoder: DemoEncoder,
    on_progress: Callable[[int], None],
) -> Path:
    """Write a library of *entries* into *folder*, and return its path."""
    path = folder / LIBRARY
    with SqliteLibrary.create(path, encoder.fingerprint, encoder.precision, encoder.dim) as library:
        ingest(entries, library, encoder, workers=0, on_progress=on_progress)
    return path


def copy_dicom(folder: Path) -> Path:
    """Copy pydicom's own 12-lead ECG into *folder*, and return its path.

    Raises:
        FormatError: This pydicom ships without it.
    """
    source = pydicom.data.get_testdata_file(_PYDICOM_FILE, download=False)
    if not source:
        raise FormatError(f"pydicom {pydicom.__version__} ships no {_PYDICOM_FILE}")
    return Path(shutil.copyfile(str(source), folder / DICOM))


def write_query(folder: Path) -> Path:
    """Write a simulated ECG that is in no library into *folder*; return its header's path."""
    rng = np.random.default_rng([SEED, 1])  # another stream than that of the cases
    made = simulate(QUERY_STATEMENTS, rng, age=71.0, sex=Sex.FEMALE)
    return write_wfdb(made.record, folder / QUERY)
