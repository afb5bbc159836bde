"""What a file of bare numbers leaves out, and how numbers become a record with it.

Arrays and tables rarely say at which rate they were sampled, in which unit, and which row is
which lead. What the file says counts; what it leaves out must be stated; nothing is guessed,
and a statement that contradicts the file is refused.
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from precord.errors import FormatError, UnstatedError
from precord.io.file import shown
from precord.leads import LEADS, Lead, find_lead, parse_lead
from precord.record import MAX_SAMPLES, Provenance, Record, Scale


class Unit(StrEnum):
    """The unit of a signal's numbers."""

    MILLIVOLT = "mV"
    MICROVOLT = "uV"
    VOLT = "V"
    UNKNOWN = "unknown"  # stated to be unknown: the record's scale then is


_PER_MV = {Unit.MILLIVOLT: 1.0, Unit.MICROVOLT: 1e3, Unit.VOLT: 1e-3}
_UNITS = {unit.value.casefold(): unit for unit in Unit} | {
    "\u03bcv": Unit.MICROVOLT,
    "sd": Unit.UNKNOWN,  # standard deviations, as `write_csv` writes what has no scale
}


@dataclass(frozen=True, slots=True)
class Stated:
    """Facts about a signal; None where nothing is said.

    Attributes:
        rate: Hz.
        leads: one for each row or column of the signal; None in it skips one.
    """

    rate: float | None = None
    unit: Unit | None = None
    leads: tuple[Lead | None, ...] | None = None

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing is said."""
        return self == Stated()


def parse_unit(text: str) -> Unit:
    """Return the unit that *text* names: mV, uV, V or unknown.

    Raises:
        FormatError: None of them.
    """
    folded = text.strip().casefold().replace("\u00b5", "\u03bc")
    if folded not in _UNITS:
        raise FormatError(f"unit {text[:20]!r}, expected one of {', '.join(Unit)}")
    return _UNITS[folded]


def parse_leads(text: str) -> tuple[Lead | None, ...]:
    """Return the leads of a list such as "I,II,-,V1": a dash skips one, "standard" is all twelve.

    Raises:
        FormatError: A name is none of the twelve leads.
    """
    if text.strip().casefold() == "standard":
        return LEADS
    names = [name for name in text.replace(",", " ").split() if name]
    return tuple(None if name == "-" else parse_lead(name) for name in names)


def find_leads(names: list[str]) -> tuple[Lead | None, ...] | None:
    """Return the leads that *names* name, or None where none of them does."""
    leads = tuple(find_lead(name) for name in names)
    return leads if any(leads) else None


def to_record(
    array: NDArray[np.float64], path: Path, form: str, *, found: Stated, stated: Stated
) -> Record:
    """Return the record that *array*, the file's facts and the stated ones make.

    Args:
        array: (leads, samples) or (samples, leads); which one is told by the number of leads.
        path: where it comes from.
        form: name of the format.
        found: what the file itself says.
        stated: what the user says.

    Raises:
        UnstatedError: A fact is missing.
        FormatError: A fact contradicts the file, or the array does not fit them.
        SignalError: There is nothing in the leads.
    """
    name = shown(path)
    facts = _merge(found, stated, name)
    if array.size > MAX_SAMPLES:
        raise FormatError(f"{name}: {array.size} numbers, at most {MAX_SAMPLES}")
    if facts.rate is None or facts.unit is None or facts.leads is None:
        raise _unstated(facts, name, form)
    rows = _to_rows(array, len(facts.leads), name)
    kept = [i for i, lead in enumerate(facts.leads) if lead]
    with np.errstate(over="ignore", invalid="ignore"):  # an infinity is refused by Record
        signal = rows[kept] / _PER_MV.get(facts.unit, 1.0)
        if facts.unit is Unit.UNKNOWN:
            signal = _standardise(signal)
        single = signal.astype(np.float32)
    return Record(
        single,
        tuple(lead for lead in facts.leads if lead),
        facts.rate,
        scale=Scale.UNKNOWN if facts.unit is Unit.UNKNOWN else Scale.MILLIVOLT,
        provenance=Provenance(form, name, notes=_notes(stated)),
    )


def _merge(found: Stated, stated: Stated, name: str) -> Stated:
    """Return both together, refusing what contradicts."""
    for what, own, given in (
        ("rate", found.rate, stated.rate),
        ("unit", found.unit, stated.unit),
        ("leads", found.leads, stated.leads),
    ):
        if own is not None and given is not None and own != given:
            raise FormatError(f"{name}: the file says {what} {_show(own)}, not {_show(given)}")
    for rate in (stated.rate, found.rate):
        if rate is not None and not (math.isfinite(rate) and rate > 0):
            raise FormatError(f"{name}: sampling rate {rate:g} Hz, expected a positive number")
    return Stated(
        rate=stated.rate if found.rate is None else found.rate,
        unit=stated.unit if found.unit is None else found.unit,
        leads=stated.leads if found.leads is None else found.leads,
    )


def _unstated(facts: Stated, name: str, form: str) -> UnstatedError:
    """Return the error that says which of *facts* a file leaves out."""
    missing = {
        key: words
        for key, words, value in (
            ("rate", "sampling rate (--rate 500)", facts.rate),
            ("unit", "unit (--unit mV)", facts.unit),
            ("lead_order", "order of the leads (--lead-order standard)", facts.leads),
        )
        if value is None
    }
    return UnstatedError(
        f"{name}: the {form} file does not say its {', '.join(missing.values())}; state it",
        tuple(missing),
    )


def _show(value: float | Unit | tuple[Lead | None, ...]) -> str:
    """Return *value* for a message."""
    return " ".join(lead or "-" for lead in value) if isinstance(value, tuple) else str(value)


def _to_rows(array: NDArray[np.float64], n_leads: int, name: str) -> NDArray[np.float64]:
    """Return *array* with one row per lead."""
    if array.ndim != 2 or n_leads not in array.shape:
        shape = " x ".join(map(str, array.shape))
        raise FormatError(f"{name}: an array of {shape} for {n_leads} leads")
    if array.shape[0] == array.shape[1]:
        raise FormatError(f"{name}: {n_leads} leads of {n_leads} samples: which axis is time?")
    return array if array.shape[0] == n_leads else array.T


def _standardise(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each row in its own standard deviations, as records of unknown scale are kept."""
    count = np.maximum(np.isfinite(signal).sum(axis=1, keepdims=True), 1)
    centred = signal - np.nansum(signal, axis=1, keepdims=True) / count
    spread = np.sqrt(np.nansum(centred**2, axis=1, keepdims=True) / count)
    standard: NDArray[np.float64] = centred / np.where(spread > 0, spread, 1.0)
    return standard


def _notes(stated: Stated) -> tuple[str, ...]:
    """Return what did not come from the file, as sentences."""
    given = [
        name
        for name, value in (
            ("rate", stated.rate),
            ("unit", stated.unit),
            ("leads", stated.leads),
        )
        if value is not None
    ]
    return (f"Stated, not read from the file: {', '.join(given)}.",) if given else ()
