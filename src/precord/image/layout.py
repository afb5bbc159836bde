"""Where each lead stands on a page of ECG paper, in millimetres: the one page geometry.

Pictures, documents and viewers read `lay_out`; nothing here draws.
Source: 25 mm/s and 10 mm/mV on a grid of 1 and 5 mm, a calibration pulse of 1 mV at the
start of each row, and the layouts 3x4 with a rhythm strip, 6x2 and 12x1: Kligfield et al.
2007, Recommendations for the standardization and interpretation of the electrocardiogram,
part I (doi:10.1161/CIRCULATIONAHA.106.180200).
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from precord.errors import QueryError
from precord.leads import LEADS, Lead
from precord.record import Record

MM_PER_SECOND = 25.0
MM_PER_MV = 10.0
MM_PER_DEVIATION = 3.0  # unknown scale: one standard deviation of the lead itself
PAGE_SECONDS = 10.0
PAGE_WIDTH = 297.0  # mm: A4, landscape
GRID_LEFT, GRID_WIDTH = 11.0, 275.0  # mm
TRACE_LEFT = GRID_LEFT + 20.0  # mm; the calibration pulse stands before it
PULSE_WIDTH = 5.0  # mm: 0.2 s
BANNER_ROOM = 6.0  # mm, above the grid of a record of unknown scale
ROOM_ALONE, ROOM_IN_MATCH = 150.0, 130.0  # mm for all rows of one record

LAYOUTS: dict[str, tuple[tuple[Lead, ...], ...]] = {
    "3x4+1": (
        (Lead.I, Lead.AVR, Lead.V1, Lead.V4),
        (Lead.II, Lead.AVL, Lead.V2, Lead.V5),
        (Lead.III, Lead.AVF, Lead.V3, Lead.V6),
        (Lead.II,),  # the rhythm strip; where II is missing, another lead takes its place
    ),
    "6x2": tuple(zip(LEADS[:6], LEADS[6:], strict=True)),
    "12x1": tuple((lead,) for lead in LEADS),
}
"""Rows of leads from the top; the leads of a row share its ten seconds, one after another."""

CABRERA = "cabrera"
VIEWS: dict[str, tuple[tuple[Lead, ...], ...]] = LAYOUTS | {
    "3x4": LAYOUTS["3x4+1"][:3],
    CABRERA: tuple(
        zip((Lead.AVL, Lead.I, Lead.AVR, Lead.II, Lead.AVF, Lead.III), LEADS[6:], strict=True)
    ),
}
"""The layouts, and more that a viewer offers; in Cabrera's order aVR is drawn upside down."""

SPEEDS = (25.0, 50.0)  # mm/s
GAINS = (5.0, 10.0, 20.0)  # mm/mV

_RHYTHM = (Lead.II, Lead.V1, Lead.V5, *LEADS)  # rhythm strip: the first that was recorded
_TITLE_ROOM, _LINE_ROOM = 16.5, 4.0  # mm: title and facts; each further line of text
_WIDEST_PITCH = 37.5  # mm from row to row
_ABOVE_PULSE = 2.5  # mm above the first row's calibration pulse
_DEEPEST = 35.0  # mm that the first row may rise, and the last may fall, beyond its own room


@dataclass(frozen=True, slots=True)
class Strip:
    """The place of one stretch of one lead.

    Attributes:
        x: mm from the left edge of the page to the first sample.
        y: mm from the top edge of the panel to the line of 0 mV.
        start: seconds into the record of the first sample shown.
        duration: seconds shown.
        is_inverted: whether the lead is drawn upside down, as -aVR in Cabrera's order.
    """

    lead: Lead
    x: float
    y: float
    start: float
    duration: float
    is_inverted: bool = False

    @property
    def label(self) -> str:
        """Return what is written beside the strip."""
        return f"-{self.lead}" if self.is_inverted else str(self.lead)


@dataclass(frozen=True, slots=True)
class Layout:
    """The places of one record on a panel `PAGE_WIDTH` wide; all lengths in mm.

    Attributes:
        grid_top, grid_height: of the grid, from the panel's top; whole big squares high.
        pulses: left end of each calibration pulse, on its line of 0 mV; none where the
            scale is unknown.
        pitch: from row to row.
        speed: mm per second.
        gain: mm per mV, where the scale is known.
    """

    strips: tuple[Strip, ...]
    grid_top: float
    grid_height: float
    pulses: tuple[tuple[float, float], ...]
    pitch: float
    speed: float = MM_PER_SECOND
    gain: float = MM_PER_MV

    @property
    def height(self) -> float:
        """Return the height of the panel, without the page's footer."""
        return self.grid_top + self.grid_height

    @property
    def grid_width(self) -> float:
        """Return the width of the grid: at 25 mm/s that of a page."""
        return GRID_WIDTH + PAGE_SECONDS * (self.speed - MM_PER_SECOND)


def lay_out(
    record: Record,
    *,
    layout: str | None = None,
    room: float = ROOM_ALONE,
    n_lines: int = 0,
    speed: float = MM_PER_SECOND,
    gain: float = MM_PER_MV,
) -> Layout:
    """Return where each lead of *record* is drawn.

    A record shorter than ten seconds moves its later columns forward, so that each lead
    that was recorded is seen. The grid grows where the first or last row needs it.

    Args:
        record: what is to be drawn; of a longer one, the first ten seconds are.
        layout: a key of `VIEWS`; without it, 3x4+1 for seven leads and more, and below
            that one row for each lead that was recorded.
        room: mm for all rows together.
        n_lines: lines of text below the title.
        speed: of `SPEEDS`, mm/s.
        gain: of `GAINS`, mm/mV; an unknown scale grows and shrinks with it.

    Raises:
        QueryError: *layout*, *speed* or *gain* is not known.
    """
    if speed not in SPEEDS or gain not in GAINS:
        raise QueryError(
            f"{speed:g} mm/s and {gain:g} mm/mV, expected one of {SPEEDS} and one of {GAINS}"
        )
    rows = _rows_for(record, layout)
    columns = [_strips(record, row, 0.0, speed, layout) for row in rows]
    stretch = gain / MM_PER_MV
    pitch = min(_WIDEST_PITCH, room / len(rows)) * max(stretch, 1.0)
    grid_top = _TITLE_ROOM + n_lines * _LINE_ROOM + (0 if record.is_calibrated else BANNER_ROOM)
    above = max(gain + _ABOVE_PULSE, 0.55 * pitch, _reach(record, columns[0], gain, up=True))
    below = max(0.45 * pitch, _reach(record, columns[-1], gain, up=False))
    y0 = grid_top + above
    strips = tuple(
        replace(strip, y=y0 + n * pitch) for n, row in enumerate(columns) for strip in row
    )
    pulses = tuple((GRID_LEFT + 5.0, y0 + n * pitch) for n in range(len(rows)))
    height = 5.0 * math.ceil((above + (len(rows) - 1) * pitch + below) / 5.0)
    shown = pulses if record.is_calibrated else ()
    return Layout(strips, grid_top, height, shown, pitch, speed, gain)


def to_mm(
    record: Record, strip: Strip, *, speed: float = MM_PER_SECOND, gain: float = MM_PER_MV
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a strip's samples as page coordinates, mm; a missing sample is NaN.

    The median of the lead's ten seconds lies on the strip's line of 0 mV.

    Returns:
        (samples,) mm from the left edge of the page, and (samples,) mm above the line of
        0 mV; both empty where the lead was not recorded.
    """
    signal = record.lead(strip.lead)
    if signal is None:
        return np.empty(0), np.empty(0)
    page = signal[: _page_samples(record)].astype(np.float64)
    middle = np.nanmedian(page) if np.isfinite(page).any() else 0.0
    first = round(strip.start * record.rate)
    shown = page[first : first + max(1, round(strip.duration * record.rate))] - middle
    x = strip.x + np.arange(shown.size) / record.rate * speed
    per_unit = gain if record.is_calibrated else MM_PER_DEVIATION * gain / MM_PER_MV
    return x, shown * (-per_unit if strip.is_inverted else per_unit)


def _strips(
    record: Record, row: tuple[Lead, ...], y: float, speed: float, layout: str | None
) -> list[Strip]:
    """Return the strips of one row, left to right."""
    share = PAGE_SECONDS / len(row)
    latest = max(record.duration - share, 0.0)
    return [
        Strip(
            lead,
            TRACE_LEFT + n * share * speed,
            y,
            min(n * share, latest),
            share,
            is_inverted=layout == CABRERA and lead is Lead.AVR,
        )
        for n, lead in enumerate(row)
    ]


def _reach(record: Record, row: list[Strip], gain: float, *, up: bool) -> float:
    """Return how far the traces of a row go up, or down, plus a margin, mm."""
    mm = np.concatenate([to_mm(record, strip, gain=gain)[1] for strip in row])
    mm = mm[np.isfinite(mm)]
    farthest = float(np.max(mm if up else -mm, initial=0.0))
    return min(farthest + 1.0, _DEEPEST * max(gain / MM_PER_MV, 1.0))


def _rows_for(record: Record, layout: str | None) -> tuple[tuple[Lead, ...], ...]:
    """Return the rows of leads of *layout*, or of the one that fits *record*."""
    shown = record.signal[:, : _page_samples(record)]
    recorded = [
        lead for lead, row in zip(record.leads, shown, strict=True) if np.isfinite(row).any()
    ]
    recorded = recorded or list(record.leads)
    if layout is None and len(recorded) < 7:
        return tuple((lead,) for lead in LEADS if lead in recorded)
    rows = VIEWS.get(layout or "3x4+1")
    if rows is None:
        raise QueryError(f"layout {layout!r}, expected one of {' '.join(VIEWS)}")
    if len(rows[-1]) < len(rows[0]):  # a rhythm strip
        rows = (*rows[:-1], (next(lead for lead in _RHYTHM if lead in recorded),))
    return rows


def _page_samples(record: Record) -> int:
    """Return how many samples of *record* a page shows."""
    return max(1, round(PAGE_SECONDS * record.rate))
