"""Which cases may be hits: those that meet the criteria and are of other patients.

Shapes: N cases of the library.
"""

import numpy as np
from numpy.typing import NDArray

from precord.criteria import Criteria
from precord.library.protocol import Library, Vectors
from precord.record import Record
from precord.report import Source


def allow(
    library: Library, vectors: Vectors, criteria: Criteria | None, *, include_simulated: bool
) -> tuple[NDArray[np.bool_], list[str]]:
    """Return (N,) which cases may be hits, and notes on those that may not."""
    wanted = criteria or Criteria()
    is_simulated = vectors.is_simulated
    n = int(is_simulated.sum())
    if n == is_simulated.size:
        notes, meets = ["all cases of this library are SIMULATED"], np.ones_like(is_simulated)
    elif include_simulated or Source.SIMULATED in wanted.sources or not n:
        notes, meets = [], np.ones_like(is_simulated)
    else:
        notes, meets = [f"left out: {n} simulated"], ~is_simulated
    if not wanted.is_empty:
        found = np.zeros(meets.size, np.bool_)
        rows = (vectors.row_of.get(case_id) for case_id in library.select(wanted))
        found[[row for row in rows if row is not None]] = True  # one may have come since
        meets &= found
        notes.append(f"{meets.sum()} of {meets.size} cases meet the criteria")
    return meets, notes


def find_same_patient(
    library: Library, vectors: Vectors, record: Record, patient: str | None
) -> tuple[NDArray[np.bool_], list[str]]:
    """Return (N,) which cases are of the query's own patient, and notes on them."""
    patients = {patient}
    if patient is None and record.acquisition.patient_id:
        patients.add(library.find_pseudonym(record.acquisition.patient_id))
    notes = []
    known = library.find_digest(record.digest())
    if known not in vectors.row_of:  # it came since the vectors were read
        known = None
    if known is not None:
        patients.add(vectors.patients[vectors.row_of[known]])
        notes.append(f"this very ECG is in the library as {known}, and left out")
    patients.discard(None)
    is_same = np.zeros(len(vectors.ids), np.bool_)
    for owner in patients:
        is_same[list(vectors.rows_of.get(owner or "", ()))] = True
    if known is not None:
        is_same[vectors.row_of[known]] = True
    if others := int(is_same.sum()) - (known is not None):
        notes.append(f"left out: {others} of the same patient")
    return is_same, notes
