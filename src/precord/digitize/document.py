"""PDF documents: opened within limits, the page with the ECG chosen, a page as pixels."""

from typing import Any

import numpy as np
import pypdfium2 as pdfium
from numpy.typing import NDArray

from precord.digitize.pdf import TooMuchError, read_content
from precord.digitize.stroke import find_traces, join
from precord.errors import FormatError, UnsupportedFormatError

MAX_PAGES = 2000
_SEARCHED = 20  # pages at most in which the one with the ECG is looked for
_LARGEST_PAGE = 1200.0  # mm
_PX_PER_MM = (8.0, 12.0)  # of a rendered page: at least, and at most where a picture has more
_SCAN = 0.3  # share of a page from which a picture on it may be an ECG
_MM = 25.4 / 72


def open_pdf(data: bytes, name: str) -> Any:
    """Return the open document.

    Raises:
        FormatError: It is damaged, has a password, or too many pages.
    """
    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        if "assword" in str(error):
            raise FormatError(f"{name}: the PDF has a password; save it without") from error
        raise FormatError(f"{name}: the PDF is damaged") from error
    if not 0 < len(document) <= MAX_PAGES:
        raise FormatError(f"{name}: {len(document)} pages, at most {MAX_PAGES}")
    return document


def open_page(document: Any, name: str, page: int | None) -> tuple[Any, str | None]:
    """Return the chosen page of a document, and a note where it was chosen by what is on it.

    Raises:
        FormatError: It is damaged or too large.
        UnsupportedFormatError: There is no such page, or none is chosen and which one holds
            the ECG is not plain.
    """
    note = None
    if page is None and 1 < len(document) <= _SEARCHED:
        found = [n for n in range(len(document)) if _may_hold_ecg(document, name, n)]
        if len(found) > 1:
            pages = ", ".join(str(n + 1) for n in found)
            raise UnsupportedFormatError(
                f"{name}: {len(document)} pages, of which {pages} may hold an ECG; choose one with "
                "--page"
            )
        if found:
            page = found[0] + 1
            note = f"page {page} of {len(document)}, the only one with an ECG"
    return _load(document, name, page_index(len(document), name, page)), note


def page_index(n: int, name: str, page: int | None) -> int:
    """Return which of *n* pages is meant, counted from 0."""
    if page is None and n > 1:
        raise UnsupportedFormatError(f"{name}: {n} pages; choose one with --page 1 to --page {n}")
    if page is not None and not 1 <= page <= n:
        raise UnsupportedFormatError(f"{name}: page {page} of {n}")
    return (page or 1) - 1


def _load(document: Any, name: str, index: int) -> Any:
    """Return the page at *index*, counted from 0."""
    try:
        sheet = document[index]
    except pdfium.PdfiumError as error:
        raise FormatError(f"{name}: page {index + 1} of the PDF is damaged") from error
    if max(sheet.get_size()) * _MM > _LARGEST_PAGE:
        raise FormatError(f"{name}: the page is larger than {_LARGEST_PAGE:g} mm")
    return sheet


def _may_hold_ecg(document: Any, name: str, index: int) -> bool:
    """Tell whether a page has lines like traces, or a picture that may show some."""
    try:
        content = read_content(_load(document, name, index))
    except TooMuchError:
        return True
    if any(picture.share > _SCAN for picture in content.pictures):
        return True
    return bool(find_traces(join(content.strokes)))


def render(sheet: Any, px_per_mm: float, quarters: int = 0) -> NDArray[np.uint8]:
    """Return the (height, width, 3) RGB pixels of a page, turned clockwise by *quarters*."""
    bitmap = sheet.render(scale=px_per_mm * 25.4 / 72, rotation=90 * (quarters % 4))
    return np.array(bitmap.to_pil().convert("RGB"))


def render_for_reading(sheet: Any) -> NDArray[np.uint8]:
    """Return the pixels of a page as finely as it is worth: as fine as a scan on it."""
    try:
        pictures = read_content(sheet).pictures
    except TooMuchError:
        pictures = ()
    finest = max((p.px_per_mm for p in pictures if p.share > _SCAN), default=0.0)
    return render(sheet, min(max(finest, _PX_PER_MM[0]), _PX_PER_MM[1]))
