"""An ECG as the API gives it: on its page in millimetres, as a picture, or as WFDB.

The geometry is that of `image.layout` and of nothing else. Drawn is the recorded bandwidth.
"""

import io
import zipfile
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from precord.api.schemas import BeatOut, EcgOut, StripOut
from precord.api.shape import to_record
from precord.errors import QueryError
from precord.image.layout import (
    GRID_LEFT,
    PAGE_SECONDS,
    PULSE_SECONDS,
    Calibration,
    Layout,
    lay_out,
    to_mm,
)
from precord.image.paper import save_record
from precord.io import write_wfdb
from precord.record import Record
from precord.signal.beats import BEFORE, DETECTION_RATE, average_beats
from precord.signal.filters import band_limit

_ZERO = "the median of each lead lies on its line of zero"
BANDS: dict[str, tuple[float | None, float | None]] = {
    "": (None, None), "40": (None, 40.0), "0.5-40": (0.5, 40.0),
}  # fmt: skip
"""Filters to look through, lowest and highest frequency in Hz; measured is without any."""
DRAWING = Lock()  # Matplotlib's settings are global


def to_ecg(
    record: Record, *, layout: str | None, speed: float, gain: float, band: str = ""
) -> EcgOut:
    """Return *record* laid out for a viewer, seen through the filter *band*.

    Raises:
        QueryError: Layout, speed, gain or filter is not known.
    """
    if band not in BANDS:
        raise QueryError(f"filter {band[:20]!r}, expected one of {' '.join(BANDS)}")
    if band:
        low, high = BANDS[band]
        filtered = band_limit(record.signal, record.rate, low=low, high=high)
        record = replace(record, signal=filtered)
    look = Calibration(speed, gain, width=PAGE_SECONDS * speed)
    places = lay_out(record, layout=layout, calibration=look)
    beats = average_beats(record)
    return EcgOut(
        record=to_record(record),
        layout=layout or "automatic",
        width=2 * GRID_LEFT + places.grid_width,
        height=places.height,
        grid_left=GRID_LEFT,
        grid_top=places.grid_top,
        grid_width=places.grid_width,
        grid_height=places.grid_height,
        mm_per_s=speed,
        mm_per_mv=gain if record.is_calibrated else None,
        pulse_width=PULSE_SECONDS * speed,
        pulses=list(places.pulses),
        strips=_strips(record, places),
        r_peaks_s=[round(float(peak), 3) for peak in beats.peaks if peak < PAGE_SECONDS],
        beats=[
            BeatOut(lead=lead, start_s=-BEFORE, step_s=1 / DETECTION_RATE, values=_rounded(row, 4))
            for lead, row in zip(record.leads, beats.median, strict=True)
            if row.size and np.isfinite(row).any() and np.ptp(row) > 0
        ],
        filter=f"{band} Hz; {_ZERO}" if band else f"as recorded, no filter added; {_ZERO}",
        band=band,
        seconds_shown=min(record.duration, PAGE_SECONDS),
    )


def to_picture(record: Record, kind: str, *, title: str, text: str, layout: str | None) -> bytes:
    """Return *record* on ECG paper, as *kind*: svg, png or pdf."""
    with TemporaryDirectory(prefix="precord-") as folder, DRAWING:
        path = Path(folder) / f"ecg.{kind}"
        save_record(record, path, title=title, text=text, layout=layout)
        return path.read_bytes()


def to_wfdb(record: Record) -> bytes:
    """Return *record* as a zip of one WFDB record named "ecg".

    Raises:
        SignalError: The scale is unknown.
    """
    with TemporaryDirectory(prefix="precord-") as folder:
        header = write_wfdb(record, Path(folder) / "ecg")
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in (header, header.with_suffix(".dat")):
                archive.writestr(zipfile.ZipInfo(path.name), path.read_bytes())
        return made.getvalue()


def _strips(record: Record, places: Layout) -> list[StripOut]:
    """Return the strips of *places* with their traces."""
    return [
        StripOut(
            lead=strip.lead,
            label=strip.label,
            x=strip.x,
            y=strip.y,
            step=places.calibration.speed / record.rate,
            start_s=strip.start,
            duration_s=strip.duration,
            is_derived=strip.lead in record.provenance.derived,
            up=_rounded(to_mm(record, strip, places.calibration)[1], 3),
        )
        for strip in places.strips
    ]


def _rounded(values: NDArray[np.float64], digits: int) -> list[float | None]:
    """Return *values* rounded, None where one is missing."""
    return [None if v != v else round(v, digits) for v in values.tolist()]  # noqa: PLR0124 - NaN
