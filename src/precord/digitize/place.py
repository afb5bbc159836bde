"""Which trace is which lead, where names are printed beside the traces.

The row with most names tells how many columns of leads there are; rows with one name beside
such rows are rhythm strips. A lead begins as far from its name as the others do from theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from precord.digitize.arrange import Arrangement
from precord.digitize.pdf import Word
from precord.digitize.printed import Name, Place, find_names
from precord.digitize.stroke import find_leap
from precord.leads import Lead

Array = NDArray[Any]
_SNAP = 3.0  # mm from where a name says a lead begins to where its line does
_SECONDS = {2: 5.0, 4: 2.5}  # of a column, by how many there are
_EXACT, _CLEARLY = 0.01, 0.02  # of a column's seconds: it is of usual length, or clearly not
_LEAP = 1.0  # mm about the same place in which two leads on one line are told apart


@dataclass(frozen=True, slots=True)
class Stretch:
    """The room of one lead in its row, mm; *sign* is -1 for -aVR."""

    lead: Lead
    row: int
    first: float
    last: float
    sign: float = 1.0


@dataclass(frozen=True, slots=True)
class Placed:
    """The stretches of the columns, and each rhythm strip's row and printed name, if any."""

    stretches: tuple[Stretch, ...]
    strips: tuple[tuple[int, Lead | None], ...]
    layout: str
    is_named: bool = True


def place_by_layout(
    rows: Sequence[Sequence[Array]], found: Arrangement, px_per_mm: float
) -> Placed:
    """Return the stretches of an arrangement of flattened rows, each put where its line begins."""
    stretches = []
    for piece in found.pieces:
        first, last = (
            _edge(rows[piece.row], column / px_per_mm) for column in (piece.first, piece.last)
        )
        stretches.append(Stretch(piece.lead, piece.row, first, last, piece.sign))
    used = {piece.row for piece in found.pieces}
    strips = tuple((n, None) for n in range(len(rows)) if n not in used)
    return Placed(tuple(stretches), strips, found.layout, is_named=False)


def _edge(parts: Sequence[Array], near: float) -> float:
    """Return the place near *near* mm where one lead ends and the next begins."""
    edges = np.array([part[0, 0] for part in parts] + [parts[-1][-1, 0] + 1e-2])
    nearest = float(edges[np.argmin(np.abs(edges - near))])
    if abs(nearest - near) < _SNAP / 2:
        return nearest
    inside = [part for part in parts if part[0, 0] < near < part[-1, 0]]
    return find_leap(inside[0], near, _LEAP) if inside else near


def place_by_names(rows: Sequence[Sequence[Array]], words: Sequence[Word]) -> Placed | None:
    """Return which stretch of which row is which lead, or None where the names leave it open.

    Args:
        rows: (points, 2) mm of the parts of each row, without calibration pulses.
        words: of the page.
    """
    places = [
        Place(n, float(part[0, 0]), float(part[-1, 0]), float(np.median(part[:, 1])))
        for n, parts in enumerate(rows)
        for part in parts
    ]
    names = find_names(words, places)
    most = max((len(found) for found in names.values()), default=0)
    if most == 0:
        return None
    columns = [n for n in names if len(names[n]) == most]
    away = float(np.median([names[n][0].x - float(rows[n][0][0, 0]) for n in columns]))
    stretches: list[Stretch] = []
    strips: list[tuple[int, Lead | None]] = []
    for n, parts in enumerate(rows):
        found = names.get(n, [])
        taken = {stretch.lead for stretch in stretches}
        if len(found) == most and not taken & {name.lead for name in found}:
            stretches += _stretches(n, parts, found, away)
        elif len(found) <= 1:
            strips.append((n, found[0].lead if found else None))
        else:
            return None
    if len({stretch.lead for stretch in stretches}) < len(stretches):
        return None
    return Placed(tuple(stretches), tuple(strips), _layout(stretches, len(strips), most))


def _stretches(
    row: int, parts: Sequence[Array], names: Sequence[Name], away: float
) -> list[Stretch]:
    """Return the room of each lead of a row."""
    end = float(parts[-1][-1, 0])
    if len(parts) == 1:  # one line for all leads: they are as long as each other
        begin = float(parts[0][0, 0])
        width = (end - begin) / len(names)
        starts = [begin + k * width for k in range(len(names))]
        starts[1:] = [find_leap(parts[0], start, _LEAP) for start in starts[1:]]
    else:
        edges = np.array([float(part[0, 0]) for part in parts])
        starts = []
        for name in names:
            start = name.x - away
            nearest = float(edges[np.argmin(np.abs(edges - start))])
            starts.append(nearest if abs(nearest - start) < _SNAP else start)
    ends = [*starts[1:], end + 1e-2]
    return [
        Stretch(name.lead, row, first, last, name.sign)
        for name, first, last in zip(names, starts, ends, strict=True)
    ]


def close_gaps(
    stretches: Sequence[Stretch], pieces: dict[Lead, list[Array]], speed: float
) -> dict[Lead, list[Array]]:
    """Return the lines of each lead, those of later columns moved left over gaps that are no time.

    Columns that are drawn as panels of their own have room between them. They show 2.5 or 5
    seconds each, and begin farther apart than that; where they begin as far apart as that, a
    gap is time that was not drawn.
    """
    rows: dict[int, list[Lead]] = {}
    for stretch in stretches:
        if pieces[stretch.lead]:
            rows.setdefault(stretch.row, []).append(stretch.lead)
    n = max((len(row) for row in rows.values()), default=0)
    full = [row for row in rows.values() if len(row) == n > 1]
    usual = _SECONDS.get(n)
    if not full or usual is None:
        return pieces
    firsts = np.array([[pieces[lead][0][0, 0] for lead in row] for row in full])
    lasts = np.array([[pieces[lead][-1][-1, 0] for lead in row] for row in full])
    starts = firsts.min(axis=0)
    shown, apart = (lasts.max(axis=0) - starts) / speed, np.diff(starts) / speed
    is_whole = np.abs(shown / usual - 1.0) < _EXACT
    if not is_whole.all() or (apart < usual * (1.0 + _CLEARLY)).any():
        return pieces
    left = np.array([starts[k] - starts[0] - k * usual * speed for k in range(n)])
    return {
        lead: [part - (left[k], 0.0) for part in pieces[lead]]
        for row in rows.values()
        for k, lead in enumerate(row)
    } | {lead: [] for lead, parts in pieces.items() if not parts}


def _layout(stretches: Sequence[Stretch], n_strips: int, columns: int) -> str:
    """Return the layout in the words of `image.layout.LAYOUTS`, as far as it is one of them."""
    n_rows = len({stretch.row for stretch in stretches})
    strips = f"+{n_strips}" if n_strips else ""
    if any(stretch.sign < 0 for stretch in stretches):
        return "cabrera"
    return f"{n_rows}x{columns}{strips}"
