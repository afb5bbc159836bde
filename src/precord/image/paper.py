"""ECGs drawn on ECG paper: PNG, PDF and SVG in which a millimetre is a millimetre.

The geometry is that of `image.layout`; one unit of the axes is one millimetre of paper,
counted from the top left corner. A record of unknown scale gets lines of time only, no
calibration pulse and a banner. Drawn is the recorded bandwidth, without any filter.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.patches import Rectangle

from precord import __version__
from precord.errors import QueryError
from precord.image.layout import (
    BANNER_ROOM,
    GRID_LEFT,
    GRID_WIDTH,
    MM_PER_DEVIATION,
    PAGE_WIDTH,
    PULSE_SECONDS,
    ROOM_IN_MATCH,
    STANDARD,
    TRACE_LEFT,
    Calibration,
    Layout,
    Strip,
    lay_out,
    to_mm,
)
from precord.record import Record

SUFFIXES = (".png", ".pdf", ".svg")
BANNER = "amplitudes not comparable, between leads either"
DISCLAIMER = "decision support, not a medical device"

_FOOTER = 9.0  # mm
_FARTHEST = 1000.0  # mm; whatever lies beyond is clipped at the grid's edge anyway
_TITLE_WIDTH, _TEXT_WIDTH = 120, 175  # characters that fit on a line of the header
_INK, _SOFT, _WARNING = "#1a1a1a", "#5f5f5f", "#9c2a00"
_SHADE = "#2b7bba"

COLORS: dict[str, tuple[str, str, str]] = {
    "red": ("#f8d4d4", "#eda7a7", "#fffdfc"),
    "orange": ("#f9dfc6", "#efb67f", "#fffdfa"),
    "green": ("#d3ecd5", "#9fd0a4", "#fcfffc"),
    "blue": ("#d6e2f5", "#a4bce4", "#fcfdff"),
    "grey": ("#dedede", "#b4b4b4", "#ffffff"),
}
"""Names of grids: the colours of their thin lines, thick lines and paper."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch of one lead to be shaded.

    Attributes:
        begin, end: seconds.
        strength: 0 to 1, how dark.
    """

    lead: str
    begin: float
    end: float
    strength: float


def save_record(  # noqa: PLR0913 - one argument per choice about the page, by name
    record: Record,
    path: Path,
    *,
    title: str = "",
    text: str = "",
    layout: str | None = None,
    dpi: float = 150.0,
    calibration: Calibration = STANDARD,
    color: str = "red",
) -> None:
    """Draw *record* on one page, and write it as *path* ends: .png, .pdf or .svg.

    Args:
        record: what to draw; of a longer one, the first ten seconds.
        path: where to.
        title: the header's first line; who or what wrote the report belongs here.
        text: such as a report; at most two lines of it are shown.
        layout: a key of `layout.VIEWS`; without it, what fits the record.
        dpi: pixels per inch of a PNG.
        calibration: speed and gain.
        color: of the grid, a key of `COLORS`.

    Raises:
        QueryError: The layout, the colour or the ending is not known, or *path* cannot be
            written.
    """
    if color not in COLORS:
        raise QueryError(f"grid {color!r}, expected one of {' '.join(COLORS)}")
    lines = _lines(text)
    places = lay_out(record, layout=layout, n_lines=len(lines), calibration=calibration)
    figure, axes = new_page(places.height)
    title = title or record.provenance.name
    draw_record(record, axes, places, title=title, lines=lines, color=color)
    _save(figure, path, dpi)


def save_match(  # noqa: PLR0913 - one argument per part of the page, by name
    query: Record,
    hit: Record,
    path: Path,
    *,
    query_title: str,
    hit_title: str,
    query_text: str = "",
    hit_text: str = "",
    marks: Sequence[Mark] = (),
    dpi: float = 150.0,
) -> None:
    """Draw *query* above *hit*, each on its own grid, and write the page to *path*.

    Args:
        query: drawn above.
        hit: drawn below.
        path: where to; its ending says how.
        query_title: header of the upper panel, with query_text below it.
        hit_title: the same of the lower one.
        query_text: see above.
        hit_text: see above.
        marks: stretches of the query that are shaded.
        dpi: pixels per inch of a PNG.

    Raises:
        QueryError: The ending is not known, or *path* cannot be written.
    """
    above, below = _lines(query_text), _lines(hit_text)
    upper = lay_out(query, room=ROOM_IN_MATCH, n_lines=len(above))
    lower = lay_out(hit, room=ROOM_IN_MATCH, n_lines=len(below))
    figure, axes = new_page(upper.height + lower.height)
    draw_record(query, axes, upper, title=query_title, lines=above)
    _draw_marks(axes, upper, marks)
    draw_record(hit, axes, lower, title=hit_title, lines=below, top=upper.height)
    _save(figure, path, dpi)


def new_page(height: float) -> tuple[Figure, Axes]:
    """Return an empty page for panels *height* mm high, and axes in mm from its top left."""
    height += _FOOTER
    figure = Figure(figsize=(PAGE_WIDTH / 25.4, height / 25.4), facecolor="white")
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_xlim(0.0, PAGE_WIDTH)
    axes.set_ylim(height, 0.0)
    axes.set_axis_off()
    _write(axes, GRID_LEFT, height - 3.2, f"precord {__version__}", color=_SOFT, size=6.5)
    right = PAGE_WIDTH - GRID_LEFT
    _write(axes, right, height - 3.2, DISCLAIMER, color=_SOFT, size=6.5, ha="right")
    return figure, axes


def write_line(axes: Axes, y: float, text: str, *, size: float, is_bold: bool = False) -> None:
    """Write one line of text at the page's left margin, its base line *y* mm from the top."""
    _write(axes, GRID_LEFT, y, text, size=size, weight="bold" if is_bold else "normal")


def draw_record(
    record: Record,
    axes: Axes,
    layout: Layout,
    *,
    title: str,
    lines: list[str] | None = None,
    top: float = 0.0,
    color: str = "red",
) -> None:
    """Draw *record* with its grid, labels and header.

    Args:
        record: what to draw.
        axes: of `new_page`.
        layout: of `lay_out` for this record, with room for *lines*.
        title: the header's first line.
        lines: the header's further lines.
        top: mm from the top of the page to the top of this panel.
        color: of the grid, a key of `COLORS`.
    """
    _draw_grid(axes, layout, top, color, is_calibrated=record.is_calibrated)
    if not record.is_calibrated:
        _draw_banner(axes, layout, top)
    for x, y in layout.pulses:
        _draw_pulse(axes, x, top + y, layout.calibration)
    for strip in layout.strips:
        _draw_strip(axes, record, strip, layout, top)
    _write(axes, GRID_LEFT, top + 7.6, _cut(title, _TITLE_WIDTH), size=10.5, weight="bold")
    _write(axes, GRID_LEFT, top + 12.6, _facts(record, layout.calibration), color=_SOFT, size=7.5)
    for n, line in enumerate(lines or []):
        _write(axes, GRID_LEFT, top + 17.2 + 3.8 * n, line, size=8.0)


def _draw_marks(axes: Axes, layout: Layout, marks: Sequence[Mark]) -> None:
    """Shade *marks* on a panel at the page's top, the strongest darkest."""
    for strip in layout.strips:
        for mark in marks:
            begin = max(mark.begin, strip.start)
            end = min(mark.end, strip.start + strip.duration)
            if mark.lead != strip.lead or end <= begin:
                continue
            x = strip.x + (begin - strip.start) * layout.calibration.speed
            width = (end - begin) * layout.calibration.speed
            half = 0.45 * layout.pitch
            corner, alpha = (x, strip.y - half), 0.1 + 0.3 * mark.strength
            box = Rectangle(corner, width, 2 * half, facecolor=_SHADE, alpha=alpha, lw=0, zorder=7)
            box.set_gid(f"mark-{strip.lead}-{mark.begin:g}")
            axes.add_patch(box)


def _draw_grid(axes: Axes, layout: Layout, top: float, color: str, *, is_calibrated: bool) -> None:
    """Draw lines each 1 mm (0.04 s, 0.1 mV) and 5 mm; of time only where scale is unknown."""
    upper, height = top + layout.grid_top, layout.grid_height
    lower, right = upper + height, GRID_LEFT + GRID_WIDTH
    minor, major, sheet = COLORS[color]
    paper = Rectangle((GRID_LEFT, upper), GRID_WIDTH, height, facecolor=sheet, zorder=0)
    axes.add_patch(paper)
    xs = GRID_LEFT + np.arange(round(GRID_WIDTH) + 1)
    ys = upper + np.arange(round(height) + 1)
    ways = {"time": [((x, upper), (x, lower)) for x in xs]}
    if is_calibrated:
        ways["millivolt"] = [((GRID_LEFT, y), (right, y)) for y in ys]
    for name, step, ink, width in (("minor", 1, minor, 0.3), ("major", 5, major, 0.55)):
        for way, lines in ways.items():
            grid = LineCollection(lines[::step], colors=ink, linewidths=width, zorder=step)
            grid.set_gid(f"grid-{way}-{name}")
            axes.add_collection(grid, autolim=False)


def _draw_pulse(axes: Axes, x: float, y: float, calibration: Calibration) -> None:
    """Draw a calibration pulse, 1 mV for 0.2 s, that rises at *x* from *y*."""
    width, height = PULSE_SECONDS * calibration.speed, calibration.gain
    xs = np.array([-2.5, 0, 0, width, width, width + 2.5])
    ys = np.array([0, 0, height, height, 0, 0])
    axes.plot(x + xs, y - ys, color=_INK, lw=0.7, zorder=10, gid="pulse")


def _draw_banner(axes: Axes, layout: Layout, top: float) -> None:
    """Say across the page that amplitudes mean nothing."""
    y = top + layout.grid_top - BANNER_ROOM + 0.5
    box = Rectangle((GRID_LEFT, y), GRID_WIDTH, BANNER_ROOM - 1.5, facecolor="#fdeedd")
    axes.add_patch(box)
    words = f"scale unknown: {BANNER}"
    middle = GRID_LEFT + GRID_WIDTH / 2
    _write(axes, middle, y + 3.2, words, color=_WARNING, size=8.0, ha="center", weight="bold")


def _draw_strip(axes: Axes, record: Record, strip: Strip, layout: Layout, top: float) -> None:
    """Draw one lead's stretch over its label; a missing sample is a gap."""
    y = top + strip.y
    label_x, label_y = strip.x + 1.2, y - min(0.4 * layout.pitch, 12.0)
    if strip.x > TRACE_LEFT:  # where one lead of a row ends and the next begins
        for end in (-1, 1):
            axes.plot([strip.x] * 2, [y + 2 * end, y + 4 * end], color=_SOFT, lw=0.5, zorder=9)
    xs, mm = to_mm(record, strip, layout.calibration)
    if not np.isfinite(mm).any():
        words = f"{strip.label} not recorded"
        _write(axes, label_x, label_y, words, color=_SOFT, size=8.0)
        return
    derived = " (derived)" if strip.lead in record.provenance.derived else ""
    _write(axes, label_x, label_y, f"{strip.label}{derived}", size=9.0, weight="bold")
    (trace,) = axes.plot(
        xs,
        y - np.clip(mm, -_FARTHEST, _FARTHEST),
        color=_INK,
        lw=0.75,
        zorder=11,
        solid_joinstyle="round",
        gid=f"trace-{strip.lead}-{strip.duration:g}",
    )
    trace.get_path().should_simplify = False  # Matplotlib asks its settings when it makes a path
    corner = (GRID_LEFT, top + layout.grid_top)
    paper = Rectangle(corner, GRID_WIDTH, layout.grid_height, transform=axes.transData)
    trace.set_clip_path(paper)


def _facts(record: Record, calibration: Calibration) -> str:
    """Return how the record was taken and is drawn, on one line; never whose it is."""
    taken = record.acquisition
    gain = f"{MM_PER_DEVIATION:g} mm per SD"
    if record.is_calibrated:
        gain = f"{calibration.gain:g} mm/mV"
    origin = "SIMULATED" if record.provenance.format == "simulated" else "as recorded"
    facts = [
        "" if taken.age is None else f"{taken.age:g} years",
        taken.sex or "",
        f"{taken.time:%Y-%m-%d %H:%M}" if taken.time else "",
        taken.device or "",
        f"{calibration.speed:g} mm/s, {gain}",
        f"{origin} at {record.rate:g} Hz, no filter added; medians of leads at zero",
    ]
    if record.duration > calibration.seconds:
        facts.append(f"first {calibration.seconds:g} of {record.duration:.1f} s")
    if record.provenance.is_digitised:
        facts.append("digitised from paper")
    return _cut(" · ".join(fact for fact in facts if fact), _TEXT_WIDTH)


def _write(  # noqa: PLR0913 - a text has a place, a look and an edge
    axes: Axes,
    x: float,
    y: float,
    text: str,
    *,
    size: float,
    color: str = _INK,
    ha: str = "left",
    weight: str = "normal",
) -> None:
    """Write *text* with its base line at *y*, as it is: a dollar sign is no formula."""
    axes.text(
        x,
        y,
        _drawable(text),
        color=color,
        fontsize=size,
        ha=ha,
        va="baseline",
        fontweight=weight,
        parse_math=False,
        zorder=8,
    )


def _drawable(text: str) -> str:
    """Return *text* on one line, with a question mark for what the font cannot draw."""
    font = get_font(findfont(FontProperties()))
    line = " ".join(text.split())
    return "".join(c if c.isprintable() and font.get_char_index(ord(c)) else "?" for c in line)


def _lines(text: str) -> list[str]:
    """Return *text* as at most two lines of the header, cut with an ellipsis."""
    line = " ".join(text.split())
    if len(line) <= _TEXT_WIDTH:
        return [line] if line else []
    at = line.rfind(" ", 0, _TEXT_WIDTH + 1)
    at = at if at > 0 else _TEXT_WIDTH
    return [line[:at], _cut(line[at:].strip(), _TEXT_WIDTH)]


def _cut(text: str, width: int) -> str:
    """Return *text*, cut to *width* characters with an ellipsis where it is longer."""
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"


def _save(figure: Figure, path: Path, dpi: float) -> None:
    """Write *figure* to *path*; equal figures give equal files."""
    kind = path.suffix.lower()
    if kind not in SUFFIXES:
        raise QueryError(f"{path}: a picture's name ends in one of {' '.join(SUFFIXES)}")
    undated = {".png": {"Software": None}, ".pdf": {"CreationDate": None}, ".svg": {"Date": None}}
    if kind == ".png":
        _fill_pixels(figure, dpi)
    try:
        with rc_context(
            {  # text stays text, every sample of a trace is in the file, and no line is moved
                "svg.fonttype": "none",
                "svg.hashsalt": "precord",
                "pdf.fonttype": 42,
                "path.simplify": False,
                "path.snap": False,  # to whole pixels: 0.13 mm at 100 dots per inch
            }
        ):
            figure.savefig(path, dpi=dpi, format=kind[1:], metadata=undated[kind])
    except OSError as error:
        raise QueryError(f"{path}: cannot be written: {error.strerror or error}") from error


def _fill_pixels(figure: Figure, dpi: float) -> None:
    """Widen the page to whole pixels: a part of one would move all lines by as much."""
    width, height = (float(np.ceil(side * dpi - 1e-6)) / dpi for side in figure.get_size_inches())
    figure.set_size_inches(width, height)
    for axes in figure.axes:
        axes.set_xlim(0.0, width * 25.4)
        axes.set_ylim(height * 25.4, 0.0)
