"""A page of a PDF to a reading, from its lines; a picture of it only shows what was read."""

from typing import Any

import cv2
import numpy as np

from precord.digitize.arrange import Arrangement, Piece
from precord.digitize.confidence import Evidence, to_confidence
from precord.digitize.document import render
from precord.digitize.grid import FLAT_PX_PER_MM, Grid
from precord.digitize.pdf import TooMuchError, Word, read_content
from precord.digitize.reading import Options, Reading
from precord.digitize.redact import Box
from precord.digitize.trace import Traces
from precord.digitize.vector import Drawn, read_lines
from precord.leads import LEADS
from precord.record import Provenance, Record, Scale

_MOST_PIXELS = 64_000_000


def read_sheet(sheet: Any, name: str, options: Options) -> Reading | None:
    """Return the ECG in the lines of a PDF's page, or None where they make none.

    Raises:
        UnsupportedFormatError: They make one, but what is needed of it is not known.
    """
    quarters = options.rotate // 90
    try:
        content = read_content(sheet, quarters)
        if not options.rotate and (turn := _turn_of_words(content.words)):
            quarters = turn
            content = read_content(sheet, quarters)
    except TooMuchError:
        return None
    drawn = read_lines(content, name, layout=options.layout, speed=options.speed, gain=options.gain)
    return None if drawn is None else _to_reading(drawn, sheet, quarters, name)


def _turn_of_words(words: tuple[Word, ...]) -> int:
    """Return by how many quarters clockwise a page must be turned for its words to be upright."""
    angles = [round(word.angle / 90) % 4 for word in words]
    if not angles:
        return 0
    most = max(set(angles), key=angles.count)
    return -most % 4 if angles.count(most) > 0.6 * len(angles) else 0


def _to_reading(drawn: Drawn, sheet: Any, quarters: int, name: str) -> Reading:
    """Return the record of what the lines make."""
    kept = [k for k, row in enumerate(drawn.signal) if np.isfinite(row).any()]
    signal, scale = drawn.signal, Scale.MILLIVOLT
    if drawn.gain is None:
        spread = np.nanstd(signal[kept], axis=1).max()
        spreads = np.nanstd(np.where(np.isfinite(signal), signal, np.nan)[kept], axis=1)
        signal = signal.copy()
        signal[kept] /= np.where(spreads > 1e-6 * spread, spreads, 1.0)[:, None]
        scale = Scale.UNKNOWN
    record = Record(
        signal[kept].astype(np.float32),
        tuple(LEADS[k] for k in kept),
        drawn.rate,
        scale,
        provenance=Provenance(
            "PDF",
            name,
            is_digitised=True,
            confidence=tuple(to_confidence(drawn.snr_db[k]) for k in kept),
            notes=_notes(drawn, kept),
        ),
    )
    pieces = tuple(
        Piece(
            s.lead, s.row, round(s.first * FLAT_PX_PER_MM), round(s.last * FLAT_PX_PER_MM), s.sign
        )
        for s in drawn.placed.stretches
    )
    begin = min(piece.first for piece in pieces)
    arrangement = Arrangement(drawn.placed.layout, pieces, begin, drawn.misfit)
    zero = np.nanmedian(drawn.rows, axis=1).astype(np.float64)
    nothing = np.zeros((0, drawn.rows.shape[1]), np.bool_)
    traces = Traces(drawn.rows, zero, 3.0, nothing, np.zeros(len(zero), np.intp))
    snr = tuple(drawn.snr_db[k] for k in kept)
    picture, words = _picture(drawn, sheet, quarters), tuple(_box(word) for word in drawn.words)
    return Reading(record, snr, _evidence(drawn), picture, traces, arrangement, words)


def _box(word: Word) -> Box:
    """Return a word's place in flat pixels."""
    edges = (edge * FLAT_PX_PER_MM for edge in (word.left, word.top, word.right, word.bottom))
    return Box(word.text, *edges)


def _notes(drawn: Drawn, kept: list[int]) -> tuple[str, ...]:
    """Return what a reader must know."""
    notes = [*drawn.notes, f"read from the lines of the PDF, layout {drawn.placed.layout}"]
    if len(kept) < len(LEADS):
        missing = " ".join(lead for k, lead in enumerate(LEADS) if k not in kept)
        notes.append(f"{len(kept)} of the twelve leads are on the page; not there: {missing}")
    if drawn.gain is None:
        notes.append("gain not known: amplitudes unknown; --gain supplies it")
    return tuple(notes)


def _evidence(drawn: Drawn) -> Evidence:
    """Return what speaks for and against the reading."""
    known = [0.0 if strip is None else strip[1] for strip in drawn.strips]
    with np.errstate(invalid="ignore"):
        spread = [np.nanstd(row) if np.isfinite(row).any() else 0.0 for row in drawn.signal]
    gaps = [1.0 - float(np.isfinite(row).any()) for row in drawn.signal]
    return Evidence(
        misfit=drawn.misfit,
        strip=float(np.mean(known)) if known else float("nan"),
        gaps=tuple(gaps),
        grid_mm=0.0,
        pulses=sum(pulse is not None for pulse in drawn.pulses) / len(drawn.pulses),
        size=tuple(
            float(np.log(s * (drawn.gain or 1.0) * FLAT_PX_PER_MM / 3 + 0.05)) for s in spread
        ),
        px_per_mm=FLAT_PX_PER_MM,
    )


def _picture(drawn: Drawn, sheet: Any, quarters: int) -> Grid | None:
    """Return the page as pixels, `FLAT_PX_PER_MM` to the millimetre of paper."""
    width, height = (round(side * FLAT_PX_PER_MM) for side in drawn.size)
    if width * height > _MOST_PIXELS:
        return None
    finest = max(drawn.unit.across, drawn.unit.down) * FLAT_PX_PER_MM
    flat = render(sheet, finest, quarters)
    if flat.shape[:2] != (height, width):
        flat = np.asarray(cv2.resize(flat, (width, height)), np.uint8)
    seen = np.ones((height, width), np.bool_)
    return Grid(flat, np.zeros((0, 0, 2), np.float32), seen, FLAT_PX_PER_MM, 0.0)
