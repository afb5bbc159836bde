"""What scanners and cameras do to a page: bend, turn, shade, blur, copy, stain, scribble.

The ranges are in `distort.json`, one set per kind of picture; a seed gives the same picture
again. The truth is carried along: masks and crossings of `image.page.Page` move with it.
Not made here: moiré of a screen, folds, cast text of the reverse side.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import files
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from precord.image.layout import PAGE_WIDTH
from precord.image.page import Page, Pixels

Ranges = Mapping[str, Any]
Floats = NDArray[np.float32]


def load_ranges(kind: str) -> Ranges:
    """Return the ranges of "clean", "scan" or "photo"."""
    text = files("precord.image").joinpath("distort.json").read_text("utf-8")
    ranges: Ranges = json.loads(text)[kind]
    return ranges


def distort(page: Page, ranges: Ranges, rng: np.random.Generator) -> Page:
    """Return *page* as a picture of it, with all that *ranges* names drawn at random."""
    if rng.random() < ranges.get("pen_share", 0.0):
        page = replace(page, picture=_scribble(page, rng))
    if any(name in ranges for name in ("rotation_deg", "perspective", "curl_mm")):
        page = _bend(page, ranges, rng)
    return replace(page, picture=_expose(page.picture, ranges, rng))


def _draw(ranges: Ranges, name: str, rng: np.random.Generator) -> float:
    """Return a number from the range *name*, 0 where there is none."""
    low, high = ranges.get(name, (0.0, 0.0))
    return float(rng.uniform(low, high))


def _scribble(page: Page, rng: np.random.Generator) -> Pixels:
    """Return the picture with a few strokes of a pen, such as a tick or an underline."""
    picture = page.picture.copy()
    height, width = picture.shape[:2]
    ink = tuple(int(c) for c in rng.choice([[20, 30, 150], [160, 20, 30], [30, 30, 30]]))
    for _ in range(int(rng.integers(1, 4))):
        start = rng.uniform([0, 0], [width, height])
        steps = rng.normal(0.0, 0.012 * width, (12, 2))
        points = np.rint(start + np.cumsum(steps, 0)).astype(np.int32)
        thick = max(1, round(0.4 * page.px_per_mm))
        cv2.polylines(picture, [points], False, ink, thick, cv2.LINE_AA)
    return picture


def _bend(page: Page, ranges: Ranges, rng: np.random.Generator) -> Page:
    """Return the page curled, turned and seen from the side, on a table."""
    height, width = page.picture.shape[:2]
    matrix = _camera(width, height, ranges, rng)
    depth = _draw(ranges, "curl_mm", rng) * page.px_per_mm
    waves = rng.uniform(0.5, 1.5, 2) * np.pi / np.array([width, height])
    phases = rng.uniform(0, 2 * np.pi, 4)

    def curl(x: Any, y: Any) -> tuple[Any, Any]:
        """Return by how many pixels the paper is displaced at flat x and y."""
        dy = depth * np.sin(waves[0] * x + phases[0]) * np.cos(0.5 * waves[1] * y + phases[1])
        dx = 0.3 * depth * np.sin(waves[0] * x + phases[2])
        return dx, dy

    xs, ys = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    flat = _apply(np.linalg.inv(matrix), np.stack([xs, ys], -1))
    dx, dy = curl(flat[..., 0], flat[..., 1])
    source = np.stack([flat[..., 0] - dx, flat[..., 1] - dy], -1).astype(np.float32)
    table = [int(v) for v in rng.uniform(40, 150) + rng.normal(0, 12, 3)]
    is_scan = "perspective" not in ranges
    border = (250, 250, 250) if is_scan else tuple(np.clip(table, 0, 255).tolist())
    picture = cv2.remap(page.picture, source, None, cv2.INTER_CUBIC, None, 0, border)
    trace = cv2.remap(page.trace, source, None, cv2.INTER_LINEAR)
    points = page.crossings
    moved = points
    for _ in range(4):  # the inverse of a small displacement
        dx, dy = curl(moved[..., 0], moved[..., 1])
        moved = np.stack([points[..., 0] + dx, points[..., 1] + dy], -1)
    return replace(
        page,
        picture=picture,
        trace=trace,
        crossings=_apply(matrix, moved),
        homography=matrix @ page.homography,
    )


def _camera(
    width: int, height: int, ranges: Ranges, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return the (3, 3) map from flat pixels to those of the picture."""
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    middle = corners.mean(0)
    angle = np.deg2rad(_draw(ranges, "rotation_deg", rng))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = (corners - middle) @ turn.T * (1 - 2 * _draw(ranges, "margin", rng))
    low, high = ranges.get("perspective", (0.0, 0.0))
    moved += rng.uniform(-high, high, (4, 2)) * width * 0.5 * (1.0 if high > low else 0.0)
    matrix = cv2.getPerspectiveTransform(
        corners.astype(np.float32), (moved + middle).astype(np.float32)
    )
    return np.asarray(matrix, np.float64)


def _apply(matrix: NDArray[Any], points: NDArray[Any]) -> NDArray[Any]:
    """Return (..., 2) points mapped by the homography *matrix*."""
    x, y = points[..., 0], points[..., 1]
    m = matrix.astype(points.dtype)
    w = m[2, 0] * x + m[2, 1] * y + m[2, 2]
    u = (m[0, 0] * x + m[0, 1] * y + m[0, 2]) / w
    v = (m[1, 0] * x + m[1, 1] * y + m[1, 2]) / w
    return np.stack([u, v], -1)


def _expose(picture: Pixels, ranges: Ranges, rng: np.random.Generator) -> Pixels:
    """Return *picture* with light, lens, sensor and file added."""
    image = picture.astype(np.float32)
    height, width = picture.shape[:2]
    fade = _draw(ranges, "fade", rng)
    image = 255.0 - (255.0 - image) * (1.0 - fade)
    if rng.random() < ranges.get("stain_share", 0.0):
        image *= 1.0 - _blob(width, height, rng)[..., None] * np.array([0.1, 0.25, 0.5], np.float32)
    image *= 1.0 - _draw(ranges, "shadow", rng) * _slope(width, height, rng)[..., None]
    image += 160.0 * _draw(ranges, "flash", rng) * _blob(width, height, rng)[..., None]
    tint = _draw(ranges, "tint", rng)
    image *= 1.0 - tint * rng.random(3).astype(np.float32)
    if rng.random() < ranges.get("monochrome_share", 0.0):
        image = np.repeat(image.mean(-1, keepdims=True), 3, -1)
    blur = _draw(ranges, "blur_px", rng)
    if blur > 0.2:
        image = cv2.GaussianBlur(image, (0, 0), blur)
    for _ in range(round(_draw(ranges, "specks", rng))):
        y, x = rng.integers(0, height - 3), rng.integers(0, width - 3)
        image[y : y + 2, x : x + 2] *= 0.4
    noise = _draw(ranges, "noise", rng)
    if noise:
        image += noise * rng.standard_normal(image.shape, np.float32)
    pixels = np.clip(np.rint(image), 0, 255).astype(np.uint8)
    return _compress(pixels, _draw(ranges, "jpeg", rng))


def _compress(pixels: Pixels, quality: float) -> Pixels:
    """Return *pixels* as they come back from a JPEG file; 0 leaves them alone."""
    if not quality:
        return pixels
    _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, round(quality)])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def _slope(width: int, height: int, rng: np.random.Generator) -> Floats:
    """Return (height, width) a soft edge of shadow from 0 to 1."""
    ys, xs = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j].astype(np.float32)
    angle, at = rng.uniform(0, 2 * np.pi), rng.uniform(0.2, 0.8)
    along = np.cos(angle) * (xs - at) + np.sin(angle) * (ys - at)
    return np.asarray(1.0 / (1.0 + np.exp(-along * rng.uniform(4, 25))), np.float32)


def _blob(width: int, height: int, rng: np.random.Generator) -> Floats:
    """Return (height, width) a soft spot from 0 to 1."""
    ys, xs = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j].astype(np.float32)
    x, y = rng.uniform(0, 1, 2)
    size = rng.uniform(0.05, 0.3)
    return np.asarray(np.exp(-((xs - x) ** 2 + (ys - y) ** 2) / size**2), np.float32)


def page_width_px(page: Page) -> float:
    """Return how many pixels the page's width is in the picture."""
    ends = _apply(page.homography, np.array([[0.0, 0.0], [PAGE_WIDTH, 0.0]]))
    return float(np.hypot(*(ends[1] - ends[0])))
