"""Where each lead stands on a page of ECG paper, in millimetres: the one page geometry.

Pictures, documents and viewers read `lay_out`; nothing here draws.
Source: 25 mm/s and 10 mm/mV on a grid of 1 and 5 mm, a calibration pulse of 1 mV at the
start of each row, the layouts 3x4, 6x2 and 12x1 with and without rhythm strips, and the
Cabrera order (aVL I -aVR II aVF III): Kligfield et al. 2007, Recommendations for the
standardization and interpretation of the electrocardiogram, part I
(doi:10.1161/CIRCULATIONAHA.106.180200).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from precord.errors import QueryError
from precord.leads import LEADS, Lead
from precord.record import Record

MM_PER_SECOND = 25.0
MM_PER_MV = 10.0
MM_PER_DEVIATION = 3.0  # unknown scale: one standard deviation of the lead itself
PAGE_SECONDS = 10.0  # at 25 mm/s; a page at 50 mm/s shows half of it
TRACE_WIDTH = PAGE_SECONDS * MM_PER_SECOND  # mm
SPEEDS, GAINS = (25.0, 50.0), (5.0, 10.0, 20.0)  # mm/s, mm/mV
PAGE_WIDTH = 297.0  # mm: A4, landscape
GRID_LEFT, GRID_WIDTH = 11.0, 275.0  # mm
TRACE_LEFT = GRID_LEFT + 20.0  # mm; the calibration pulse stands before it
PULSE_SECONDS = 0.2  # 5 mm at 25 mm/s
BANNER_ROOM = 6.0  # mm, above the grid of a record of unknown scale
ROOM_ALONE, ROOM_IN_MATCH = 150.0, 130.0  # mm for all rows of one record

_COLUMNS = (
    (Lead.I, Lead.AVR, Lead.V1, Lead.V4),
    (Lead.II, Lead.AVL, Lead.V2, Lead.V5),
    (Lead.III, Lead.AVF, Lead.V3, Lead.V6),
)
_PAIRS = tuple(zip(LEADS[:6], LEADS[6:], strict=True))
_CABRERA = (Lead.AVL, Lead.I, Lead.AVR, Lead.II, Lead.AVF, Lead.III)

LAYOUTS: dict[str, tuple[tuple[Lead, ...], ...]] = {
    "3x4": _COLUMNS,
    "3x4+1": (*_COLUMNS, (Lead.II,)),  # where II is missing, another lead takes its place
    "3x4+3": (*_COLUMNS, (Lead.II,), (Lead.V1,), (Lead.V5,)),
    "6x2": _PAIRS,
    "6x2+1": (*_PAIRS, (Lead.II,)),
    "12x1": tuple((lead,) for lead in LEADS),
    "cabrera": tuple(zip(_CABRERA, LEADS[6:], strict=True)),  # aVR is drawn as -aVR
}
"""Rows of leads from the top; the leads of a row share its seconds, one after another."""

_RHYTHM = (Lead.II, Lead.V1, Lead.V5, *LEADS)  # rhythm strip: the first that was recorded
_TITLE_ROOM, _LINE_ROOM = 16.5, 4.0  # mm: title and facts; each further line of text
_WIDEST_PITCH = 37.5  # mm from row to row
_PULSE_MARGIN = 2.5  # mm above the first row's calibration pulse
_DEEPEST = 35.0  # mm that the first row may rise, and the last may fall, beyond its own room


@dataclass(frozen=True, slots=True)
class Strip:
    """The place of one stretch of one lead.

    Attributes:
        sign: -1 where the lead is drawn upside down, as -aVR in the Cabrera order.
        x: mm from the left edge of the page to the first sample.
        y: mm from the top edge of the panel to the line of 0 mV.
        start: seconds into the record of the first sample shown.
        duration: seconds shown.
    """

    lead: Lead
    x: float
    y: float
    start: float
    duration: float
    sign: float = 1.0

    @property
    def label(self) -> str:
        """Return what is printed beside the strip."""
        return self.lead if self.sign > 0 else f"-{self.lead}"


@dataclass(frozen=True, slots=True)
class Calibration:
    """How time and voltage become lengths.

    Attributes:
        speed: mm/s.
        gain: mm/mV; an unknown scale grows and shrinks with it.
        width: mm of trace in a row; a viewer that can be moved sideways takes more than paper.

    Raises:
        QueryError: Not one of `SPEEDS` or `GAINS`.
    """

    speed: float = MM_PER_SECOND
    gain: float = MM_PER_MV
    width: float = TRACE_WIDTH

    def __post_init__(self) -> None:
        """Refuse what no ECG paper has."""
        for name, value, known in (("speed", self.speed, SPEEDS), ("gain", self.gain, GAINS)):
            if value not in known:
                words = " ".join(f"{one:g}" for one in known)
                raise QueryError(f"{name} {value:g}, expected one of {words}")

    @property
    def seconds(self) -> float:
        """Return how long a row of the page is."""
        return self.width / self.speed


STANDARD = Calibration()


@dataclass(frozen=True, slots=True)
class Layout:
    """The places of one record on a panel `PAGE_WIDTH` wide; all lengths in mm.

    Attributes:
        grid_top, grid_height: of the grid, from the panel's top; whole big squares high.
        pulses: left end of each calibration pulse, on its line of 0 mV; none where the
            scale is unknown.
        pitch: from row to row.
    """

    strips: tuple[Strip, ...]
    grid_top: float
    grid_height: float
    pulses: tuple[tuple[float, float], ...]
    pitch: float
    calibration: Calibration = STANDARD

    @property
    def height(self) -> float:
        """Return the height of the panel, without the page's footer."""
        return self.grid_top + self.grid_height

    @property
    def grid_width(self) -> float:
        """Return the width of the grid: on paper `GRID_WIDTH`."""
        return GRID_WIDTH - TRACE_WIDTH + self.calibration.width


def lay_out(
    record: Record,
    *,
    layout: str | None = None,
    room: float = ROOM_ALONE,
    n_lines: int = 0,
    calibration: Calibration = STANDARD,
) -> Layout:
    """Return where each lead of *record* is drawn.

    A record shorter than the page moves its later columns forward, so that each lead
    that was recorded is seen. The grid grows where the first or last row needs it.

    Args:
        record: what is to be drawn; of a longer one, the first ten seconds are, or the first
            five at 50 mm/s.
        layout: a key of `LAYOUTS`; without it, 3x4+1 for seven leads and more, and below
            that one row for each lead that was recorded.
        room: mm for all rows together.
        n_lines: lines of text below the title.
        calibration: speed and gain of the paper.

    Raises:
        QueryError: *layout* is not known.
    """
    rows = _rows_for(record, layout, calibration)
    signs = {Lead.AVR: -1.0} if layout == "cabrera" else {}
    stretch = max(calibration.gain / MM_PER_MV, 1.0)
    pitch = min(_WIDEST_PITCH, room / len(rows)) * stretch
    grid_top = _TITLE_ROOM + n_lines * _LINE_ROOM + (0 if record.is_calibrated else BANNER_ROOM)
    first = _strips(record, rows[0], 0.0, calibration, signs)
    last = _strips(record, rows[-1], 0.0, calibration, signs)
    pulse_room = calibration.gain + _PULSE_MARGIN
    above = max(pulse_room, 0.55 * pitch, _reach(record, first, calibration, up=True))
    below = max(0.45 * pitch, _reach(record, last, calibration, up=False))
    y0 = grid_top + above
    strips = tuple(
        strip
        for n, row in enumerate(rows)
        for strip in _strips(record, row, y0 + n * pitch, calibration, signs)
    )
    pulses = tuple((GRID_LEFT + 5.0, y0 + n * pitch) for n in range(len(rows)))
    height = 5.0 * math.ceil((above + (len(rows) - 1) * pitch + below) / 5.0)
    pulses = pulses if record.is_calibrated else ()
    return Layout(strips, grid_top, height, pulses, pitch, calibration)


def to_mm(
    record: Record, strip: Strip, calibration: Calibration = STANDARD
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a strip's samples as page coordinates, mm; a missing sample is NaN.

    The median of the lead's seconds on the page lies on the strip's line of 0 mV.

    Returns:
        (samples,) mm from the left edge of the page, and (samples,) mm above the line of
        0 mV; both empty where the lead was not recorded.
    """
    signal = record.lead(strip.lead)
    if signal is None:
        return np.empty(0), np.empty(0)
    page = signal[: _page_samples(record, calibration)].astype(np.float64)
    middle = np.nanmedian(page) if np.isfinite(page).any() else 0.0
    first = round(strip.start * record.rate)
    shown = page[first : first + max(1, round(strip.duration * record.rate))] - middle
    x = strip.x + np.arange(shown.size) / record.rate * calibration.speed
    per_unit = 1.0 if record.is_calibrated else MM_PER_DEVIATION / MM_PER_MV
    return x, strip.sign * shown * per_unit * calibration.gain


def _strips(
    record: Record,
    row: tuple[Lead, ...],
    y: float,
    calibration: Calibration,
    signs: dict[Lead, float],
) -> list[Strip]:
    """Return the strips of one row, left to right."""
    share = calibration.seconds / len(row)
    latest = max(record.duration - share, 0.0)
    width = calibration.width / len(row)
    return [
        Strip(lead, TRACE_LEFT + n * width, y, min(n * share, latest), share, signs.get(lead, 1.0))
        for n, lead in enumerate(row)
    ]


def _reach(record: Record, strips: list[Strip], calibration: Calibration, *, up: bool) -> float:
    """Return how far the traces of a row go up, or down, plus a margin, mm."""
    mm = np.concatenate([to_mm(record, strip, calibration)[1] for strip in strips])
    mm = mm[np.isfinite(mm)]
    farthest = float(np.max(mm if up else -mm, initial=0.0))
    return min(farthest + 1.0, _DEEPEST * max(calibration.gain / MM_PER_MV, 1.0))


def _rows_for(
    record: Record, layout: str | None, calibration: Calibration
) -> tuple[tuple[Lead, ...], ...]:
    """Return the rows of leads of *layout*, or of the one that fits *record*."""
    shown = record.signal[:, : _page_samples(record, calibration)]
    recorded = [
        lead for lead, row in zip(record.leads, shown, strict=True) if np.isfinite(row).any()
    ]
    recorded = recorded or list(record.leads)
    if layout is None and len(recorded) < 7:
        return tuple((lead,) for lead in LEADS if lead in recorded)
    rows = LAYOUTS.get(layout or "3x4+1")
    if rows is None:
        raise QueryError(f"layout {layout!r}, expected one of {' '.join(LAYOUTS)}")
    if len(rows[0]) == 1:
        return rows
    rhythm = (lead for lead in _RHYTHM if lead in recorded)
    return tuple(row if len(row) > 1 else (next(rhythm, row[0]),) for row in rows)


def _page_samples(record: Record, calibration: Calibration) -> int:
    """Return how many samples of *record* a page shows."""
    return max(1, round(calibration.seconds * record.rate))
