"""Tests of precord.digitize.stage: who waits for a reading hears how far it is."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from precord.digitize import Stage, digitize
from precord.errors import PrecordError
from precord.image.layout import Calibration
from precord.image.page import Style, draw_page
from precord.image.paper import save_record
from precord.record import Record
from precord.simulate import simulate

ALL_OF_A_PAGE = [
    Stage.OPENING,
    Stage.GRID,
    Stage.STRAIGHTENING,
    Stage.TRACING,
    Stage.LEADS,
    Stage.CHECKING,
]


@pytest.fixture(scope="module")
def record() -> Record:
    """Return one simulated ECG."""
    return simulate(("SR",), np.random.default_rng(3)).record


def _png(picture: np.ndarray) -> bytes:
    """Return a picture as a PNG file."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()


def test_a_page_has_each_stage_once(record: Record) -> None:
    """In their order, and nothing about turning or words."""
    told: list[Stage] = []
    page = draw_page(record, layout="3x4+1", dpi=120).picture
    digitize(_png(page), "page.png", on_stage=told.append)
    assert told == ALL_OF_A_PAGE


def test_a_page_on_its_head_is_said_to_be_turned(record: Record) -> None:
    """The stages from tracing on come again after it."""
    told: list[Stage] = []
    page = draw_page(record, layout="3x4+1", dpi=120).picture[::-1, ::-1].copy()
    digitize(_png(page), "page.png", on_stage=told.append)
    turned = told.index(Stage.TURNING)
    assert told[:4] == ALL_OF_A_PAGE[:4]
    assert told[turned + 1 :] == ALL_OF_A_PAGE[3:]


def test_words_are_a_stage_of_their_own(record: Record) -> None:
    """Without a pulse the words are looked at, then the page at 25 mm/s; it is refused."""
    told: list[Stage] = []
    paper = Calibration(50.0, 10.0)  # which the heart does not tell
    style = Style(pulse="none")
    page = draw_page(record, layout="3x4+1", dpi=120, style=style, calibration=paper).picture
    with pytest.raises(PrecordError, match="speed"):
        digitize(_png(page), "page.png", on_stage=told.append)
    assert told[told.index(Stage.WORDS) :] == [Stage.WORDS, *ALL_OF_A_PAGE[1:]]


def test_a_refused_picture_stops_where_it_was_refused() -> None:
    """A white page has no grid."""
    told: list[Stage] = []
    with pytest.raises(PrecordError, match="no grid"):
        digitize(_png(np.full((400, 400, 3), 255, np.uint8)), "x.png", on_stage=told.append)
    assert told == ALL_OF_A_PAGE[:2]


def test_lines_of_a_pdf_are_opened_alone(record: Record, tmp_path: Path) -> None:
    """They need no grid, and no tracing."""
    told: list[Stage] = []
    path = tmp_path / "page.pdf"
    save_record(record, path)
    digitize(path.read_bytes(), path.name, on_stage=told.append)
    assert told == [Stage.OPENING]
