"""What is printed on a page: paper speed, gain, and which trace is which lead.

A name belongs to the trace from which all names of the page stand the same way off; what a
header or a comment says of a lead ("ST elevation in V2") stands elsewhere and names none.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from precord.digitize.pdf import Word
from precord.digitize.redact import Box
from precord.leads import Lead, find_lead

SPEEDS = (12.5, 25.0, 50.0, 100.0)  # mm/s that ECG paper runs at
GAINS = (2.5, 5.0, 10.0, 20.0, 40.0)  # mm/mV
_NUMBERS = r"(?<![\d.,])(\d+(?:[.,]\d+)?(?:\s*/\s*\d+(?:[.,]\d+)?)*)\s*"
_SPEED = re.compile(_NUMBERS + r"mm\s*/\s*s", re.IGNORECASE)
_GAIN = re.compile(_NUMBERS + r"mm\s*/\s*m\s*v", re.IGNORECASE)
_PER_MINUTE = re.compile(r"(?:(\d{2,3})\s*)?(?:bpm|/\s*min)\W*", re.IGNORECASE)
_RATES = (20.0, 300.0)  # per minute
_FAR_OFF = 8.0  # heights of the unit that its number may stand before it
_EDGES = ".,:;()[]"
_ROOM = 40.0  # mm left of a trace in which its name may stand


class Name(NamedTuple):
    """A lead's name beside a trace; *sign* is -1 for -aVR, *x* its left edge in mm."""

    lead: Lead
    sign: float
    x: float
    y: float


class Place(NamedTuple):
    """Where a stretch of trace is: mm of its row's number, ends and middle."""

    row: int
    first: float
    last: float
    y: float


def find_speeds(text: str) -> frozenset[float]:
    """Return the paper speeds in mm/s that *text* states."""
    return _values(_SPEED, text, SPEEDS)


def find_gains(text: str) -> frozenset[float]:
    """Return the gains in mm/mV that *text* states; limb and chest leads may have two."""
    return _values(_GAIN, text, GAINS)


def _values(pattern: re.Pattern[str], text: str, known: tuple[float, ...]) -> frozenset[float]:
    """Return the numbers before a unit that are among those *known*."""
    found = {
        float(number.replace(",", "."))
        for match in pattern.finditer(text)
        for number in match[1].split("/")
    }
    return frozenset(found & set(known))


def find_heart_rate(words: Sequence[Box]) -> float | None:
    """Return the heart rate per minute that *words* state, None where they state none, or two.

    It stands before "bpm" or "/min", with it or on the same line.
    """
    found = set()
    for unit in words:
        match = _PER_MINUTE.fullmatch(unit.text.strip())
        if match is None:
            continue
        number = match[1] or _before(unit, words)
        if number is not None and _RATES[0] <= float(number) <= _RATES[1]:
            found.add(float(number))
    return next(iter(found)) if len(found) == 1 else None


def _before(unit: Box, words: Sequence[Box]) -> str | None:
    """Return the number nearest before *unit* on its line, None where there is none."""
    height = unit.bottom - unit.top
    middle = (unit.top + unit.bottom) / 2
    near = [
        word
        for word in words
        if re.fullmatch(r"\d{2,3}", word.text.strip())
        and abs((word.top + word.bottom) / 2 - middle) < height / 2
        and -height / 2 < unit.left - word.right < _FAR_OFF * height
    ]
    return max(near, key=lambda word: word.right).text.strip() if near else None


def settle(
    what: str, stated: float | None, printed: frozenset[float], measured: float | None
) -> tuple[float | None, str | None]:
    """Return a page's speed or gain, None where its sources leave it open, and a note.

    Args:
        what: "speed" or "gain"; the name of the option too.
        stated: by a person, who has the last word.
        printed: in words on the page.
        measured: of the calibration pulse.
    """
    unit = "mm/s" if what == "speed" else "mm/mV"
    seen = printed | ({measured} if measured is not None else frozenset())
    shown = " and ".join(f"{value:g}" for value in sorted(seen))
    if stated is not None:
        differs = f"; the page shows {shown}" if seen and seen != {stated} else ""
        return stated, f"{what} {stated:g} {unit} as stated{differs}"
    if len(seen) == 1:
        sources = (["the words"] if printed else []) + (
            ["the calibration pulse"] if measured is not None else []
        )
        return next(iter(seen)), f"{what} {shown} {unit} from {' and '.join(sources)} on the page"
    if seen:
        return None, f"the page shows more than one {what}: {shown} {unit}"
    return None, None


def find_names(words: Sequence[Word], places: Sequence[Place]) -> dict[int, list[Name]]:
    """Return the names beside each row, from left to right.

    Args:
        words: of the page.
        places: of all stretches of trace.
    """
    names = [name for word in words if (name := _name(word)) is not None]
    pairs = [
        (name, place.row, name.y - place.y)
        for name in names
        for place in places
        if place.first - _ROOM <= name.x <= place.last
    ]
    if not pairs:
        return {}
    rows = sorted({place.row: place.y for place in places}.values())
    reach = 0.22 * float(np.median(np.diff(rows))) if len(rows) > 1 else 8.0
    aways = np.array([away for *_, away in pairs])

    def count(away: float) -> tuple[int, float]:
        near = {name for name, _, other in pairs if abs(other - away) < reach}
        return len(near), -abs(away)

    best = max(aways, key=count)
    best = float(np.median(aways[np.abs(aways - best) < reach]))
    chosen: dict[Name, tuple[float, int]] = {}
    for name, row, away in pairs:
        miss = abs(away - best)
        if miss < reach and miss < chosen.get(name, (np.inf, 0))[0]:
            chosen[name] = miss, row
    found: dict[int, list[Name]] = {}
    for name, (_, row) in sorted(chosen.items(), key=lambda item: item[0].x):
        found.setdefault(row, []).append(name)
    return found


def _name(word: Word) -> Name | None:
    """Return the lead that an upright word names, None where it names none."""
    text = word.text.strip(_EDGES).replace("\N{MINUS SIGN}", "-").replace("\N{EN DASH}", "-")
    lead = find_lead(text.removeprefix("-"))
    if lead is None or word.angle != 0.0 or len(text) > 6:
        return None
    sign = -1.0 if text.startswith("-") else 1.0
    return Name(lead, sign, word.left, (word.top + word.bottom) / 2)
