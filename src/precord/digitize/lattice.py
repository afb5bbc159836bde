"""How many millimetres of ECG paper a length on a page is, told by the lines of its grid.

A page that was printed or saved at another size still has its grid: thick lines five times
as far apart as thin ones, whatever that is in millimetres of the page. Lines of one kind
only are taken for one or five millimetres where they are within a tenth of that; anything
else is no grid.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from precord.digitize.pdf import Stroke, Style

Array = NDArray[Any]
_STRAIGHT = 0.01  # mm off the line's axis
_SHORTEST = 4.0  # mm of a line of the grid
_FEWEST = 8  # lines of one kind
_SAME = 0.02  # mm between two lines that are one
_MOST, _PANELS = 0.9, 0.75  # of the gaps between lines are even; where several grids are
_EVEN, _NEAR = 0.02, 0.1  # share of the spacing: of neighbours; from one or five millimetres


class Lattice(NamedTuple):
    """Millimetres of the page between lines one millimetre of paper apart; None: not seen."""

    across: float | None
    down: float | None


def is_straight(points: Array) -> bool:
    """Tell whether a line runs along one axis of the page."""
    return bool(np.ptp(points, axis=0).min() < _STRAIGHT)


def find_lattice(strokes: Iterable[Stroke]) -> Lattice:
    """Find the grid among the lines of a page."""
    places: tuple[dict[Style, list[float]], ...] = (defaultdict(list), defaultdict(list))
    for stroke in strokes:
        span = np.ptp(stroke.points, axis=0)
        if span.max() >= _SHORTEST and is_straight(stroke.points) and len(stroke.points) <= 5:
            axis = int(np.argmin(span))
            places[axis][stroke.style].append(float(stroke.points[:, axis].mean()))
    across, down = (_millimetre(kinds.values()) for kinds in places)
    return Lattice(across, down)


def _millimetre(kinds: Iterable[list[float]]) -> float | None:
    """Return the spacing of lines one millimetre apart, from the places of each kind."""
    kinds = list(kinds)
    everything = [place for kind in kinds for place in kind]
    steps = [step for kind in (*kinds, everything) if (step := _step(kind)) is not None]
    if not steps:
        return None
    least = min(steps)
    if any(abs(step / least - 5.0) < 0.1 for step in steps):
        return least
    for millimetres in (1.0, 5.0):
        if abs(least / millimetres - 1.0) < _NEAR:
            return least / millimetres
    return None


def _step(places: list[float]) -> float | None:
    """Return how far lines are apart that are evenly apart, else None."""
    ordered = np.sort(np.array(places))
    ordered = ordered[np.diff(ordered, prepend=-np.inf) > _SAME]
    if ordered.size < _FEWEST:
        return None
    gaps = np.diff(ordered)
    step = float(np.median(gaps))
    whole = np.rint(gaps / step)
    even = (whole > 0) & (np.abs(gaps / step - whole) < _EVEN)
    if even.mean() < _MOST:  # panels have each a grid of its own, and more room between them
        even &= whole == 1
        if even.mean() < _PANELS or gaps.min() < (1.0 - _EVEN) * step:
            return None
    if not even.all():
        return float(gaps[even].sum() / whole[even].sum())
    number = np.concatenate([[0], np.cumsum(whole)])
    slope = np.polyfit(number, ordered, 1)[0]
    return float(slope)
