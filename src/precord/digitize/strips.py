"""Rhythm strips: which lead of the page each is, and what it adds to that lead.

A strip is the lead that it equals at the time when both are on the page (r at least 0.9); a strip
that equals none is left out.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from precord.digitize.arrange import Arrangement, Piece
from precord.digitize.grid import FLAT_PX_PER_MM
from precord.leads import LEADS, Lead

Array = NDArray[Any]
_SAME = 0.9  # correlation from which a strip is a lead
_BLUR = 5  # pixels, a fiftieth of a second at 25 mm/s


def add_strips(
    signal: Array, up: Array, arrangement: Arrangement, span: tuple[int, int], edge: int
) -> tuple[tuple[Lead, float] | None, ...]:
    """Let rhythm strips fill the ten seconds of their leads; return what each strip is.

    Args:
        signal: (12, columns) of the record, which the strips are added to.
        up: (rows, columns) of the page, upright.
        arrangement: where each lead is.
        span: first column of the record, and behind its last.
        edge: columns at both ends of a lead where it meets another, or a mark.
    """
    used = {piece.row for piece in arrangement.pieces}
    leads = {
        piece.lead: (piece.first + edge, inner_part(up, piece, edge))
        for piece in arrangement.pieces
    }
    found: list[tuple[Lead, float] | None] = []
    taken: set[Lead] = set()
    for row in range(len(up)):
        if row in used:
            continue
        named = name_strip(up[row], leads, taken)
        found.append(named)
        if named is None:
            continue
        lead = named[0]
        taken.add(lead)
        strip = bridge_gaps(up[row, slice(*span)])
        target = signal[LEADS.index(lead)]
        both = np.isfinite(target) & np.isfinite(strip)
        offset = float(np.median(target[both] - strip[both])) if both.any() else 0.0
        signal[LEADS.index(lead)] = np.where(np.isfinite(target), target, strip + offset)
    return tuple(found)


def inner_part(up: Array, piece: Piece, edge: int) -> Array:
    """Return the samples of one stretch without *edge* columns at both ends, upright."""
    return np.asarray(piece.sign * up[piece.row, piece.first + edge : piece.last - edge])


def bridge_gaps(part: Array, longest: int = round(1.5 * FLAT_PX_PER_MM)) -> Array:
    """Return *part* with gaps of up to *longest* samples bridged by straight lines."""
    good = np.flatnonzero(np.isfinite(part))
    if good.size < 2:
        return part
    filled = np.interp(np.arange(part.size), good, part[good], left=np.nan, right=np.nan)
    at = np.searchsorted(good, np.arange(part.size)).clip(1, good.size - 1)
    is_long = (good[at] - good[at - 1] > longest) & ~np.isfinite(part)
    return np.where(is_long, np.nan, filled)


def name_strip(
    strip: Array, leads: dict[Lead, tuple[int, Array]], taken: set[Lead]
) -> tuple[Lead, float] | None:
    """Return which lead a rhythm strip is, and how well they agree.

    Args:
        strip: (columns,) of the strip, flat pixels upwards.
        leads: first column and samples of each lead on the page.
        taken: leads that another strip is.
    """
    found = {}
    strip = _blur(strip)
    for lead, (first, part) in leads.items():
        if lead in taken:
            continue
        blurred = _blur(part)
        found[lead] = max(
            correlate(blurred, strip[max(first + lag, 0) : max(first + lag, 0) + part.size])
            for lag in range(-8, 9, 2)
        )
    if not found:
        return None
    best = max(found, key=lambda lead: found[lead])
    for usual in (Lead.II, Lead.V1, Lead.V5):
        if found.get(usual, 0.0) > max(_SAME, found[best] - 0.02):
            best = usual
            break
    return (best, found[best]) if found[best] >= _SAME else None


def _blur(part: Array) -> Array:
    """Return *part* less sharp: a narrow complex a pixel farther right is still the same one."""
    weight = uniform_filter1d(np.isfinite(part).astype(float), _BLUR, mode="constant")
    total = uniform_filter1d(np.nan_to_num(part).astype(float), _BLUR, mode="constant")
    return np.where(np.isfinite(part), total / np.maximum(weight, 1e-6), np.nan)


def correlate(one: Array, other: Array) -> float:
    """Return the correlation of the samples that both have, 0 where these are few."""
    n = min(one.size, other.size)
    both = np.isfinite(one[:n]) & np.isfinite(other[:n])
    if both.sum() < 60:
        return 0.0
    a, b = one[:n][both], other[:n][both]
    spread = a.std() * b.std()
    return float(((a - a.mean()) * (b - b.mean())).mean() / spread) if spread > 1e-9 else 0.0
