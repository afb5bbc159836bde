"""Tests of blacking out whose ECG it is, and that nothing of it is in what is written."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from precord.cli import app
from precord.digitize.ocr import can_read_words, read_words
from precord.digitize.redact import Box, is_harmless, redact
from precord.image.paper import save_record
from precord.simulate import simulate


def _rows() -> np.ndarray:
    """Return two rows of traces on a page of 1000 by 600 flat pixels."""
    rows = np.full((2, 1000), np.nan, np.float32)
    rows[0, 100:900], rows[1, 100:900] = 250.0, 450.0
    rows[0, 500] = 150.0
    return rows


def test_only_the_band_of_the_traces_is_left() -> None:
    """Above, below and beside the traces all is black; the traces' surroundings are not."""
    page = np.full((600, 1000, 3), 200, np.uint8)

    clean = redact(page, _rows(), ())

    assert (page == 200).all()  # the picture itself is left as it was
    assert (clean[:100] == 0).all()
    assert (clean[500:] == 0).all()
    assert (clean[:, :60] == 0).all()
    assert (clean[:, 940:] == 0).all()
    assert (clean[225:475, 100:900] == 200).all()
    assert (clean[130:200, 480:520] == 200).all()  # around a tall complex
    assert (clean[130:200, 150:300] == 0).all()  # but not at its height elsewhere


def test_words_between_the_traces_are_blacked_out() -> None:
    """A name is black, a lead's name is not."""
    page = np.full((600, 1000, 3), 200, np.uint8)
    words = [Box("Mustermann", 300, 300, 400, 320), Box("V1", 500, 300, 520, 320)]

    clean = redact(page, _rows(), words)

    assert (clean[300:320, 300:400] == 0).all()
    assert (clean[300:320, 500:520] == 200).all()


def test_a_trace_that_was_read_as_a_letter_stays() -> None:
    """Complexes are read as a letter or two; a name on a trace, or print beside it, is none."""
    page = np.full((600, 1000, 3), 200, np.uint8)
    words = [
        Box("—N", 200, 230, 260, 270),
        Box("Weiß", 300, 230, 360, 270),
        Box("Ng", 400, 300, 460, 340),
    ]

    clean = redact(page, _rows(), words)

    assert (clean[230:270, 200:260] == 200).all()
    assert (clean[230:270, 300:360] == 0).all()
    assert (clean[300:340, 400:460] == 0).all()


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        ("V1", True), ("-aVR", True), ("25 mm/s", True), ("10mm/mV", True), ("0.05-150 Hz", True),
        ("72", True), ("72 bpm", True), ("4711081", False), ("12.03.1950", False), ("Erika", False),
        ("ID:47", False), ("geb. 50", False), ("\N{ROMAN NUMERAL TWO}", True),
    ],
)  # fmt: skip
def test_what_is_harmless(text: str, *, harmless: bool) -> None:
    """Leads, short numbers and units may stay; names, ids and dates may not."""
    assert is_harmless(text) is harmless


def test_what_digitize_writes_names_nobody(tmp_path: Path) -> None:
    """A name in a PDF's header is in none of the files; the overlay is black there."""
    record = simulate(("SR",), np.random.default_rng(3)).record
    page = tmp_path / "page.pdf"
    save_record(record, page, title="MUSTERMANN Erika 4711081")

    done = CliRunner().invoke(app, ["digitize", str(page), "-o", str(tmp_path / "out")])

    assert done.exit_code == 0, done.output
    for path in tmp_path.glob("out*"):
        assert b"MUSTERMANN" not in path.read_bytes().upper()
        assert b"4711081" not in path.read_bytes()
    with Image.open(tmp_path / "out-overlay.png") as picture:
        assert not picture.getexif()
        assert not picture.info
        pixels = np.asarray(picture)
    assert (pixels[:100] == 0).all()  # ten millimetres of header
    assert (pixels[-80:] == 0).all()
    assert (pixels > 100).mean() > 0.3


@pytest.mark.skipif(not can_read_words(), reason="rapidocr is not installed")
def test_printed_words_are_read() -> None:
    """Where the extra is installed, speed and gain are read from a picture."""
    from PIL import ImageDraw, ImageFont

    picture = Image.new("RGB", (900, 300), "white")
    font = ImageFont.load_default(36)
    ImageDraw.Draw(picture).text((50, 100), "25 mm/s  10 mm/mV", fill="black", font=font)

    text = " ".join(box.text for box in read_words(np.asarray(picture)) or ())

    assert "25" in text
    assert "mm/s" in text.replace(" ", "")


@pytest.mark.skipif(not can_read_words(), reason="rapidocr is not installed")
def test_a_name_between_the_traces_is_hidden_and_the_traces_are_not() -> None:
    """On a drawn page, the words that are read hide the name, and next to nothing of the ECG."""
    from PIL import ImageDraw, ImageFont

    from precord.digitize.reading import Options, read_picture
    from precord.image.page import draw_page

    page = draw_page(simulate(("SR",), np.random.default_rng(3)).record, dpi=254, layout="3x4")
    picture = Image.fromarray(page.picture)
    at = 1000, (page.layout.strips[0].y + page.layout.pitch / 2) * 10
    pen = ImageDraw.Draw(picture)
    pen.text(at, "Mustermann, Erika 4711081", (20, 20, 20), ImageFont.load_default(30), "ls")
    box = np.array(pen.textbbox(at, "Mustermann", ImageFont.load_default(30), "ls"))

    reading = read_picture(np.asarray(picture), "page", "picture", Options(layout="3x4"))
    assert reading.grid is not None
    assert reading.traces is not None
    white = np.full_like(reading.grid.flat, 255)
    black = redact(white, reading.traces.y, read_words(reading.grid.flat) or ())[..., 0] == 0

    x, y = reading.grid.to_picture[..., 0], reading.grid.to_picture[..., 1]
    name = (x > box[0]) & (x < box[2]) & (y > box[1]) & (y < box[3])
    assert black[name].mean() > 0.95
    row, column = np.nonzero(np.isfinite(reading.traces.y))
    at_trace = np.rint(reading.traces.y[row, column]).astype(int)
    assert black[at_trace, column].mean() < 0.02
