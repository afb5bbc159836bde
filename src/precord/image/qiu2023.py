"""The image of one beat that Qiu et al. 2023 (ML4H, arXiv:2304.06286) train on.

One random beat, high-pass 0.5 Hz, R peak, low-pass 15 Hz, 100 samples at 100 Hz round it,
each lead divided by its own largest magnitude; red is the Gramian angular summation field,
green the recurrence plot with distances clipped to 1, blue the Markov transition field of
four bins. *grid* has a tile a lead, *concat* one field of all leads in a row; both 224 x 224.
What their published code leaves open is decided in docs/decisions/0004-qiu2023.md.

By construction such an image shows no voltage, no rhythm, and neither polarity nor axis.
"""

from collections.abc import Sequence
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from precord.errors import SignalError
from precord.image.encodings import gramian_difference, gramian_sum, recurrence, transitions
from precord.leads import LEADS
from precord.record import Record
from precord.signal.beats import find_beats
from precord.signal.filters import band_limit, resample

RATE = 100.0  # Hz
BEFORE, AFTER = 35, 65  # samples of a beat's window before and behind its R peak
SIZE = 224  # pixels of an image's side
_HIGH_PASS, _LOW_PASS = 0.5, 15.0  # Hz
_COLUMNS = ((0, 1, 2), (3, 4, 5), (6, 7, 8), (9, 10, 11))  # leads of each column of the grid

Array = NDArray[np.float32]


class Style(StrEnum):
    """How the leads of a beat share one image."""

    GRID = "grid"
    CONCAT = "concat"


class Method(StrEnum):
    """What a colour channel shows."""

    GAF = "gaf"
    GADF = "gadf"
    RP = "rp"
    MTF = "mtf"


METHODS = (Method.GAF, Method.RP, Method.MTF)
"""Red, green and blue of the paper."""


def cut_beat(record: Record, rng: np.random.Generator) -> Array:
    """Return one random beat of *record*, (12, 100) float32, filtered, from -1 to 1.

    Raises:
        SignalError: A lead is missing, or no beat lies whole in the record.
    """
    name = record.provenance.name or "record"
    absent = [lead for lead in LEADS if lead not in record.leads]
    if absent:
        raise SignalError(f"{name}: no lead {', '.join(absent)}; this image needs all twelve")
    order = [record.leads.index(lead) for lead in LEADS]
    signal = resample(record.signal[order], record.rate, RATE)
    high = band_limit(signal, RATE, low=_HIGH_PASS)
    lead_ii = Record(high[1:2], LEADS[1:2], RATE, scale=record.scale)
    peaks = find_beats(lead_ii)
    smooth = band_limit(high, RATE, high=_LOW_PASS)
    n = smooth.shape[1]
    inside = [p for p in peaks.tolist() if p >= BEFORE and p + AFTER <= n]
    whole = [p for p in inside if not np.isnan(smooth[:, p - BEFORE : p + AFTER]).any()]
    if not whole:
        raise SignalError(f"{name}: no beat of which one second is present in all twelve leads")
    peak = int(rng.choice(whole))
    beat = smooth[:, peak - BEFORE : peak + AFTER]
    largest = np.abs(beat).max(axis=1, keepdims=True)
    return np.asarray(beat / np.maximum(largest, 1e-9), np.float32)


def draw_beat(beat: Array, style: Style, methods: Sequence[Method] = METHODS) -> NDArray[np.uint8]:
    """Return the image of a beat, (224, 224, 3) grey levels.

    Args:
        beat: (12, T) from -1 to 1.
        style: how the leads share the image.
        methods: of red, green and blue; one method fills all three.

    Raises:
        SignalError: There are neither one nor three methods.
    """
    if len(methods) not in {1, 3}:
        raise SignalError(f"{len(methods)} encodings, expected one or three: red, green, blue")
    row = beat if style is Style.GRID else beat.reshape(1, -1)  # (12 or 1, T or 12 T)
    fields = {method: _field(row, method) for method in dict.fromkeys(methods)}
    arrange = _grid if style is Style.GRID else _only
    channels = [arrange(fields[method]) for method in methods]
    return np.stack(channels * (3 // len(channels)), axis=-1)


def _field(signal: Array, method: Method) -> Array:
    """Return (L, T, T) from 0 to 1 of a signal (L, T) from -1 to 1."""
    if method is Method.GAF:
        return np.asarray((gramian_sum(signal) + 1) / 2, np.float32)
    if method is Method.GADF:
        return np.asarray((gramian_difference(signal) + 1) / 2, np.float32)
    if method is Method.RP:
        return np.asarray(np.minimum(recurrence(signal), 1), np.float32)
    return transitions(signal)


def _grid(fields: Array) -> NDArray[np.uint8]:
    """Return (224, 224) tiles of (12, T, T): a column for I II III, one for aVR aVL aVF, ..."""
    rows = [[fields[column[row]] for column in _COLUMNS] for row in range(3)]
    return _shrink(np.block(rows))


def _only(fields: Array) -> NDArray[np.uint8]:
    """Return (224, 224) of the one field (1, T, T)."""
    return _shrink(fields[0])


def _shrink(field: Array) -> NDArray[np.uint8]:
    """Return (224, 224) grey levels of a field from 0 to 1."""
    picture = Image.fromarray(field.astype(np.float32))
    small = np.asarray(picture.resize((SIZE, SIZE), Image.Resampling.BILINEAR))
    return np.asarray(np.rint(np.clip(small, 0, 1) * 255), np.uint8)
