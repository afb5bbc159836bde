"""Tests of pictures that must not become a record: each is refused in one line, at little cost."""

import io
import struct
import zlib
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from precord.digitize import Options, digitize
from precord.digitize.arrange import Arrangement, Piece
from precord.digitize.grid import FLAT_PX_PER_MM
from precord.digitize.plausible import refuse_parts
from precord.errors import PrecordError
from precord.image.layout import LAYOUTS, Calibration
from precord.image.page import Style, draw_page
from precord.simulate import simulate


def _file(pixels: NDArray[np.uint8], kind: str = "PNG") -> bytes:
    """Return pixels as a file."""
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, kind)
    return file.getvalue()


def _chunk(kind: bytes, data: bytes) -> bytes:
    """Return a chunk of a PNG file."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _bomb(width: int, height: int) -> bytes:
    """Return a PNG of a few hundred bytes that says it is *width* by *height*."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(b"\0" * 100_000)
    start = b"\x89PNG\r\n\x1a\n"
    return start + _chunk(b"IHDR", head) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (_bomb(20_000, 10_000), "million"),
        (_bomb(60_000, 60_000), "million"),
        (_bomb(2_000, 1_000), "damaged"),
        (_file(np.full((100, 200, 3), 255, np.uint8)), "200 x 100 pixels are too few"),
    ],
    ids=["200 megapixels", "a bomb", "torn", "small"],
)
def test_sizes_are_refused_before_pixels(data: bytes, message: str) -> None:
    """200 megapixels, a bomb, a torn file and 200 by 100 pixels."""
    with pytest.raises(PrecordError, match=message) as refusal:
        digitize(data, "x.png")
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_moving_pictures_are_refused(kind: str) -> None:
    """An animation shows no page, in whatever format."""
    frames = [Image.new("RGB", (300, 300), color) for color in ("white", "red")]
    file = io.BytesIO()
    frames[0].save(file, kind, save_all=True, append_images=frames[1:])

    with pytest.raises(PrecordError, match=r"animated|GIF"):
        digitize(file.getvalue(), "x")


@pytest.fixture(scope="module")
def page() -> NDArray[np.uint8]:
    """Return a drawn page at 120 dots per inch."""
    record = simulate(("SR",), np.random.default_rng(5)).record
    return draw_page(record, layout="3x4+1", dpi=120).picture


@pytest.mark.slow
@pytest.mark.parametrize("what", ["mirrored", "left half", "two thirds", "top half"])
def test_parts_and_mirrors_are_no_records(page: NDArray[np.uint8], what: str) -> None:
    """A mirrored page and parts of one are refused, not passed off as a whole ECG."""
    height, width = page.shape[:2]
    shown = {
        "mirrored": page[:, ::-1],
        "left half": page[:, : width // 2],
        "two thirds": page[:, : 2 * width // 3],
        "top half": page[: height // 2],
    }[what]

    with pytest.raises(PrecordError) as refusal:
        digitize(_file(shown), "x.png")
    assert "\n" not in str(refusal.value)


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["3x4", "3x4+1"])
@pytest.mark.parametrize("speed", [25.0, 50.0])
def test_speed_without_a_pulse_is_told_by_the_heart_or_asked_for(layout: str, speed: float) -> None:
    """A column of 62.5 mm is 2.5 s at 25 mm/s and 1.25 s at 50: nothing is guessed."""
    record = simulate(("SR",), np.random.default_rng(5)).record
    drawn = draw_page(
        record,
        layout=layout,
        dpi=120,
        style=Style(pulse="none"),
        calibration=Calibration(speed, 10.0),
    )

    if speed == 25.0:  # which this heart tells; nothing is told of 50
        notes = digitize(_file(drawn.picture), "x.png").record.provenance.notes
        assert any("told by the heart" in note for note in notes)
    else:
        with pytest.raises(PrecordError, match=r"--speed 25 or --speed 50"):
            digitize(_file(drawn.picture), "x.png")
    told = digitize(_file(drawn.picture), "x.png", Options(speed=speed)).record
    assert told.rate == 10.0 * speed


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["3x4", "6x2", "12x1"])
def test_two_pages_in_one_picture_are_no_record(layout: str) -> None:
    """Two pages of two patients, one below the other, are neither one ECG nor the other."""
    pages = [
        draw_page(
            simulate(("SR",), np.random.default_rng(seed)).record, layout=layout, dpi=110
        ).picture
        for seed in (5, 6)
    ]

    with pytest.raises(PrecordError, match="two pages"):
        digitize(_file(np.concatenate(pages, axis=0)), "x.png")
    with pytest.raises(PrecordError):
        digitize(_file(np.concatenate(pages, axis=1)), "x.png")


@pytest.mark.slow
def test_one_lead_is_no_record_of_twelve() -> None:
    """A strip of one lead fits no layout, and the message says so."""
    record = simulate(("SR",), np.random.default_rng(5)).record
    one = replace(record, signal=record.signal[1:2], leads=record.leads[1:2])

    with pytest.raises(PrecordError, match="1 rows of traces found, which fits none"):
        digitize(_file(draw_page(one, layout="12x1", dpi=120).picture), "x.png")


@pytest.mark.parametrize(
    ("seconds", "is_layout_given", "is_refused"),
    [(2.5, False, False), (3.75, False, True), (3.75, True, False)],
)
def test_four_long_columns_are_three_of_another_layout(
    seconds: float, is_layout_given: bool, is_refused: bool
) -> None:
    """Four rows of three leads, 5 s each, keep Einthoven's law where I, II and III stand."""
    width = round(25.0 * seconds * FLAT_PX_PER_MM)
    pieces = tuple(
        Piece(lead, row, k * width, (k + 1) * width)
        for row, leads in enumerate(LAYOUTS["3x4"])
        for k, lead in enumerate(leads)
    )
    refusal = pytest.raises(PrecordError, match="another layout") if is_refused else nullcontext()
    with refusal:
        refuse_parts(
            Arrangement("3x4+1", pieces, 0, 0.2), 25.0, "x.png", is_layout_given=is_layout_given
        )


@pytest.mark.parametrize(("seconds", "is_refused"), [(10.0, False), (7.2, False), (4.8, True)])
def test_twelve_short_rows_are_a_part_of_a_page(seconds: float, is_refused: bool) -> None:
    """Upright paper shows seven seconds; a plot with other squares, or half a page, fewer."""
    width = round(25.0 * seconds * FLAT_PX_PER_MM)
    rows = enumerate(LAYOUTS["12x1"])
    pieces = tuple(Piece(lead, row, 0, width) for row, (lead,) in rows)
    refusal = pytest.raises(PrecordError, match="part of a page") if is_refused else nullcontext()
    with refusal:
        refuse_parts(Arrangement("12x1", pieces, 0, 0.1), 25.0, "x.png", is_layout_given=False)


@pytest.mark.parametrize(("misfit", "is_refused"), [(0.45, False), (0.54, True), (0.9, True)])
def test_limb_leads_must_keep_their_laws(misfit: float, is_refused: bool) -> None:
    """A name taken for a trace left half of II unexplained; no page that is read well does."""
    width = round(62.5 * FLAT_PX_PER_MM)
    pieces = tuple(
        Piece(lead, row, k * width, (k + 1) * width)
        for row, leads in enumerate(LAYOUTS["3x4"])
        for k, lead in enumerate(leads)
    )
    found = Arrangement("3x4", pieces, 0, misfit)
    refusal = pytest.raises(PrecordError, match="contradict") if is_refused else nullcontext()
    with refusal:
        refuse_parts(found, 25.0, "x.png", is_layout_given=False)
