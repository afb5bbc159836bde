"""A page to the vision tower's input without tracing: where the ink of each column weighs.

The digitiser's own stages flatten the page and say which box is which lead; here no run of ink
is chosen and no line followed. Within a row's window each pixel of ink counts, and more so the
farther it is from the row's line of 0 mV, since a steep stroke fills its column down to that
line. A column with hardly any ink is missing.
"""

import numpy as np
from numpy.typing import NDArray

from precord.digitize.grid import FLAT_PX_PER_MM
from precord.digitize.ink import find_ink
from precord.digitize.reading import Reading
from precord.digitize.strips import name_strip
from precord.digitize.trace import Traces
from precord.image.layout import GAINS
from precord.leads import LEADS, Lead
from precord.record import Record, Scale

POWER = 0.0  # of the distance by which a pixel of ink counts; chosen by `photo_search --choose`
REACH = 0.35  # of the distance between rows: so far a row's window reaches; chosen likewise
_FAINT = 0.3  # of ink, 0 to 1: below it is paper, and what is left of the grid
_LEAST = 0.5  # pixels of ink without which a column is missing
_Floats = NDArray[np.float64]
Ink = NDArray[np.float32]


def read_softly(
    reading: Reading, ink: Ink | None = None, *, power: float = POWER, reach: float = REACH
) -> Record | None:
    """Return the record of the weights of ink in the boxes of *reading*, or None without any.

    *ink* is found on its page unless it is given.
    """
    if reading.grid is None or reading.traces is None or reading.arrangement is None:
        return None
    ink = find_ink(reading.grid) if ink is None else ink
    rows = _weigh(ink, reading.traces, power, reach)
    pieces = reading.arrangement.pieces
    begin, end = min(p.first for p in pieces), max(p.last for p in pieces)
    signal = np.full((len(LEADS), end - begin), np.nan)
    leads: dict[Lead, tuple[int, _Floats]] = {}
    for piece in pieces:
        part = piece.sign * rows[piece.row, piece.first : piece.last]
        part = part - np.nanmedian(part) if np.isfinite(part).any() else part
        leads[piece.lead] = piece.first, part
        signal[LEADS.index(piece.lead), piece.first - begin : piece.last - begin] = part
    _fill_from_strips(signal, rows, leads, begin, {piece.row for piece in pieces})
    gain = _gain(reading)
    signal /= FLAT_PX_PER_MM * (gain or 1.0)
    if gain is None:
        spread = np.nanstd(signal, axis=1, keepdims=True)
        signal /= np.where(spread > 0, spread, 1.0)
    scale = Scale.UNKNOWN if gain is None else Scale.MILLIVOLT
    return Record(signal.astype(np.float32), LEADS, reading.record.rate, scale)


def _weigh(ink: Ink, traces: Traces, power: float, reach: float) -> _Floats:
    """Return (rows, columns): pixels above each row's line of 0 mV where its ink weighs."""
    ink = np.maximum(ink - _FAINT, 0.0) / (1.0 - _FAINT)
    pitch = float(np.median(np.diff(traces.zero))) if len(traces.zero) > 1 else 30 * FLAT_PX_PER_MM
    height, width = ink.shape
    found = []
    for zero, offset in zip(traces.zero, traces.offset, strict=True):
        up = zero - np.arange(height)
        near = np.flatnonzero(np.abs(up) < reach * pitch)
        columns = np.arange(width) + offset
        inside = (columns >= 0) & (columns < width)
        part = ink[near][:, columns.clip(0, width - 1)] * inside
        part = part * np.cos(0.5 * np.pi * up[near] / (reach * pitch))[:, None]
        weight = part * (np.abs(up[near]) / FLAT_PX_PER_MM + 0.5)[:, None] ** power
        centre = (weight * up[near][:, None]).sum(axis=0) / np.maximum(weight.sum(axis=0), 1e-9)
        found.append(np.where(part.sum(axis=0) >= _LEAST, centre, np.nan))
    return np.stack(found)


def _fill_from_strips(
    signal: _Floats,
    rows: _Floats,
    leads: dict[Lead, tuple[int, _Floats]],
    begin: int,
    used: set[int],
) -> None:
    """Fill leads in *signal* from the rhythm strips that equal them."""
    taken: set[Lead] = set()
    for row in set(range(len(rows))) - used:
        named = name_strip(rows[row], leads, taken)
        if named is None:
            continue
        taken.add(named[0])
        target = signal[LEADS.index(named[0])]
        strip = rows[row, begin : begin + target.size]
        offset = np.nanmedian(target - strip)
        target[:] = np.where(np.isfinite(target), target, strip + offset)


def _gain(reading: Reading) -> float | None:
    """Return the gain, mm/mV, by which the digitiser made millivolts of its pixels."""
    record, traces, arrangement = reading.record, reading.traces, reading.arrangement
    if not record.is_calibrated or traces is None or arrangement is None:
        return None
    ratios = []
    for piece in arrangement.pieces:
        row = record.lead(piece.lead)
        if row is not None:
            size = np.nanstd(traces.y[piece.row, piece.first : piece.last]) / FLAT_PX_PER_MM
            ratios.append(size / max(float(np.nanstd(row)), 1e-9))
    return min(GAINS, key=lambda gain: abs(float(np.nanmedian(ratios)) / gain - 1))
