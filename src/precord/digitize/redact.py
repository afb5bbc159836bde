"""Whose ECG it is, blacked out of pictures that are kept.

Names, numbers and dates stand above, below and beside the traces: everything off the traces'
own band is black, whether it can be read or not. What is printed between the traces is black
too where it is known as words (of a PDF, or read by `ocr`), but for leads' names, for numbers
with a unit of the ECG, and for a trace that `ocr` took for a letter or two.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, minimum_filter1d

from precord.digitize.grid import FLAT_PX_PER_MM
from precord.leads import find_lead

_MARGIN = 3.0  # mm around the traces that stays
_AROUND = 12.0  # mm to either side of which a trace's height counts
_UNIT = re.compile(r"[-\d.,/~ ]*(mm\s*/\s*m?[sv](ec)?|k?hz|ms|bpm|mv|/\s*min|s)?\W*", re.IGNORECASE)
_LONGEST_NUMBER = 3  # digits; an id or a date has more
_SHORTEST_NAME = 3  # letters and digits; complexes are read as "N", "V", "M", or "-1"
_THROUGH = 0.8  # of a word's width that a trace runs through, which then may be all there is


class Box(NamedTuple):
    """Printed text and its edges in flat pixels."""

    text: str
    left: float
    top: float
    right: float
    bottom: float


def redact(
    page: NDArray[np.uint8], rows: NDArray[np.float32], words: Iterable[Box]
) -> NDArray[np.uint8]:
    """Return a copy of a flat page on which nobody can be recognised.

    Args:
        page: (height, width, 3) RGB.
        rows: (rows, width) heights of the traces, flat pixels from the top; NaN is no trace.
        words: known between the traces.
    """
    clean = np.where(_band(page.shape[0], rows)[..., None], page, 0).astype(np.uint8)
    for word in words:
        if not is_harmless(word.text) and not _is_trace(word, rows):
            left, top = max(int(word.left) - 2, 0), max(int(word.top) - 2, 0)
            clean[top : int(word.bottom) + 3, left : int(word.right) + 3] = 0
    return clean


def _band(height: int, rows: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return (height, width): where the traces are, from the first row to the last."""
    margin, around = round(_MARGIN * FLAT_PX_PER_MM), round(2 * _AROUND * FLAT_PX_PER_MM)
    columns = np.flatnonzero(np.isfinite(rows).any(axis=0))
    if not columns.size:
        return np.zeros((height, rows.shape[1]), np.bool_)
    upper = minimum_filter1d(np.where(np.isfinite(rows), rows, np.inf).min(axis=0), around)
    lower = maximum_filter1d(np.where(np.isfinite(rows), rows, -np.inf).max(axis=0), around)
    down = np.arange(height)[:, None]
    across = np.arange(rows.shape[1])
    beside = (across >= columns[0] - margin) & (across <= columns[-1] + margin)
    inside = (down >= upper - margin) & (down <= lower + margin) & beside
    return np.asarray(inside, np.bool_)


def _is_trace(word: Box, rows: NDArray[np.float32]) -> bool:
    """Tell whether a word is too short for a name, and lies on a trace."""
    if sum(character.isalnum() for character in word.text) >= _SHORTEST_NAME:
        return False
    under = rows[:, max(int(word.left), 0) : int(word.right) + 1]
    inside = ((under >= word.top) & (under <= word.bottom)).any(axis=0)
    return bool(inside.size and inside.mean() >= _THROUGH)


def is_harmless(text: str) -> bool:
    """Tell whether a text is a lead's name, or a short number that may have a unit."""
    bare = unicodedata.normalize("NFKC", text).strip(" .,:;()[]")  # some read II as one sign
    if find_lead(bare.removeprefix("-")) is not None:
        return True
    longest = max((len(number) for number in re.findall(r"\d+", bare)), default=0)
    return _UNIT.fullmatch(bare) is not None and longest <= _LONGEST_NUMBER
