"""Pages as other software draws them, by matplotlib alone: nothing of precord's renderer.

Imitated from memory of what carts, archives and people's own scripts print: where names,
pulses, marks and words stand, how the grid is drawn, and with which pen. Lengths in mm.
"""

import io
from dataclasses import dataclass
from typing import Any

import cv2
import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

Array = NDArray[Any]
STANDARD = (("I", "aVR", "V1", "V4"), ("II", "aVL", "V2", "V5"), ("III", "aVF", "V3", "V6"))
LIMBS, CHEST = ("I", "II", "III", "aVR", "aVL", "aVF"), ("V1", "V2", "V3", "V4", "V5", "V6")
PAIRS = tuple(zip(LIMBS, CHEST, strict=True))
CABRERA = tuple(zip(("aVL", "I", "-aVR", "II", "aVF", "III"), CHEST, strict=True))
SINGLE = tuple((lead,) for lead in (*LIMBS, *CHEST))
MM = 1 / 25.4
HEADER = (
    "12-MAR-2014 09:41:07", "Vent. rate   72 BPM", "PR interval   164 ms", "QRS duration   92 ms",
    "QT/QTc   388/424 ms", "P-R-T axes   55  31  48",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Style:
    """How a page is drawn.

    Attributes:
        rows: leads, from the top; "-" before a name turns the lead upside down.
        grid: "lines", "dots", "thick" (of 5 mm alone) or "none"; minor and major their colours.
        names: "above", "left" of the trace, or "on" it.
        marks: "none", "ticks" (short, at the line's height), "bars" or "gaps" between leads.
        pulse: "left", "right", "joined" (with the trace) or "none".
        words: printed at the bottom.
        header: whether numbers and a statement stand above the traces.
        axes: a frame around the grid with ticks and numbers, as plotting software has.
        stretch: height of a square over its width.
        room: mm between columns that is no time.
    """

    rows: tuple[tuple[str, ...], ...] = (*STANDARD, ("II",))
    grid: str = "lines"
    minor: str = "#f7c6c6"
    major: str = "#e88a8a"
    pen: str = "black"
    width: float = 0.25  # mm
    names: str = "above"
    marks: str = "none"
    pulse: str = "left"
    words: str = "25mm/s   10mm/mV   150Hz"
    header: bool = True
    font: str = "DejaVu Sans Mono"
    size: tuple[float, float] = (279.4, 215.9)
    speed: float = 25.0
    gain: float = 10.0
    layout: str = "3x4+1"
    axes: bool = False
    stretch: float = 1.0
    room: float = 0.0


PHILIPS = "Speed: 25 mm/sec   Limb: 10 mm/mV   Chest: 10.0 mm/mV    F 50~ 0.15-100 Hz"
STYLES = {
    "muse": Style(),
    "muse right": Style(pulse="right", width=0.2, rows=STANDARD, layout="3x4"),
    "muse joined": Style(pulse="joined", marks="ticks", size=(297.0, 210.0)),
    "philips": Style(
        grid="dots", minor="#f0a860", major="#f0a860", marks="ticks", words=PHILIPS, width=0.22,
        font="DejaVu Sans", pulse="joined", rows=(*STANDARD, ("V1",), ("II",), ("V5",)),
        layout="3x4+3",
    ),
    "philips orange": Style(
        minor="#f8dcb8", major="#f0b070", marks="ticks", words=PHILIPS, font="DejaVu Sans",
        width=0.22,
    ),
    "schiller": Style(
        rows=PAIRS, layout="6x2", names="left", words="25 mm/s  10 mm/mV   0.05-150Hz F50 SBS",
        font="DejaVu Sans", minor="#f4b8b8", major="#e05050", marks="bars",
    ),
    "mortara": Style(
        rows=SINGLE, layout="12x1", names="left", grid="lines", minor="#dddddd", major="#aaaaaa",
        font="DejaVu Sans", width=0.18, words="25 mm/s 10 mm/mV  0.05-40 Hz",
    ),
    "cabrera": Style(
        rows=CABRERA, layout="cabrera", names="on", marks="gaps", font="DejaVu Sans", width=0.3,
        minor="#cfe3cf", major="#8cc08c", pulse="joined",
    ),
    "thick grid": Style(grid="thick", major="#c0c0c0", header=False, marks="bars", width=0.35),
    "copy": Style(minor="#c8c8c8", major="#8a8a8a", width=0.3, marks="ticks", font="DejaVu Serif"),
    "script": Style(
        grid="lines", minor="#ffcccc", major="#ff9999", pulse="none", header=False, axes=True,
        font="DejaVu Sans", pen="#1f3fb4", width=0.18, words="", marks="gaps",
        rows=STANDARD, layout="3x4",
    ),
    "library": Style(
        minor="#ffb3b3", major="#ff0000", pulse="none", header=False, axes=True,
        font="DejaVu Sans", pen="#0000b3", width=0.18, words="", rows=STANDARD, layout="3x4",
        size=(280.0, 130.0), marks="ticks",
    ),
    "stretched": Style(
        minor="#fbd3d3", major="#f5a0a0", pulse="none", header=False, axes=True, width=0.2,
        font="DejaVu Sans", words="25 mm/s, 10 mm/mV", size=(280.0, 170.0), stretch=1.28,
    ),
    "panels": Style(
        words="25 mm/s, 10 mm/mV", font="DejaVu Sans", width=0.18, room=6.0, size=(300.0, 215.0),
        rows=STANDARD, layout="3x4", header=False,
    ),
    "fast": Style(
        speed=50.0, rows=PAIRS, layout="6x2", words="50 mm/s  10 mm/mV  150 Hz", width=0.25,
    ),
    "half": Style(gain=5.0, words="25mm/s 5mm/mV 40Hz", marks="ticks", pulse="joined"),
    "double": Style(gain=20.0, words="25mm/s 20mm/mV 40Hz", rows=STANDARD, layout="3x4"),
}  # fmt: skip


def draw(style: Style, leads: dict[str, Array], rate: float) -> tuple[Figure, dict[str, Array]]:
    """Return the page, and each lead's samples as the page shows them, NaN where it does not.

    Args:
        style: of the page.
        leads: samples in mV of ten seconds, by name.
        rate: of the samples, Hz.
    """
    mpl.rcParams["font.family"] = style.font.split(",")
    width, height = style.size
    page = Figure(figsize=(width * MM, height * MM * style.stretch), facecolor="white")
    axes = page.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.axis("off")
    top = 34.0 if style.header else 14.0
    trace_width = 250.0
    left = width - trace_width - 3 * style.room - (20.0 if style.pulse == "right" else 8.0)
    _draw_grid(axes, style, (6.0, top, width - 6.0, height - 10.0))
    _draw_words(axes, style, height)
    pitch = (height - 12.0 - top) / len(style.rows)
    shown: dict[str, Array] = {}
    for n, row in enumerate(style.rows):
        zero = top + pitch * (n + 0.6)
        _draw_row(axes, style, (row, left, zero), leads, rate, shown)
    return page, shown


def _draw_row(
    axes: Any,
    style: Style,
    where: tuple[tuple[str, ...], float, float],
    leads: dict[str, Array],
    rate: float,
    shown: dict[str, Array],
) -> None:
    """Draw one row of leads, with its pulse, its names and its marks."""
    row, left, zero = where
    seconds = 250.0 / style.speed
    n = round(seconds * rate)
    pulse = np.array([[0, 0], [2, 0], [2, 1], [7, 1], [7, 0], [9, 0]], float)
    pulse[:, 0] = [0, 0.06, 0.06, 0.26, 0.26, 0.3]  # s
    pulse *= (style.speed, -style.gain)
    at = {
        "left": left - 0.3 * style.speed - 1.0,
        "joined": left - 0.3 * style.speed,
        "right": left + 250.5,
    }
    pen = {"color": style.pen, "linewidth": style.width * MM * 72, "solid_joinstyle": "round"}
    if style.pulse != "none":
        axes.plot(pulse[:, 0] + at[style.pulse], pulse[:, 1] + zero, **pen)
    for k, name in enumerate(row):
        first, last = round(k * n / len(row)), round((k + 1) * n / len(row))
        sign, lead = (-1.0, name[1:]) if name.startswith("-") else (1.0, name)
        values = leads[lead][first:last]
        whole = shown.setdefault(lead, np.full(n, np.nan))
        whole[first:last] = values
        stop = round(last - 0.03 * rate) if style.marks == "gaps" else last
        x = left + k * style.room + np.arange(first, stop) / rate * style.speed
        y = zero - sign * style.gain * values[: stop - first]
        axes.plot(x, y, **pen)
        begin = float(x[0])
        if k and style.marks in ("ticks", "bars"):
            reach = 2.0 if style.marks == "ticks" else 5.0
            axes.plot([begin, begin], [zero - reach, zero + reach], **pen)
        _draw_name(axes, style, name, begin, (zero, k))


def _draw_name(axes: Any, style: Style, name: str, begin: float, at: tuple[float, int]) -> None:
    """Write a lead's name."""
    zero, k = at
    x, y = {"above": (1.5, -7.0), "left": (-5.0 if k == 0 else 1.0, -4.0), "on": (0.5, -2.0)}[
        style.names
    ]
    if style.names == "left" and len(style.rows) == 12:
        x = -22.0
    axes.text(begin + x, zero + y, name, fontsize=9, fontweight="bold", color="black")


def _draw_grid(axes: Any, style: Style, box: tuple[float, float, float, float]) -> None:
    """Draw the paper."""
    left, top, right, bottom = box
    right, bottom = left + (right - left) // 5 * 5, top + (bottom - top) // 5 * 5
    if style.grid == "dots":
        x, y = np.meshgrid(np.arange(left, right + 0.1), np.arange(top, bottom + 0.1))
        axes.plot(x.ravel(), y.ravel(), "o", ms=0.22 * MM * 72, color=style.minor, mew=0)
    steps = {"lines": (1.0, 5.0), "thick": (5.0,), "dots": (5.0,), "none": ()}[style.grid]
    for step in steps:
        pen = (style.minor, 0.12) if step == 1.0 else (style.major, 0.2)
        pen_points = {"colors": pen[0], "linewidths": pen[1] * MM * 72}
        if style.grid == "dots":
            pen_points["linestyles"] = (0, (0.5, 1.5))
        axes.vlines(np.arange(left, right + 0.1, step), top, bottom, zorder=0.5, **pen_points)
        axes.hlines(np.arange(top, bottom + 0.1, step), left, right, zorder=0.5, **pen_points)
    if style.axes:
        _draw_axes(axes, (left, top, right, bottom))


def _draw_axes(axes: Any, box: tuple[float, float, float, float]) -> None:
    """Draw a frame, its ticks and their numbers."""
    left, top, right, bottom = box
    pen = {"color": "black", "linewidth": 0.8}
    axes.plot([left, right, right, left, left], [top, top, bottom, bottom, top], **pen)
    for n, x in enumerate(np.arange(left, right + 0.1, 5.0)):
        axes.plot([x, x], [bottom, bottom + 1.2], **pen)
        axes.text(x, bottom + 4.0, f"{0.2 * n:.1f}", fontsize=6, ha="center")
    for n, y in enumerate(np.arange(top, bottom + 0.1, 5.0)):
        axes.plot([left - 1.2, left], [y, y], **pen)
        axes.text(left - 1.5, y, f"{0.5 - 0.5 * n:.1f}", fontsize=6, ha="right", va="center")


def _draw_words(axes: Any, style: Style, height: float) -> None:
    """Write what stands above and below the traces."""
    axes.text(10.0, height - 4.0, style.words, fontsize=8)
    if not style.header:
        axes.text(style.size[0] / 2, 9.0, "12-lead ECG", fontsize=12, ha="center")
        return
    for k, line in enumerate(HEADER):
        axes.text(10.0 if k else 160.0, 8.0 + 4.6 * max(k - 1, 0), line, fontsize=9)
    axes.text(100.0, 13.0, "Normal sinus rhythm", fontsize=10, fontweight="bold")
    axes.text(100.0, 18.0, "Nonspecific ST abnormality in V4", fontsize=9)
    axes.text(210.0, 28.0, "Unconfirmed", fontsize=9)


def to_pixels(page: Figure, dpi: float) -> NDArray[np.uint8]:
    """Return the (height, width, 3) RGB pixels of a page."""
    held = io.BytesIO()
    page.savefig(held, format="png", dpi=dpi)
    return np.asarray(Image.open(held).convert("RGB"))


def to_bytes(picture: NDArray[np.uint8], kind: str) -> bytes:
    """Return a picture as a file of *kind*: PNG, or JPEG of quality 60."""
    held = io.BytesIO()
    Image.fromarray(picture).save(held, kind, **({"quality": 60} if kind == "JPEG" else {}))
    return held.getvalue()


def to_pdf(page: Figure) -> bytes:
    """Return a page as matplotlib writes PDF."""
    held = io.BytesIO()
    page.savefig(held, format="pdf")
    return held.getvalue()


def degrade(picture: NDArray[np.uint8], how: str, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return a picture turned a little, seen askew, blurred or unevenly lit."""
    height, width = picture.shape[:2]
    if how == "turned":
        angle = float(rng.uniform(1.0, 3.0) * rng.choice([-1.0, 1.0]))
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 0.95)
        picture = cv2.warpAffine(picture, matrix, (width, height), None, cv2.INTER_AREA,
                                 borderValue=(235, 235, 235))  # fmt: skip
    if how == "askew":
        corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
        moved = corners * 0.94 + np.array([width, height]) * 0.03
        moved += rng.uniform(-0.03, 0.03, (4, 2)) * (width, height)
        matrix = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
        picture = cv2.warpPerspective(picture, matrix, (width, height), borderValue=(120, 110, 95))
    if how in ("blurred", "askew"):
        picture = cv2.GaussianBlur(picture, (0, 0), 0.8)
    if how in ("lit", "askew"):
        x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
        light = 0.85 + 0.13 * (x * rng.uniform(-1, 1) + y * rng.uniform(-1, 1))
        noise = rng.normal(0.0, 2.0, picture.shape)
        picture = np.clip(picture * light[..., None] + noise, 0, 255).astype(np.uint8)
    return np.asarray(picture, np.uint8)
