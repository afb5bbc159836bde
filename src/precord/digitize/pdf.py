"""What a page of a PDF draws: its stroked lines and its words, in millimetres.

Coordinates are millimetres from the page's top left corner, as the page is seen: transforms
(CTM, form XObjects, the page's own rotation and crop box) are applied. Lines are kept as far
as their clip lets them be seen from left to right. Left out: what is filled and not stroked
(the outlines of letters), shadings, and what is in pictures; their size is kept.
"""

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pypdfium2.raw as pdfium
from numpy.typing import NDArray

Array = NDArray[Any]
MAX_POINTS = 400_000  # of all lines of a page; twelve leads of a minute at 500 Hz
_MAX_OBJECTS = 300_000
_MAX_CHARACTERS = 20_000
_DEEPEST = 12  # forms within forms
_MM = 25.4 / 72
_CURVE = np.array([0.25, 0.5, 0.75, 1.0])[:, None]


class Style(NamedTuple):
    """How a line is drawn: red, green, blue, alpha; and its width in points."""

    color: tuple[int, int, int, int]
    width: float


@dataclass(frozen=True, slots=True, eq=False)
class Stroke:
    """One line without a break.

    Attributes:
        points: (points, 2) mm from the left and from the top.
    """

    points: NDArray[np.float64]
    style: Style


@dataclass(frozen=True, slots=True)
class Word:
    """Letters without a space between them; edges in mm, *angle* in degrees clockwise."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    angle: float = 0.0


class Picture(NamedTuple):
    """A picture's share of the page, and its pixels per mm."""

    share: float
    px_per_mm: float


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """All that is drawn on a page, *size* mm wide and high."""

    size: tuple[float, float]
    strokes: tuple[Stroke, ...]
    words: tuple[Word, ...]
    pictures: tuple[Picture, ...] = ()


class TooMuchError(Exception):
    """A page draws more than an ECG would."""


def read_content(sheet: Any, quarters: int = 0) -> Content:
    """Return what *sheet*, a pypdfium2 page, draws, turned clockwise by so many *quarters*.

    Raises:
        TooMuchError: More lines or points than any ECG has.
    """
    left, bottom, right, top = sheet.get_cropbox()
    size = ((right - left) * _MM, (top - bottom) * _MM)
    to_mm = np.array([[_MM, 0, -left * _MM], [0, -_MM, top * _MM], [0, 0, 1]])
    quarters = (quarters + sheet.get_rotation() // 90) % 4
    for _ in range(quarters):
        to_mm = np.array([[0, -1, size[1]], [1, 0, 0], [0, 0, 1]]) @ to_mm
        size = size[::-1]
    walk = _Walk()
    walk.visit(sheet.raw, to_mm, 0)
    words = tuple(_words(sheet, to_mm, 90.0 * quarters))
    return Content(size, tuple(walk.strokes), words, tuple(walk.pictures(size)))


class _Walk:
    """A walk through the objects of a page, and of the forms on it."""

    def __init__(self) -> None:
        self.strokes: list[Stroke] = []
        self._boxes: list[tuple[Array, int]] = []
        self._n_objects = self._n_points = 0

    def visit(self, parent: Any, to_mm: Array, depth: int) -> None:
        """Take the lines of the page or form *parent*, whose space *to_mm* carries to mm."""
        count, get = pdfium.FPDFPage_CountObjects, pdfium.FPDFPage_GetObject
        if depth:
            count, get = pdfium.FPDFFormObj_CountObjects, pdfium.FPDFFormObj_GetObject
        for n in range(count(parent)):
            self._n_objects += 1
            if self._n_objects > _MAX_OBJECTS:
                raise TooMuchError
            thing = get(parent, n)
            kind = pdfium.FPDFPageObj_GetType(thing)
            if kind == pdfium.FPDF_PAGEOBJ_PATH:
                self._take(thing, to_mm)
            elif kind == pdfium.FPDF_PAGEOBJ_FORM and depth < _DEEPEST:
                self.visit(thing, to_mm @ _matrix(thing), depth + 1)
            elif kind == pdfium.FPDF_PAGEOBJ_IMAGE:
                width, height = ctypes.c_uint(), ctypes.c_uint()
                pdfium.FPDFImageObj_GetImagePixelSize(thing, width, height)
                sides = (to_mm @ _matrix(thing))[:2, :2]  # of the unit square
                self._boxes.append((sides, max(width.value, height.value)))

    def pictures(self, size: tuple[float, float]) -> Iterator[Picture]:
        """Yield the pictures met on a page of *size* mm."""
        for sides, pixels in self._boxes:
            longest = float(np.hypot(*sides).max())
            share = abs(float(np.linalg.det(sides))) / (size[0] * size[1])
            yield Picture(min(share, 1.0), pixels / max(longest, 1.0))

    def _take(self, thing: Any, to_mm: Array) -> None:
        """Keep the lines of a path that is stroked."""
        style = _style(thing)
        if style is None:
            return
        self._n_points += pdfium.FPDFPath_CountSegments(thing)
        if self._n_points > MAX_POINTS:
            raise TooMuchError
        matrix, clip = to_mm @ _matrix(thing), _clip(thing, to_mm)
        for line in _lines(thing):
            points = line @ matrix[:2, :2].T + matrix[:2, 2]
            self.strokes += [Stroke(p, style) for p in _clipped(points, clip) if len(p) > 1]


def _matrix(thing: Any) -> Array:
    """Return the (3, 3) matrix of an object."""
    found = pdfium.FS_MATRIX()
    pdfium.FPDFPageObj_GetMatrix(thing, found)
    return np.array([[found.a, found.c, found.e], [found.b, found.d, found.f], [0.0, 0.0, 1.0]])


def _style(thing: Any) -> Style | None:
    """Return how a path is stroked, None where it is not."""
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDFPath_GetDrawMode(thing, fill, stroke)
    color = [ctypes.c_uint() for _ in range(4)]
    pdfium.FPDFPageObj_GetStrokeColor(thing, *color)
    width = ctypes.c_float()
    pdfium.FPDFPageObj_GetStrokeWidth(thing, width)
    red, green, blue, alpha = (part.value for part in color)
    if not stroke.value or not alpha:
        return None
    return Style((red, green, blue, alpha), round(width.value, 3))


def _lines(thing: Any) -> Iterator[Array]:
    """Yield the (points, 2) of each stretch of a path, in its own space."""
    x, y, points = ctypes.c_float(), ctypes.c_float(), list[tuple[float, float]]()
    curve: list[tuple[float, float]] = []
    for n in range(pdfium.FPDFPath_CountSegments(thing)):
        segment = pdfium.FPDFPath_GetPathSegment(thing, n)
        pdfium.FPDFPathSegment_GetPoint(segment, x, y)
        kind, point = pdfium.FPDFPathSegment_GetType(segment), (x.value, y.value)
        if kind == pdfium.FPDF_SEGMENT_MOVETO:
            yield np.array(points).reshape(-1, 2)
            points = [point]
        elif kind == pdfium.FPDF_SEGMENT_BEZIERTO:
            curve.append(point)
            if len(curve) == 3:
                points += _bend(points[-1], curve) if points else curve
                curve = []
        else:
            points.append(point)
        if points and pdfium.FPDFPathSegment_GetClose(segment):
            points.append(points[0])
    yield np.array(points).reshape(-1, 2)


def _bend(
    start: tuple[float, float], curve: list[tuple[float, float]]
) -> list[tuple[float, float]]:
    """Return points on a cubic curve from *start* by its two handles to its end."""
    p0, p1, p2, p3 = np.array([start, *curve])
    t, s = _CURVE, 1 - _CURVE
    bent = s**3 * p0 + 3 * s**2 * t * p1 + 3 * s * t**2 * p2 + t**3 * p3
    return [(float(a), float(b)) for a, b in bent]


def _clip(thing: Any, to_mm: Array) -> tuple[float, float]:
    """Return the leftmost and rightmost mm at which an object may be seen."""
    path = pdfium.FPDFPageObj_GetClipPath(thing)
    first, last = -np.inf, np.inf
    x, y = ctypes.c_float(), ctypes.c_float()
    for n in range(max(pdfium.FPDFClipPath_CountPaths(path), 0)):
        xs = []
        for k in range(max(pdfium.FPDFClipPath_CountPathSegments(path, n), 0)):
            segment = pdfium.FPDFClipPath_GetPathSegment(path, n, k)
            pdfium.FPDFPathSegment_GetPoint(segment, x, y)
            xs.append(float((to_mm @ [x.value, y.value, 1.0])[0]))
        if xs:
            first, last = max(first, min(xs)), min(last, max(xs))
    return first, last


def _clipped(points: Array, clip: tuple[float, float]) -> list[Array]:
    """Return the parts of a line of which no point is left or right of the clip."""
    first, last = clip
    inside = (points[:, 0] >= first - 1e-3) & (points[:, 0] <= last + 1e-3)
    if inside.all():
        return [points]
    if len(points) == 2:  # a straight line ends where the clip does
        return [np.clip(points, [first, -np.inf], [last, np.inf])] if first < last else []
    edges = np.flatnonzero(np.diff(inside)) + 1
    return [
        part
        for part, is_in in zip(np.split(points, edges), np.split(inside, edges), strict=True)
        if is_in[0]
    ]


def _words(sheet: Any, to_mm: Array, turned: float) -> Iterator[Word]:
    """Yield the words of a page that is *turned* by so many degrees clockwise."""
    page = sheet.get_textpage()
    letters: list[tuple[str, Array, float]] = []
    for n in range(min(page.count_chars(), _MAX_CHARACTERS)):
        letter = chr(pdfium.FPDFText_GetUnicode(page, n) or 32)
        if letter.isspace() or not letter.isprintable():
            yield from _word(letters)
            letters = []
            continue
        left, bottom, right, top = page.get_charbox(n)
        corners = np.array([[left, top, 1.0], [right, bottom, 1.0]]) @ to_mm[:2].T
        corners = np.stack([corners.min(axis=0), corners.max(axis=0)])
        angle = turned + float(np.degrees(pdfium.FPDFText_GetCharAngle(page, n)))
        if letters and not _joins(letters[-1][1], corners):
            yield from _word(letters)
            letters = []
        letters.append((letter, corners, angle))
    yield from _word(letters)


def _joins(one: Array, other: Array) -> bool:
    """Tell whether two letters stand so close that they are of one word."""
    size = max(float(np.ptp(one, axis=0).max()), float(np.ptp(other, axis=0).max()), 0.5)
    gap = np.maximum(one[0], other[0]) - np.minimum(one[1], other[1])
    return bool((gap < 0.8 * size).all())


def _word(letters: list[tuple[str, Array, float]]) -> Iterator[Word]:
    """Yield the word of *letters*, if there are any."""
    if letters:
        corners = np.stack([box for _, box, _ in letters])  # (letters, 2, 2)
        (left, top), (right, bottom) = corners.min(axis=(0, 1)), corners.max(axis=(0, 1))
        text = "".join(letter for letter, _, _ in letters)
        angle = round(letters[0][2]) % 360
        yield Word(text, float(left), float(top), float(right), float(bottom), float(angle))
