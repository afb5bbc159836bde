"""How many millimetres apart the lines of a grid are: one or five."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from precord.digitize.bend import Bend

Array = NDArray[Any]
_PAGE_MM, _USUAL_MM = (150.0, 450.0), 270.0  # width of a page, and what most have
_MANY_LINES = 110  # more of one kind over a page are one millimetre apart, fewer five
_HALF_MM = 0.5
_PER_LINE = 16  # samples from line to line
_PART = 120.0  # lines to either side of the middle, of a page with very many
_STANDS_OUT = 1.0  # log of a peak over what is beside it


def line_spacing(lines: NDArray[np.float32], bend: Bend, numbers: Array, n_lines: float) -> float:
    """Return how many mm apart the numbered lines are.

    On the flat page the thick lines are exactly periodic: their spectrum says of which of
    their harmonics the numbers are. Only what makes a page of a possible size is believed.
    """
    possible = [k for k in (1, 2, 3, 4, 5) if _PAGE_MM[0] < n_lines * 5 / k < _PAGE_MM[1]]
    if not possible:
        return _spacing_of_size(lines, bend, numbers, n_lines)
    low, high = numbers.min(0), numbers.max(0)
    us, vs = (np.arange(a, b, 1 / _PER_LINE) for a, b in zip(low, high, strict=True))
    usual = min(
        possible, key=lambda k: abs(np.log(n_lines * 5 / k / _USUAL_MM)) + 0.4 * (k in (3, 4))
    )
    if us.size > 6000 or vs.size > 6000 or min(us.size, vs.size) < 8 * _PER_LINE:
        return 5.0 / usual
    score = _score(lines, bend, us, vs)
    lower = {
        n: float(np.mean([score[round(k / n, 4)] for k in range(1, n)])) for n in possible if n > 1
    }
    order = max(lower, key=lambda n: lower[n]) if lower else usual
    beside = max(_STANDS_OUT, score[2.5], lower.get(order, 0.0))
    if 1 in possible and score[5.0] > beside + _STANDS_OUT:
        order = 1  # thin lines between them stand out more than rows two or four lines apart
    elif lower.get(order, 0.0) > _STANDS_OUT:
        return 5.0 / order
    if order > 1 and 2 in possible and score[2.5] > max(_STANDS_OUT, score[4.0], score[6.0]):
        return 2.5  # each second line is thick, and thin ones lie between them
    if 1 in possible and max(score[f] for f in (4.0, 5.0, 6.0)) > 2 * _STANDS_OUT:
        return 5.0  # with thin lines between them
    return 5.0 / usual


def _spacing_of_size(
    lines: NDArray[np.float32], bend: Bend, numbers: Array, n_lines: float
) -> float:
    """Return how many mm apart lines are of which so many make a page of no usual size."""
    if not _PAGE_MM[0] < n_lines * _HALF_MM < _PAGE_MM[1]:
        return 1.0 if n_lines > _MANY_LINES else 5.0
    middle = np.median(numbers, axis=0)
    low, high = (
        np.clip(edge, middle - _PART, middle + _PART) for edge in (numbers.min(0), numbers.max(0))
    )
    us, vs = (np.arange(a, b, 1 / _PER_LINE) for a, b in zip(low, high, strict=True))
    if min(us.size, vs.size) < 8 * _PER_LINE:
        return _HALF_MM
    score = _score(lines, bend, us, vs)
    fifth = float(np.mean([score[k / 5] for k in range(1, 5)]))
    if fifth > _STANDS_OUT > score[0.5]:
        return 1.0  # a long row, as software draws; each fifth line is thick and no second one
    return _HALF_MM  # thin lines, and their first harmonic between them


def _score(lines: NDArray[np.float32], bend: Bend, us: Array, vs: Array) -> dict[float, float]:
    """Return how far each fraction and multiple of the lines' frequency stands out, both ways.

    Heartbeats have a period across the page, a grid has it both ways.

    Args:
        lines: of the picture.
        bend: from line numbers to pixels.
        us: numbers across the page, `_PER_LINE` to a line.
        vs: the same down the page.
    """
    scores = []
    for axis, (along, across) in enumerate(((us, vs), (vs, us))):
        picks = across[:: max(1, across.size // 400)]
        knots = np.linspace(along[0], along[-1], along.size // _PER_LINE + 1)
        first, second = np.meshgrid(knots, picks)
        points = np.stack([first, second] if axis == 0 else [second, first], -1)
        pixels = _between_knots(bend.to_pixels(points), along, knots)
        flat = cv2.remap(lines, pixels, None, cv2.INTER_LINEAR)
        scores.append(_harmonics(flat.mean(0), _PER_LINE))
    return {f: float(np.log(min(s[f] for s in scores) + 0.1)) for f in scores[0]}


def _between_knots(pixels: Array, along: Array, knots: Array) -> NDArray[np.float32]:
    """Return (rows, along, 2): *pixels* known at *knots*, interpolated; the bend is smooth."""
    at = (along - knots[0]) / (knots[1] - knots[0])
    left = np.clip(at.astype(int), 0, knots.size - 2)
    part = (at - left)[:, None].astype(np.float32)
    known = pixels.astype(np.float32)
    return np.asarray(known[:, left] * (1 - part) + known[:, left + 1] * part)


def _harmonics(profile: Array, per_line: int) -> dict[float, float]:
    """Return how far each fraction and multiple of the lines' frequency stands out."""
    profile = (profile - profile.mean()) * np.hanning(profile.size)
    power = np.abs(np.fft.rfft(profile, 8 * profile.size))
    frequency = np.fft.rfftfreq(8 * profile.size) * per_line
    wide = 3.0 * per_line / profile.size

    def height(f: float) -> float:
        """Return the peak at *f* over the median beside it."""
        near = np.abs(frequency - f)
        peak = power[near < wide / 3].max(initial=0.0)
        beside = power[(near > wide) & (near < max(0.09, 2.5 * wide))]
        return float(peak / (np.median(beside) + 1e-9)) if beside.size else 0.0

    fractions = {round(k / order, 4) for order in (2, 3, 4, 5) for k in range(1, order)}
    return {f: height(f) for f in (*fractions, 2.5, 4.0, 5.0, 6.0)}
