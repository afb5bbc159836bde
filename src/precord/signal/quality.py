"""What is wrong with each lead of a record, before anybody trusts it.

Sources: flat, saturated, disconnected and noisy leads as in the PhysioNet/CinC Challenge
2011 on ECG quality (Silva et al. 2011) and the simple rules that won it (Hayn et al. 2012):
a flat line, a clipped line, amplitudes that no heart makes, energy above the ECG's band.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from precord.leads import Lead
from precord.record import Record
from precord.signal.filters import band_limit


class Fault(StrEnum):
    """What can be wrong with a lead."""

    MISSING = "missing"  # too little of it is there; the 2.5 s of a printed lead are enough
    FLAT = "flat"  # nothing but steps of the converter
    SATURATED = "saturated"  # clipped at its highest or lowest value
    DISCONNECTED = "disconnected"  # drift that no heart makes, or hardly any ECG in it
    NOISY = "noisy"  # more high-frequency noise than ECG allows to read


@dataclass(frozen=True, slots=True)
class LeadQuality:
    """What is wrong with one lead.

    Attributes:
        missing_share: 0 to 1, of its samples.
    """

    lead: Lead
    faults: frozenset[Fault]
    missing_share: float

    @property
    def is_usable(self) -> bool:
        """Tell whether there is an ECG in the lead at all; a noisy one still has one."""
        return not self.faults - {Fault.NOISY, Fault.SATURATED}


_LEAST = 2.0  # seconds of a lead, in which there are two beats at 60 a minute
_FLAT_MV = 0.01  # peak to peak within a second; a P wave alone is above it
_DRIFT_MV = 5.0  # standard deviation; electrode offsets in motion reach it, hearts do not
_CLIPPED_SHARE = 0.02  # of the samples at one extreme value
_NOISE_SHARE = 0.5  # of the power above 1 Hz that lies above 40 Hz
_ECG_SHARE = 0.02  # of the power that lies above 1 Hz


def assess(record: Record) -> tuple[LeadQuality, ...]:
    """Return the quality of each lead of *record*, in its order."""
    low = band_limit(record.signal, record.rate, low=1.0)
    high = band_limit(record.signal, record.rate, low=40.0) if record.rate > 100 else None
    found = []
    for i, lead in enumerate(record.leads):
        row = record.signal[i]
        missing = float(np.isnan(row).mean())
        noise = None if high is None else _power(high[i])
        faults = _faults(row, _power(low[i]), noise, record) if missing < 1 else set()
        if missing > 0.5 and (1 - missing) * record.duration < _LEAST:
            faults.add(Fault.MISSING)
        found.append(LeadQuality(lead, frozenset(faults), missing))
    return tuple(found)


def _faults(
    row: NDArray[np.float32], ecg: float, noise: float | None, record: Record
) -> set[Fault]:
    """Return what is wrong with a lead (samples,) some of whose samples are present.

    Args:
        row: the lead as recorded.
        ecg: power above 1 Hz.
        noise: power above 40 Hz; None where the rate is too low to hold it.
        record: tells rate and scale.
    """
    present = row[~np.isnan(row)]
    total = float(present.var())
    if _is_flat(row, record):
        return {Fault.FLAT}
    faults = set()
    if _is_clipped(present):
        faults.add(Fault.SATURATED)
    if (record.is_calibrated and total > _DRIFT_MV**2) or ecg < _ECG_SHARE * total:
        faults.add(Fault.DISCONNECTED)
    if noise is not None and noise > _NOISE_SHARE * ecg:
        faults.add(Fault.NOISY)
    return faults


def _is_flat(row: NDArray[np.float32], record: Record) -> bool:
    """Tell whether most seconds of a lead hold nothing; relative where the scale is unknown."""
    length = max(int(record.rate), 2)
    seconds = row[: len(row) // length * length].reshape(-1, length)
    if not len(seconds):
        seconds = row[None]
    seen = seconds[~np.isnan(seconds).all(axis=1)]
    if not len(seen):
        return True
    heights = np.nanmax(seen, axis=1) - np.nanmin(seen, axis=1)
    limit = _FLAT_MV if record.is_calibrated else _FLAT_MV * float(np.nanstd(row))
    return bool(np.mean(heights <= limit) > 0.5)


def _is_clipped(present: NDArray[np.float32]) -> bool:
    """Tell whether runs of three or more samples sit at the highest or lowest value."""
    for extreme in (present.max(), present.min()):
        at = present == extreme
        runs = at[2:] & at[1:-1] & at[:-2]
        if runs.size and runs.mean() > _CLIPPED_SHARE:
            return True
    return False


def _power(row: NDArray[np.float32]) -> float:
    """Return the mean square of what is present; 0 where nothing is."""
    present = row[~np.isnan(row)]
    return float(np.square(present).mean()) if present.size else 0.0
