"""Millimetres, speed and gain of a page of lines: grid, calibration pulses, printed words.

The grid says what a millimetre is. Without one a pulse does, whose height the words state or
paper has; and where there is neither, a page of a paper's own size is taken to be as it was
printed, which is said, if its rows are as long as an ECG's. What contradicts itself stays unknown.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from precord.digitize.lattice import find_lattice
from precord.digitize.pdf import Content, Word
from precord.digitize.printed import GAINS, SPEEDS, find_gains, find_speeds, settle
from precord.digitize.pulse import Pulse
from precord.digitize.stroke import size_of_pulse
from precord.errors import UnsupportedFormatError

Array = NDArray[Any]
_PAPERS = ((297.0, 210.0), (279.4, 215.9), (420.0, 297.0), (355.6, 215.9))  # mm
_CLOSE = 3.0  # mm from one of these sizes
_AGREES = 0.03  # share by which a pulse may differ from what paper has
_ROW_SECONDS = (10.0, 5.0)
_ROUGH = 0.14  # the same of its width


@dataclass(frozen=True, slots=True)
class Unit:
    """Millimetres of ECG paper in one of the page, across and down, and what says so.

    It *is_assumed* where nothing on the page does.
    """

    across: float
    down: float
    note: str
    is_assumed: bool = False


def find_unit(content: Content, pulses: Sequence[Array]) -> Unit | None:
    """Return what a millimetre of the page is on paper, or None where nothing tells.

    Args:
        content: of the page.
        pulses: (points, 2) of each calibration pulse that is a line of its own.
    """
    lattice = find_lattice(content.strokes)
    if lattice.across is not None:
        down = lattice.down if lattice.down is not None else lattice.across
        return Unit(1 / lattice.across, 1 / down, "millimetres from the lines of the grid")
    sizes = [size for pulse in pulses if (size := size_of_pulse(pulse)) is not None]
    printed = find_gains(_text(content.words))
    if sizes:
        height = float(np.median([size[0] for size in sizes]))
        if len(printed) == 1:
            ratio = next(iter(printed)) / height
            return Unit(ratio, ratio, "no grid: millimetres from the calibration pulse")
        if any(abs(height / gain - 1) < _AGREES for gain in GAINS):
            return Unit(1.0, 1.0, "no grid: millimetres of the page")
    if any(_is_close(content.size, paper) for paper in _PAPERS):
        return Unit(1.0, 1.0, "no grid: taken to be printed at the size of the page", True)
    return None


def refuse_out_of_scale(unit: Unit, seconds: float, name: str) -> None:
    """Refuse a page whose size was taken for that of its print, and whose rows belie it.

    Raises:
        UnsupportedFormatError: The rows are not so long as an ECG's are.
    """
    if unit.is_assumed and all(abs(seconds / usual - 1) > _AGREES for usual in _ROW_SECONDS):
        raise UnsupportedFormatError(
            f"{name}: no grid in millimetres and no calibration pulse, and at the size of the page "
            f"a row is {seconds:.1f} s long, expected 10 or 5: the page was not drawn to scale"
        )


def _is_close(size: tuple[float, float], paper: tuple[float, float]) -> bool:
    """Tell whether a page has a paper's size, upright or across."""
    return any(
        abs(size[0] - w) < _CLOSE and abs(size[1] - h) < _CLOSE for w, h in (paper, paper[::-1])
    )


def to_paper(content: Content, unit: Unit) -> Content:
    """Return the content in millimetres of ECG paper."""
    scale = np.array([unit.across, unit.down])
    strokes = tuple(replace(s, points=s.points * scale) for s in content.strokes)
    words = tuple(
        Word(
            w.text,
            w.left * unit.across,
            w.top * unit.down,
            w.right * unit.across,
            w.bottom * unit.down,
            w.angle,
        )
        for w in content.words
    )
    size = content.size[0] * unit.across, content.size[1] * unit.down
    return Content(size, strokes, words)


def find_scale(
    words: Sequence[Word],
    pulses: Sequence[Pulse | None],
    stated: tuple[float | None, float | None],
) -> tuple[float | None, float | None, list[str]]:
    """Return speed in mm/s and gain in mm/mV, None where unknown, and notes.

    Args:
        words: of the page.
        pulses: of each row, in millimetres of paper.
        stated: speed and gain as a person says.
    """
    text = _text(words)
    found = [pulse for pulse in pulses if pulse is not None]
    width = _nearest([p.width / 0.2 for p in found], SPEEDS, _ROUGH)
    height = _nearest([p.height for p in found], GAINS, _AGREES)
    if find_speeds(text) - {width}:  # a pulse is not 0.2 s long everywhere; the words are sure
        width = None
    speed, speed_note = settle("speed", stated[0], find_speeds(text), width)
    gain, gain_note = settle("gain", stated[1], find_gains(text), height)
    if found and height is None and stated[1] is None:
        gain, gain_note = None, "the calibration pulses have no height that paper has, or several"
    return speed, gain, [note for note in (speed_note, gain_note) if note]


def _nearest(sizes: list[float], known: tuple[float, ...], share: float) -> float | None:
    """Return which of the *known* values all *sizes* are, within a *share* of it; else None."""
    if not sizes:
        return None
    nearest = {min(known, key=lambda value: abs(size / value - 1)) for size in sizes}
    value = next(iter(nearest))
    if len(nearest) > 1 or any(abs(size / value - 1) > share for size in sizes):
        return None
    return value


def _text(words: Sequence[Word]) -> str:
    """Return the words of a page in their order, a space between two."""
    return " ".join(word.text for word in words)
