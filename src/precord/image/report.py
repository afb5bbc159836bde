"""A PDF of several pages: ECGs on their paper, each at true scale, and pages of text.

Each ECG has a page of its own, as wide as A4 landscape and as high as it needs; the geometry is
that of `image.layout`.
"""

import io
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from matplotlib import rc_context
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure

from precord.image.layout import lay_out
from precord.image.paper import draw_record, new_page, write_line
from precord.record import Record

_WIDE = 150  # characters that fit on a line of text
_TALL = 201.0  # mm of an A4 page above the footer
_LINE, _GAP = 4.6, 3.0  # mm
_MOST_LINES = 12  # of a report above its ECG


@dataclass(frozen=True, slots=True)
class EcgPage:
    """One ECG with a title, and text above its grid."""

    record: Record
    title: str
    text: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TextPage:
    """Sections of text, each a heading and its lines; it runs over as many pages as it needs."""

    title: str
    sections: tuple[tuple[str, tuple[str, ...]], ...]


def write_report(pages: Sequence[EcgPage | TextPage], title: str) -> bytes:
    """Return the PDF of *pages*; its metadata hold *title* and no time.

    Args:
        pages: in order.
        title: of the document.
    """
    made = io.BytesIO()
    # Letters as letters, not as curves: the text can be searched and read aloud.
    with (
        rc_context({"pdf.fonttype": 42}),
        PdfPages(
            made, metadata={"Title": title, "Creator": "precord", "CreationDate": None}
        ) as document,
    ):
        for page in pages:
            figures = (_draw_ecg(page),) if isinstance(page, EcgPage) else _draw_text(page)
            for figure in figures:
                document.savefig(figure)
    return made.getvalue()


def _draw_ecg(page: EcgPage) -> Figure:
    """Return the page of one ECG."""
    lines = [line for text in page.text for line in _wrap(text)][:_MOST_LINES]
    places = lay_out(page.record, n_lines=len(lines))
    figure, axes = new_page(places.height)
    draw_record(page.record, axes, places, title=page.title, lines=lines)
    return figure


def _draw_text(page: TextPage) -> Iterator[Figure]:
    """Yield as many pages as the text needs."""
    figure, axes = new_page(_TALL)
    write_line(axes, 10.0, page.title, size=13.0, is_bold=True)
    y = 18.0
    for heading, texts in page.sections:
        lines = [(line, False) for text in texts for line in _wrap(text)]
        for line, is_bold in [(heading, True), *lines]:
            if y > _TALL - _LINE:
                yield figure
                figure, axes = new_page(_TALL)
                y = 10.0
            write_line(axes, y, line, size=9.5 if is_bold else 8.5, is_bold=is_bold)
            y += _LINE
        y += _GAP
    yield figure


def _wrap(text: str) -> list[str]:
    """Return the lines that *text* takes."""
    return textwrap.wrap(text, _WIDE) or [""]
