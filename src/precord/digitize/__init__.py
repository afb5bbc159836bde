"""Pictures of ECGs on paper to records: scans, photos, PDF.

`digitize` reads a file's content. A PDF whose traces are lines is read from the lines; all
else is read as a picture. What cannot be read well enough is refused, with a reason; nothing
about scale or speed is assumed.
"""

from dataclasses import replace
from math import log10

import numpy as np
from numpy.typing import NDArray

from precord.digitize.confidence import to_confidence
from precord.digitize.document import open_page, open_pdf, render_for_reading
from precord.digitize.overlay import draw_overlay
from precord.digitize.reading import Options, Reading, read_picture
from precord.digitize.sheet import read_sheet
from precord.digitize.source import cut, decode, is_picture
from precord.digitize.stage import OnStage, Stage, unwatched
from precord.digitize.told import tell
from precord.errors import PrecordError, UnsupportedFormatError
from precord.record import Record

__all__ = ["OnStage", "Options", "Reading", "Stage", "digitize", "draw_overlay", "is_picture"]


def digitize(
    data: bytes, name: str, options: Options | None = None, on_stage: OnStage = unwatched
) -> Reading:
    """Read the ECG in the content *data* of a picture or PDF called *name*.

    Args:
        data: the file's content.
        name: for messages.
        options: what a person says of the page.
        on_stage: called as each stage begins; whatever it raises ends the reading.

    Raises:
        PrecordError: There is none, or it cannot be read well enough; the message says why,
            and which option helps.
    """
    options = options or Options()
    on_stage(Stage.OPENING)
    try:
        if data.startswith(b"%PDF"):
            return _digitize_pdf(data, name, options, on_stage)
        picture, kind = decode(data, name, options.page)
        return _digitize_picture(picture, (name, f"{kind} picture"), options, on_stage)
    except PrecordError:
        raise
    except (ValueError, IndexError, ArithmeticError, MemoryError) as error:
        raise UnsupportedFormatError(f"{name}: no ECG could be read from the picture") from error


def _digitize_pdf(data: bytes, name: str, options: Options, on_stage: OnStage) -> Reading:
    """Read a page of a PDF: from its lines where they make an ECG, else as a picture."""
    sheet, note = open_page(open_pdf(data, name), name, options.page)
    reading = read_sheet(sheet, name, options) if options.corners is None else None
    if reading is None:
        picture = render_for_reading(sheet)
        reading = _digitize_picture(picture, (name, "PDF picture"), options, on_stage)
    return reading if note is None else _noted(reading, note)


def _noted(reading: Reading, note: str) -> Reading:
    """Return *reading* with a further note."""
    origin = reading.record.provenance
    origin = replace(origin, notes=(note, *origin.notes))
    return replace(reading, record=replace(reading.record, provenance=origin))


def _doubted(reading: Reading, wrong: float) -> Reading:
    """Return *reading* with less expected of it, where its speed is *wrong* on so many pages."""
    if not wrong:
        return reading
    snr = tuple(-10.0 * log10(10.0 ** (-db / 10.0) + wrong) for db in reading.snr_db)
    origin = reading.record.provenance
    origin = replace(origin, confidence=tuple(to_confidence(db) for db in snr))
    return replace(reading, snr_db=snr, record=replace(reading.record, provenance=origin))


def _digitize_picture(
    picture: NDArray[np.uint8], named: tuple[str, str], options: Options, on_stage: OnStage
) -> Reading:
    """Read a picture, cut and turned as the options say.

    Printed words, and then the heart, are asked where all else is silent. It is *named* by its
    file and its kind.
    """
    name, kind = named
    if options.corners is not None:
        picture = cut(picture, options.corners, name)
    if options.rotate:
        picture = np.ascontiguousarray(np.rot90(picture, -options.rotate // 90))

    def attempt(tried: Options) -> Record:
        """Return the record as it is read with other options."""
        return read_picture(picture, name, kind, tried, on_stage=on_stage).record

    try:
        reading = read_picture(picture, name, kind, options, on_stage=on_stage)
    except UnsupportedFormatError as error:
        if "--speed" not in str(error):
            raise
        on_stage(Stage.WORDS)
        told = tell(picture, options, attempt)
        if told is None:
            raise
        read_one = read_picture(picture, name, kind, told.options, on_stage=on_stage)
        return _noted(_doubted(read_one, told.wrong), told.note)
    if reading.record.is_calibrated:
        return reading
    on_stage(Stage.WORDS)
    told = tell(picture, options)
    if told is None:
        return reading
    return _noted(read_picture(picture, name, kind, told.options, on_stage=on_stage), told.note)
