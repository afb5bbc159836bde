"""What goes wrong between patient and paper: exchanged cables, lost leads, a full amplifier.

The heart, its statements and its report stay what they are: a fault is the recording's. Limits
and numbers are our estimates; what an exchange shows is in `precord.signal.electrode`.
"""

from dataclasses import replace
from enum import StrEnum

import numpy as np

from precord.errors import QueryError
from precord.leads import CHEST_LEADS
from precord.record import Record
from precord.signal.electrode import Reversal, apply_reversal
from precord.simulate.vector import INDEPENDENT, derive_leads


class Fault(StrEnum):
    """What a recording lacks, beside `Reversal`."""

    LOST = "lost"
    CLIPPED = "clipped"


FAULTS: tuple[str, ...] = (*Fault, *Reversal)
"""Names that `spoil` knows."""


def spoil(record: Record, fault: str, rng: np.random.Generator) -> Record:
    """Return a simulated *record* with *fault*, which is one of `FAULTS`.

    Raises:
        QueryError: No such fault.
    """
    if fault == Fault.LOST:
        return _lose(record, rng)
    if fault == Fault.CLIPPED:
        return _clip(record, rng)
    if fault in set(Reversal):
        return apply_reversal(record, Reversal(fault))
    raise QueryError(f"no fault {fault!r}, expected one of: {'; '.join(FAULTS)}")


def _lose(record: Record, rng: np.random.Generator) -> Record:
    """Take away one to three chest leads, in one case of two for part of the time alone."""
    signal = record.signal.copy()
    lost = rng.choice(len(CHEST_LEADS), int(rng.integers(1, 4)), replace=False)
    first = int(rng.integers(signal.shape[1] // 2)) if rng.random() < 0.5 else 0
    for lead in lost:
        signal[record.leads.index(CHEST_LEADS[lead]), first:] = np.nan
    return replace(record, signal=signal)


def _clip(record: Record, rng: np.random.Generator) -> Record:
    """Let the amplifier end at half to nine tenths of the highest wave; laws of leads hold."""
    rows = [record.leads.index(lead) for lead in record.leads if lead in INDEPENDENT]
    measured = record.signal[rows].astype(np.float64)
    limit = float(rng.uniform(0.5, 0.9)) * float(np.abs(measured).max())
    return replace(record, signal=derive_leads(np.clip(measured, -limit, limit)))
