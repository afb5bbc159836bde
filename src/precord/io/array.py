"""Named arrays to a record: what MATLAB, NumPy and HDF5 files have in common.

A file holds variables. The signal is the one that carries a usual name, or the only array
with two axes; rate, unit and leads are read from variables of usual names, in the unit that
the name says or the field's usage fixes (a rate in Hz). Whatever they leave out must be stated.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from precord.errors import FormatError
from precord.io.file import printable, shown
from precord.io.stated import Stated, find_leads, parse_unit, to_record
from precord.record import MAX_SAMPLES, Record

SIGNAL_NAMES = ("signal", "p_signal", "ecg", "val", "feats", "tracings", "data")
RATE_NAMES = (
    "rate",
    "fs",
    "sampling_rate",
    "sample_rate",
    "sampling_frequency",
    "curr_sample_rate",
)
UNIT_NAMES = ("unit", "units")
LEAD_NAMES = ("leads", "lead", "lead_names", "sig_name", "channels")
FACT_NAMES = (*RATE_NAMES, *UNIT_NAMES, *LEAD_NAMES)
_MAX_FACT = 64  # values of a variable that states something


def choose_signal(shapes: Mapping[str, tuple[int, ...]], path: Path) -> str:
    """Return the name of the array that is the signal.

    Args:
        shapes: of each numeric variable, by name.
        path: for messages.

    Raises:
        FormatError: There is none, more than one could be it, or it is too large.
    """
    flat = [name for name, shape in shapes.items() if len(shape) == 2 and min(shape) > 1]
    usual = [name for name in flat if name.casefold() in SIGNAL_NAMES]
    chosen = usual if len(usual) == 1 else flat
    if len(chosen) != 1:
        listed = ", ".join(f"{n} {s}" for n, s in list(shapes.items())[:5])
        found = printable(listed, 150) or "no array of numbers"
        raise FormatError(
            f"{shown(path)}: expected one array of leads and samples, called signal; found {found}"
        )
    if np.prod(shapes[chosen[0]], dtype=float) > MAX_SAMPLES:
        raise FormatError(f"{shown(path)}: {shapes[chosen[0]]} numbers, at most {MAX_SAMPLES}")
    return chosen[0]


def make_record(
    signal: NDArray[np.generic], facts: Mapping[str, object], path: Path, form: str, stated: Stated
) -> Record:
    """Return the record of *signal* with what variables of the file and the user say.

    Raises:
        FormatError: The numbers are no real ones, or a fact is missing or contradicts another.
        SignalError: There is nothing in the leads.
    """
    if not (np.issubdtype(signal.dtype, np.number) and not np.iscomplexobj(signal)):
        raise FormatError(f"{shown(path)}: a signal of type {signal.dtype}, expected real numbers")
    known = {name.casefold(): value for name, value in facts.items()}
    found = Stated(
        rate=_find_rate(known, path), unit=None, leads=find_leads(_texts(known, LEAD_NAMES))
    )
    units = {parse_unit(text) for text in _texts(known, UNIT_NAMES)}
    if len(units) > 1:
        raise FormatError(f"{shown(path)}: leads in different units: {', '.join(sorted(units))}")
    found = Stated(found.rate, next(iter(units), None), found.leads)
    return to_record(signal.astype(np.float64), path, form, found=found, stated=stated)


def _find_rate(known: Mapping[str, object], path: Path) -> float | None:
    """Return the rate that the variables state, in Hz."""
    rates = set()
    for name in RATE_NAMES:
        if name in known:
            value = np.asarray(known[name])
            if value.size != 1 or not np.issubdtype(value.dtype, np.number):
                raise FormatError(f"{shown(path)}: {name} is not one number")
            rates.add(float(value.reshape(-1)[0].real))
    if len(rates) > 1:
        raise FormatError(f"{shown(path)}: several rates: {', '.join(map(str, sorted(rates)))} Hz")
    return next(iter(rates), None)


def _texts(known: Mapping[str, object], names: tuple[str, ...]) -> list[str]:
    """Return the texts of the first variable of *names* that is there."""
    for name in names:
        if name in known:
            values = np.asarray(known[name]).reshape(-1)[:_MAX_FACT]
            texts = [
                v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in values
            ]
            if len(texts) == 1:
                texts = texts[0].replace(",", " ").split()
            return [text.strip() for text in texts if text.strip()]
    return []
