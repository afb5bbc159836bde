"""Tests of choosing a page of a PDF, and of refusing documents that cannot be read."""

import numpy as np
import pytest

from precord.digitize import Options, digitize
from precord.digitize.document import open_page, open_pdf
from precord.errors import FormatError, UnsupportedFormatError
from tests.digitize.vendor_pdf import Sheet, write_pdf

TRACE = " l ".join(f"{20 + 0.3 * n:.1f} {100 + 5 * np.sin(n / 5):.2f}" for n in range(400))
ECG = Sheet(f"2.8 0 0 2.8 0 0 cm 20 100 m {TRACE} l S")
SMALL = (60.0, 50.0)  # mm
LETTER = Sheet("BT /F1 12 Tf 100 500 Td (Dear colleague) Tj ET")
_LOCK = "/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <" + "5a" * 32 + "> /U <" + "a5" * 32
LOCKED = _LOCK + "> >> /ID [<00> <00>]"


def test_the_only_page_with_traces_is_chosen() -> None:
    """Of a letter, an ECG and another letter, the ECG is read, and a note says so."""
    document = open_pdf(write_pdf(LETTER, ECG, LETTER), "x.pdf")

    sheet, note = open_page(document, "x.pdf", None)

    assert note == "page 2 of 3, the only one with an ECG"
    assert sheet.raw is not None
    assert open_page(document, "x.pdf", 1)[1] is None


def test_of_several_pages_one_is_asked_for() -> None:
    """Two pages may hold an ECG: the message names them, and the option."""
    with pytest.raises(UnsupportedFormatError, match="3 pages, of which 1, 3 may hold"):
        digitize(write_pdf(ECG, LETTER, ECG), "x.pdf")
    with pytest.raises(UnsupportedFormatError, match="page 4 of 3"):
        digitize(write_pdf(ECG, LETTER, ECG), "x.pdf", Options(page=4))
    with pytest.raises(UnsupportedFormatError, match="2 pages; choose one with --page 1 to"):
        digitize(write_pdf(LETTER, LETTER), "x.pdf")


def test_five_hundred_pages_are_not_searched() -> None:
    """A chart of 500 pages is asked about at once; 3,000 are refused."""
    with pytest.raises(UnsupportedFormatError, match="500 pages; choose one with --page 1 to"):
        digitize(write_pdf(*[LETTER] * 500), "x.pdf")
    with pytest.raises(FormatError, match="3000 pages, at most 2000"):
        digitize(write_pdf(*[LETTER] * 3000), "x.pdf")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (write_pdf(ECG, trailer=LOCKED), "has a password; save it without"),
        (b"%PDF-1.7\nnothing else", "the PDF is damaged"),
        (write_pdf(), "0 pages|damaged"),
        (write_pdf(Sheet(size=(5000.0, 4000.0))), "larger than 1200 mm"),
        (write_pdf(Sheet("1 0 0 rg 0 0 100 100 re f", SMALL)), "grid of"),
    ],
)
def test_documents_that_cannot_be_read(data: bytes, message: str) -> None:
    """A lock, damage, an empty document, a poster and a red square: one line each."""
    with pytest.raises(FormatError, match=message) as refusal:
        digitize(data, "x.pdf")
    assert "\n" not in str(refusal.value)


def test_a_page_of_millions_of_points_is_bounded() -> None:
    """A page that draws more than an ECG is not followed line by line."""
    many = "0 0 m " + "1 1 l 2 2 l " * 250_000 + "S"

    with pytest.raises(FormatError, match="grid of"):
        digitize(write_pdf(Sheet(many, SMALL)), "x.pdf")
