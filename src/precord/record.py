"""One ECG recording, and what was measured on it.

Units are the house's: millivolt, hertz, second; NaN marks a missing sample. Clinical
intervals and rates keep the clinic's units, which their names carry.
"""

import hashlib
import math
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from precord.errors import SignalError
from precord.leads import LEADS, Lead

MAX_RATE = 50_000.0  # Hz; above it a header is lying
MAX_SAMPLES = 100_000_000  # of all leads together; a day of 12 leads at 100 Hz is below it


class Scale(StrEnum):
    """Whether a signal's amplitudes can be compared with another's."""

    MILLIVOLT = "millivolt"
    UNKNOWN = "unknown"  # each lead in its own standard deviations


class Sex(StrEnum):
    """A patient's sex as the record states it."""

    FEMALE = "F"
    MALE = "M"


@dataclass(frozen=True, slots=True)
class Acquisition:
    """What the file says of how, when and of whom the ECG was taken.

    Attributes:
        time: start of the recording, as written, without a time zone where none is given.
        age: years; 90 stands for 90 or older.
        patient_id: as the file writes it. It is never stored, shown or logged: a library
            keeps a keyed pseudonym of it.
    """

    time: datetime | None = None
    device: str | None = None
    age: float | None = None
    sex: Sex | None = None
    patient_id: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a signal comes from.

    Attributes:
        format: name of the file format, or "simulated".
        name: name of the file or record, without its folder.
        is_digitised: whether the signal was read from a picture of paper.
        confidence: per lead, 0 to 1, where the signal was digitised; else empty.
        derived: leads that were computed from others, not recorded.
        notes: what a reader must know, one sentence each.
    """

    format: str = "unknown"
    name: str = ""
    is_digitised: bool = False
    confidence: tuple[float, ...] = ()
    derived: frozenset[Lead] = frozenset()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """One ECG recording.

    Attributes:
        signal: (leads, samples) float32, mV, or each lead's own standard deviations where
            the scale is unknown; NaN marks a missing sample.
        leads: the name of each row of the signal, none twice.
        rate: samples per second, Hz.

    Raises:
        SignalError: No lead, no sample that is present, a rate that is not positive, an
            infinite sample, or rows and leads that disagree.
    """

    signal: NDArray[np.float32]
    leads: tuple[Lead, ...]
    rate: float
    scale: Scale = Scale.MILLIVOLT
    acquisition: Acquisition = field(default_factory=Acquisition)
    provenance: Provenance = field(default_factory=Provenance)

    def __post_init__(self) -> None:
        """Refuse what no later step could use."""
        name = self.provenance.name or "record"
        if not (math.isfinite(self.rate) and 0 < self.rate <= MAX_RATE):
            raise SignalError(f"{name}: sampling rate {self.rate} Hz, expected 0 to {MAX_RATE:g}")
        if self.signal.ndim != 2 or self.signal.shape[0] != len(self.leads):
            raise SignalError(
                f"{name}: signal of shape {self.signal.shape} for {len(self.leads)} leads"
            )
        if not self.leads or not self.signal.size:
            raise SignalError(f"{name}: no lead of the standard twelve holds a sample")
        if len(set(self.leads)) != len(self.leads):
            raise SignalError(f"{name}: a lead stands twice in {' '.join(self.leads)}")
        if self.signal.size > MAX_SAMPLES:
            raise SignalError(f"{name}: {self.signal.size} samples, at most {MAX_SAMPLES}")
        if self.signal.dtype != np.float32:
            object.__setattr__(self, "signal", self.signal.astype(np.float32))
        if np.isinf(self.signal).any():
            raise SignalError(f"{name}: the signal holds an infinite value")
        if np.isnan(self.signal).all():
            raise SignalError(f"{name}: every sample is missing")

    @property
    def duration(self) -> float:
        """Return the length in seconds."""
        return float(self.signal.shape[1] / self.rate)

    @property
    def is_calibrated(self) -> bool:
        """Tell whether the signal is in millivolts."""
        return self.scale is Scale.MILLIVOLT

    def lead(self, lead: Lead) -> NDArray[np.float32] | None:
        """Return the (samples,) signal of *lead*, or None where it was not recorded."""
        return self.signal[self.leads.index(lead)] if lead in self.leads else None

    def to_standard(self) -> "Record":
        """Return the same record with all twelve leads in the standard order.

        A lead that was not recorded becomes a row of NaN.
        """
        signal = np.full((len(LEADS), self.signal.shape[1]), np.nan, np.float32)
        for row, lead in zip(self.signal, self.leads, strict=True):
            signal[LEADS.index(lead)] = row
        return replace(self, signal=signal, leads=LEADS)

    def digest(self) -> str:
        """Return a hash of leads, rate, scale and signal: equal signals, equal digests."""
        head = f"{' '.join(self.leads)}|{self.rate!r}|{self.scale}|{self.signal.shape}"
        raw = np.ascontiguousarray(self.signal, "<f4")
        return hashlib.sha256(head.encode() + raw.tobytes()).hexdigest()


@dataclass(frozen=True, slots=True)
class Measurements:
    """What was measured on a record; None where it could not be measured or does not exist.

    Attributes:
        heart_rate_bpm: from the median RR interval.
        qtc_ms: QT corrected by Fridericia's formula, QT / cbrt(RR in seconds).
        p_axis_deg: frontal axes, -180 to 180 degrees, 0 along lead I, 90 along aVF.
    """

    heart_rate_bpm: float | None = None
    pr_ms: float | None = None
    qrs_ms: float | None = None
    qt_ms: float | None = None
    qtc_ms: float | None = None
    p_axis_deg: float | None = None
    qrs_axis_deg: float | None = None
    t_axis_deg: float | None = None
