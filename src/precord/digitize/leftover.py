"""What is left of a grid's bend after flattening, and where on the flat page there is grid.

The flat grid is multiplied by a wave of its own period; what remains after smoothing has the
phase by which the grid is off, and a size that says how clearly it is seen.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
FLAT_PX_PER_MM = 10.0  # of the flattened page
LINES_PX_PER_MM = 5.0  # of the flat lines looked at here, which are smooth and many
_TRUSTED = 0.4  # of the strength of most: there a phase is believed
_INSIDE_MM, _FADE_MM = 6.0, 2.5  # from the outermost line; and over which its weight grows
_CLEAR = 0.6  # of the strength of lines is left where they are looked at together; of noise, .3
_MOST = 0.9  # of what is well inside the area of thick lines has thin ones too
_EMPTY = 0.3  # of what most rows, or columns, of the area of the grid hold
_AREA_MM, _MARGIN_MM = 3.0, 3.0  # of the area of the grid: how finely it is told, and its border


def enlarge(coarse: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """Return (height, width, 2): a map of which each block's centre is known, interpolated."""
    return np.asarray(cv2.resize(coarse, size, interpolation=cv2.INTER_LINEAR), np.float32)


def find_leftover(
    flat: NDArray[np.float32], weight: NDArray[np.float32], period_mm: float, spread_mm: float
) -> tuple[Array | None, float]:
    """Return by how many mm the flat grid is off at each coarse point, and the median of it.

    Args:
        flat: (height, width) the lines on the flat page, `LINES_PX_PER_MM`.
        weight: (rows, columns) at the coarse points: 1 well inside the grid, 0 beside it. The
            border of a grid is no line of it, and would turn the phase by millimetres.
        period_mm: of the lines looked at; None is returned where they are not seen.
        spread_mm: over which they are looked at together.
    """
    shape = weight.shape
    spread = spread_mm * LINES_PX_PER_MM * shape[1] / flat.shape[1]
    shift = np.zeros((*shape, 2))
    sizes = []
    folded = _fold(flat, shape)
    for axis in (0, 1):
        parts = [part * weight for part in _beat(folded, shape, period_mm, axis)]
        rough = np.hypot(*parts).mean()
        real, imaginary = (cv2.GaussianBlur(part, (0, 0), spread) for part in parts)
        strength = np.hypot(real, imaginary)
        if strength.mean() < 0.25 * rough:
            return None, np.inf
        offset = np.angle(real.sum() + 1j * imaginary.sum())
        phase = np.angle((real + 1j * imaginary) * np.exp(-1j * offset)) / (2 * np.pi)
        trusted = np.clip(strength / (_TRUSTED * np.quantile(strength, 0.9) + 1e-9), 0.0, 1.0)
        usable = np.clip(-phase, -0.35, 0.35) * trusted
        shift[..., axis] = usable * period_mm
        good = trusted > 0.5
        sizes.append(float(np.median(np.abs(usable[good]))) if good.any() else 1.0)
    return shift, max(sizes) * period_mm


def weigh(area: NDArray[np.bool_], shape: tuple[int, int]) -> NDArray[np.float32]:
    """Return (rows, columns) of the coarse points: 1 inside of *area*, 0 out of it and beside."""
    coarse = cv2.resize(area.astype(np.float32), shape[::-1], interpolation=cv2.INTER_AREA)
    per_mm = LINES_PX_PER_MM * shape[1] / area.shape[1]
    border = max(1, round(_INSIDE_MM * per_mm))
    inside = cv2.erode(
        np.pad((coarse > 0.99).astype(np.float32), 1), np.ones((2 * border + 1,) * 2, np.uint8),
        borderType=cv2.BORDER_CONSTANT, borderValue=0.0,
    )[1:-1, 1:-1]  # fmt: skip
    return np.asarray(cv2.GaussianBlur(inside, (0, 0), _FADE_MM * per_mm), np.float32)


def find_area(flat: NDArray[np.float32], shape: tuple[int, int]) -> tuple[NDArray[np.bool_], float]:
    """Return (height, width): whether there is grid; a page has no dents and no holes.

    And how large a second area of grid is beside it, as a share of it: that of another page.
    A corner of the paper on a darker table, or a word, has edges both ways as grid has, and may
    touch it; but it is small, and lies in rows and columns of which the rest is bare.
    """
    spread = _AREA_MM * LINES_PX_PER_MM * shape[1] / flat.shape[1]
    folded = _fold(flat, shape)
    fine, is_clear = _find_lines(folded, shape, 1.0, spread)
    thick, _ = _find_lines(folded, shape, 5.0, 2 * spread)
    border = round(2 * spread)
    core = cv2.erode(thick.astype(np.uint8), np.ones((2 * border + 1,) * 2, np.uint8)) > 0
    if is_clear and (fine & core).sum() > _MOST * core.sum():  # thin lines say best where they end
        seen = fine
    else:
        seen = fine | thick if is_clear else thick
    opened = cv2.morphologyEx(seen.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    n, labels, stats, _ = cv2.connectedComponentsWithStats(opened)
    if n < 2:
        return np.ones(flat.shape, np.bool_), 0.0
    sizes = np.sort(stats[1:, cv2.CC_STAT_AREA])
    second = float(sizes[-2] / sizes[-1]) if n > 2 else 0.0
    largest = (labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))).astype(np.uint8)
    points = cv2.findNonZero(_without_spurs(largest))
    step = flat.shape[1] / shape[1]
    area = np.zeros(flat.shape, np.uint8)
    hull = np.rint((cv2.convexHull(points).astype(float) + 0.5) * step).astype(np.int32)
    cv2.fillConvexPoly(area, hull, 1)
    border = round(_MARGIN_MM * LINES_PX_PER_MM)
    grown = cv2.dilate(area, np.ones((2 * border + 1,) * 2, np.uint8))
    return np.asarray(grown > 0), second


def _find_lines(
    folded: tuple[Array, Array], shape: tuple[int, int], period_mm: float, spread: float
) -> tuple[NDArray[np.bool_], bool]:
    """Return where lines cross that are *period_mm* apart, and whether they are lines at all.

    What is none, as noise, cancels where it is looked at together, over *spread* coarse points.
    """
    rough, strengths = [], []
    for axis in (0, 1):
        parts = _beat(folded, shape, period_mm, axis)
        rough.append(np.hypot(*parts))
        strengths.append(np.hypot(*(cv2.GaussianBlur(part, (0, 0), spread) for part in parts)))
    strength = np.sqrt(strengths[0] * strengths[1])
    upper = strength >= np.median(strength)
    shares = [
        s[upper].sum() / (r[upper].sum() + 1e-9) for s, r in zip(strengths, rough, strict=True)
    ]
    return strength > 0.3 * np.quantile(strength, 0.8), bool(min(shares) > _CLEAR)


def _without_spurs(part: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return *part* without its outer rows and columns that are nearly empty."""
    kept = np.zeros_like(part)
    box = []
    for axis in (1, 0):
        counts = part.sum(axis=axis, dtype=np.int64)
        full = np.flatnonzero(counts > _EMPTY * np.quantile(counts[counts > 0], 0.8))
        box.append(slice(int(full[0]), int(full[-1]) + 1))
    kept[box[0], box[1]] = part[box[0], box[1]]
    return kept


def _fold(flat: Array, shape: tuple[int, int]) -> tuple[Array, Array]:
    """Return the flat page averaged down to the rows of *shape*, and across to its columns."""
    height, width = flat.shape
    return (
        cv2.resize(flat, (width, shape[0]), interpolation=cv2.INTER_AREA),
        cv2.resize(flat, (shape[1], height), interpolation=cv2.INTER_AREA),
    )


def _beat(
    folded: tuple[Array, Array], shape: tuple[int, int], period_mm: float, axis: int
) -> list[Array]:
    """Return real and imaginary part of the product with a wave, averaged to *shape*.

    The wave is the same all along a line: what lies along it is averaged (*folded*) before.
    """
    part = folded[axis]
    along = np.arange(part.shape[1 - axis]) * (2 * np.pi / (period_mm * LINES_PX_PER_MM))
    size = shape[::-1]
    result = []
    for wave in (np.cos(along), -np.sin(along)):
        line = wave.astype(np.float32)
        product = part * (line[None, :] if axis == 0 else line[:, None])
        result.append(cv2.resize(product, size, interpolation=cv2.INTER_AREA))
    return result
