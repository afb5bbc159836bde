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
_TRUSTED = 0.4  # of the strength of most: there a phase is believed
_INSIDE_MM, _FADE_MM = 6.0, 2.5  # from the outermost line; and over which its weight grows
_AREA_MM, _MARGIN_MM = 3.0, 3.0  # of the area of the grid: how finely it is told, and its border


def enlarge(coarse: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """Return (height, width, 2): a map of which each block's centre is known, interpolated."""
    return np.asarray(cv2.resize(coarse, size, interpolation=cv2.INTER_LINEAR), np.float32)


def find_leftover(
    flat: NDArray[np.float32], weight: NDArray[np.float32], period_mm: float, spread_mm: float
) -> tuple[Array | None, float]:
    """Return by how many mm the flat grid is off at each coarse point, and the median of it.

    Args:
        flat: (height, width) the lines on the flat page.
        weight: (rows, columns) at the coarse points: 1 well inside the grid, 0 beside it. The
            border of a grid is no line of it, and would turn the phase by millimetres.
        period_mm: of the lines looked at; None is returned where they are not seen.
        spread_mm: over which they are looked at together.
    """
    shape = weight.shape
    spread = spread_mm * FLAT_PX_PER_MM * shape[1] / flat.shape[1]
    shift = np.zeros((*shape, 2))
    sizes = []
    for axis in (0, 1):
        parts = [part * weight for part in _beat(flat, shape, period_mm, axis)]
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
    per_mm = FLAT_PX_PER_MM * shape[1] / area.shape[1]
    border = max(1, round(_INSIDE_MM * per_mm))
    inside = cv2.erode(
        np.pad((coarse > 0.99).astype(np.float32), 1), np.ones((2 * border + 1,) * 2, np.uint8),
        borderType=cv2.BORDER_CONSTANT, borderValue=0.0,
    )[1:-1, 1:-1]  # fmt: skip
    return np.asarray(cv2.GaussianBlur(inside, (0, 0), _FADE_MM * per_mm), np.float32)


def find_area(flat: NDArray[np.float32], shape: tuple[int, int]) -> tuple[NDArray[np.bool_], float]:
    """Return (height, width): whether there is grid; a page has no dents and no holes.

    And how large a second area of grid is beside it, as a share of it: that of another page.
    """
    spread = _AREA_MM * FLAT_PX_PER_MM * shape[1] / flat.shape[1]
    seen = np.zeros(shape, bool)
    for period_mm in (1.0, 5.0):
        strengths = []
        for axis in (0, 1):
            parts = _beat(flat, shape, period_mm, axis)
            size = spread * (1.0 if period_mm == 1.0 else 2.0)
            strengths.append(np.hypot(*(cv2.GaussianBlur(part, (0, 0), size) for part in parts)))
        strength = np.sqrt(strengths[0] * strengths[1])
        seen |= strength > 0.3 * np.quantile(strength, 0.8)
    core = cv2.morphologyEx(seen.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    n, labels, stats, _ = cv2.connectedComponentsWithStats(core)
    if n < 2:
        return np.ones(flat.shape, np.bool_), 0.0
    sizes = np.sort(stats[1:, cv2.CC_STAT_AREA])
    second = float(sizes[-2] / sizes[-1]) if n > 2 else 0.0
    largest = (labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))).astype(np.uint8)
    points = cv2.findNonZero(largest)
    step = flat.shape[1] / shape[1]
    area = np.zeros(flat.shape, np.uint8)
    hull = np.rint((cv2.convexHull(points).astype(float) + 0.5) * step).astype(np.int32)
    cv2.fillConvexPoly(area, hull, 1)
    border = round(_MARGIN_MM * FLAT_PX_PER_MM)
    grown = cv2.dilate(area, np.ones((2 * border + 1,) * 2, np.uint8))
    return np.asarray(grown > 0), second


def _beat(flat: Array, shape: tuple[int, int], period_mm: float, axis: int) -> list[Array]:
    """Return real and imaginary part of the product with a wave, averaged to *shape*."""
    along = np.arange(flat.shape[1 - axis]) * (2 * np.pi / (period_mm * FLAT_PX_PER_MM))
    size = shape[::-1]
    result = []
    for wave in (np.cos(along), -np.sin(along)):
        line = wave.astype(np.float32)
        product = flat * (line[None, :] if axis == 0 else line[:, None])
        result.append(cv2.resize(product, size, interpolation=cv2.INTER_AREA))
    return result
