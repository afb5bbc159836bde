"""Pages drawn fast, in the styles of several vendors, with the truth about each pixel.

For benchmarks and training: `image.paper` draws the pages that people get, this module some
ten a second, from the same geometry (`image.layout`), and says where everything is. What a
camera or a scanner does to a page is in `image.distort`.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from precord.image.layout import (
    GRID_LEFT,
    GRID_WIDTH,
    PAGE_WIDTH,
    PULSE_SECONDS,
    STANDARD,
    TRACE_LEFT,
    Calibration,
    Layout,
    lay_out,
    to_mm,
)
from precord.image.paper import COLORS
from precord.record import Record

Pixels = NDArray[np.uint8]
_FINER = 2  # lines are drawn so many times larger, then averaged
_SHIFT = 4  # OpenCV's coordinates have so many binary digits
_FONTS = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSerif.ttf", "DejaVuSansMono.ttf")
_FOOTER = 9.0  # mm


@dataclass(frozen=True, slots=True)
class Style:
    """How a vendor's page looks; lengths in mm.

    Attributes:
        grid: a key of `paper.COLORS`.
        contrast: of the grid; 1 is as printed by `image.paper`, 2 twice as dark.
        is_dotted: dots in place of the thin lines.
        ink: grey level of the trace, 0 to 255.
        width: of the trace.
        font: file name within matplotlib's fonts.
        label_above: from the line of 0 mV up to the lead's name; negative is below.
        separator: between the leads of a row: "ticks", "line" or "none".
        pulse: "left" of the row, or "none".
    """

    grid: str = "red"
    contrast: float = 1.0
    is_dotted: bool = False
    ink: int = 26
    width: float = 0.28
    font: str = _FONTS[0]
    label_above: float = 9.0
    separator: str = "ticks"
    pulse: str = "left"


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """A picture of a page, and what is where on it.

    Attributes:
        picture: (height, width, 3) uint8, RGB.
        trace: (height, width) uint8, 255 where a lead's trace is.
        crossings: (rows, columns, 2) pixels x and y of each crossing of the thick lines.
        homography: (3, 3) from mm on the page to pixels, without what bends the paper.
    """

    picture: Pixels
    trace: Pixels
    crossings: NDArray[np.float64]
    homography: NDArray[np.float64]
    px_per_mm: float
    layout: Layout
    style: Style

    def boxes(self) -> NDArray[np.float64]:
        """Return (strips, 4, 2): the corners of each strip's room, in pixels."""
        half = self.layout.pitch / 2
        found = []
        for strip in self.layout.strips:
            right = strip.x + strip.duration * self.layout.calibration.speed
            x, y = [strip.x, right, right, strip.x], strip.y + np.array([-half, -half, half, half])
            flat = np.stack([np.array(x), y], 1)[None]
            found.append(cv2.perspectiveTransform(flat, self.homography)[0])
        return np.stack(found)


def draw_style(rng: np.random.Generator) -> Style:
    """Return the look of a page, drawn at random."""
    return Style(
        grid=str(rng.choice(list(COLORS), p=[0.45, 0.2, 0.1, 0.1, 0.15])),
        contrast=float(rng.uniform(0.9, 2.0)),
        is_dotted=bool(rng.random() < 0.15),
        ink=int(rng.integers(0, 70)),
        width=float(rng.uniform(0.2, 0.4)),
        font=str(rng.choice(_FONTS)),
        label_above=float(rng.choice([9.0, 7.0, 5.0, -5.0])),
        separator=str(rng.choice(["ticks", "line", "none"])),
    )


def draw_page(
    record: Record,
    *,
    layout: str | None = None,
    calibration: Calibration = STANDARD,
    style: Style | None = None,
    dpi: float = 200.0,
) -> Page:
    """Draw *record*, which must be in millivolts, on one page."""
    style = style or Style()
    places = lay_out(record, layout=layout, calibration=calibration)
    px = dpi / 25.4
    size = round((places.height + _FOOTER) * px), round(PAGE_WIDTH * px)
    grid = _Canvas(size, px)
    _draw_grid(grid, places, style)
    trace = _Canvas(size, px)
    for strip in places.strips:
        xs, mm = to_mm(record, strip, calibration)
        for piece in _pieces(xs, strip.y - mm):
            trace.line(piece, style.width)
    rest = _Canvas(size, px)
    _draw_rest(rest, places, style)
    amounts = [canvas.amount() for canvas in (grid, trace, rest)]
    picture = _colour(amounts[0], np.maximum(amounts[1], amounts[2]), style)
    picture = _write_labels(picture, places, style, px)
    homography = np.array([[px, 0, -0.5], [0, px, -0.5], [0, 0, 1]])  # to pixels' centres
    crossings = _crossings(places) * px - 0.5
    mask = (amounts[1] > 0.5).astype(np.uint8) * 255
    return Page(picture, mask, crossings, homography, px, places, style)


class _Canvas:
    """Lines in mm on a plane of pixels; a pixel's centre is half a pixel from its edge."""

    def __init__(self, size: tuple[int, int], px: float) -> None:
        """Begin with nothing on *size* pixels, *px* to the mm."""
        self.size, self.px = size, px * _FINER
        self.plane = np.zeros((size[0] * _FINER, size[1] * _FINER), np.uint8)

    def line(self, points: NDArray[np.float64], width: float, level: int = 255) -> None:
        """Draw a line through (points, 2) mm, *width* mm thick."""
        fixed = np.rint((points * self.px - 0.5) * 2**_SHIFT).astype(np.int32)
        thick = max(1, round(width * self.px))
        cv2.polylines(self.plane, [fixed], False, level, thick, cv2.LINE_AA, _SHIFT)

    def amount(self) -> NDArray[np.float32]:
        """Return (height, width) how much of each pixel is covered, 0 to 1."""
        small = cv2.resize(self.plane, self.size[::-1], interpolation=cv2.INTER_AREA)
        return np.asarray(small, np.float32) / 255.0


def _pieces(xs: NDArray[np.float64], ys: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Return the stretches without a missing sample, each (points, 2)."""
    points = np.stack([xs, ys], 1)
    gaps = np.flatnonzero(~np.isfinite(ys))
    return [piece[np.isfinite(piece[:, 1])] for piece in np.split(points, gaps) if len(piece) > 1]


def _draw_grid(canvas: _Canvas, places: Layout, style: Style) -> None:
    """Draw thin lines at half the level of the thick ones, or dots."""
    top, right, low = places.grid_top, GRID_LEFT + GRID_WIDTH, places.grid_top + places.grid_height
    xs = GRID_LEFT + np.arange(round(GRID_WIDTH) + 1)
    ys = top + np.arange(round(places.grid_height) + 1)
    for step, level, width in ((1, 110, 0.1), (5, 255, 0.16)):
        if step == 1 and style.is_dotted:
            _draw_dots(canvas, xs, ys)
            continue
        for x in xs[::step]:
            canvas.line(np.array([[x, top], [x, low]]), width, level)
        for y in ys[::step]:
            canvas.line(np.array([[GRID_LEFT, y], [right, y]]), width, level)


def _draw_dots(canvas: _Canvas, xs: NDArray[Any], ys: NDArray[Any]) -> None:
    """Draw a dot at each crossing of thin lines."""
    columns = np.rint(xs * canvas.px).astype(int)
    for y in ys:
        row = round(y * canvas.px)
        canvas.plane[row : row + 3][:, (columns[:, None] + np.arange(3)).ravel()] = 200


def _draw_rest(canvas: _Canvas, places: Layout, style: Style) -> None:
    """Draw calibration pulses and what separates the leads of a row."""
    width, height = PULSE_SECONDS * places.calibration.speed, places.calibration.gain
    shape = np.array([[-2.5, 0], [0, 0], [0, 1], [width, 1], [width, 0], [width + 2.5, 0]])
    if style.pulse == "left":
        for x, y in places.pulses:
            canvas.line(np.stack([x + shape[:, 0], y - height * shape[:, 1]], 1), style.width)
    for strip in places.strips:
        if strip.x > TRACE_LEFT and style.separator != "none":
            ends = ((-4.0, -2.0), (2.0, 4.0)) if style.separator == "ticks" else ((-7.0, 7.0),)
            for a, b in ends:
                canvas.line(np.array([[strip.x, strip.y + a], [strip.x, strip.y + b]]), 0.2)


def _colour(grid: NDArray[np.float32], ink: NDArray[np.float32], style: Style) -> Pixels:
    """Return the RGB picture of a grid and ink on paper."""
    _, major, sheet = (np.array(mpl.colors.to_rgb(c), np.float32) * 255 for c in COLORS[style.grid])
    line = np.clip(sheet - (sheet - major) * style.contrast, 0, 255)
    paper = sheet + (line - sheet) * grid[..., None]
    return np.rint(paper + (style.ink - paper) * ink[..., None]).astype(np.uint8)


def _write_labels(picture: Pixels, places: Layout, style: Style, px: float) -> Pixels:
    """Return *picture* with the leads' names, and a line of text above and below the grid."""
    image = Image.fromarray(picture)
    pen = ImageDraw.Draw(image)
    path = Path(mpl.get_data_path(), "fonts", "ttf", style.font)
    font = ImageFont.truetype(path, max(6, round(3.2 * px)))
    ink = (style.ink,) * 3
    for strip in places.strips:
        at = (strip.x + 1.2) * px, (strip.y - style.label_above) * px
        pen.text(at, strip.label, ink, font, anchor="ls")
    words = f"{places.calibration.speed:g} mm/s   {places.calibration.gain:g} mm/mV"
    pen.text((GRID_LEFT * px, (places.height + 5) * px), words, ink, font, anchor="ls")
    pen.text((GRID_LEFT * px, 8 * px), "Vent. rate   PR   QRS   QT/QTc", ink, font, anchor="ls")
    return np.asarray(image)


def _crossings(places: Layout) -> NDArray[np.float64]:
    """Return (rows, columns, 2) mm of the crossings of the thick lines."""
    xs = GRID_LEFT + 5.0 * np.arange(round(GRID_WIDTH / 5) + 1)
    ys = places.grid_top + 5.0 * np.arange(round(places.grid_height / 5) + 1)
    return np.stack(np.meshgrid(xs, ys), -1)
