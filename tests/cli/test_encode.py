"""Tests of `precord encode` and `precord corpus qiu2023`."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from precord.image.encodings import draw_map, signed_map
from precord.image.qiu2023 import Style, cut_beat, draw_beat
from precord.io import read
from precord.signal.prepare import prepare
from tests.cli.conftest import Run


def test_encode_beat(run: Run, ecg: Path, tmp_path: Path) -> None:
    """What the module draws with the same seed."""
    picture = tmp_path / "beat.png"
    answer = run("encode", ecg, "--style", "concat", "--seed", "4", "-o", picture)

    expected = draw_beat(cut_beat(read(ecg), np.random.default_rng(4)), Style.CONCAT)
    assert (answer.status, answer.out) == (0, "")
    assert np.array_equal(np.asarray(Image.open(picture)), expected)


def test_encode_signed_map(run: Run, ecg: Path, tmp_path: Path) -> None:
    """Twelve bands of sixteen rows, a thousand columns; red above zero, blue below."""
    picture = tmp_path / "map.png"
    run("encode", ecg, "--style", "signed", "-o", picture)

    image = np.asarray(Image.open(picture))
    shown = signed_map(prepare(read(ecg)))
    assert image.shape == (192, 1000, 3)
    assert np.array_equal(image, draw_map(shown))
    column = int(np.argmax(shown.pixels[1]))  # an R peak of lead II; aVR goes down there
    up, down = image[24, column].astype(int), image[56, column].astype(int)
    assert up[0] > up[2] + 100
    assert down[2] > down[0] + 100


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--method", "gaf,rp"), "expected one or three of gaf, gadf, rp, mtf"),
        (("--method", "fft"), "expected one or three of gaf, gadf, rp, mtf"),
        (("--style", "spiral"), "is not one of"),
        (("-o", "beat.jpg"), "expected a name that ends in .png"),
        (("--style", "signed", "--method", "rp"), "are for --style grid and concat"),
        (("--style", "signed", "--seed", "2"), "are for --style grid and concat"),
    ],
)
def test_encode_refuses(
    run: Run, ecg: Path, tmp_path: Path, words: tuple[str, ...], complaint: str
) -> None:
    """Wrong usage is status 2."""
    answer = run("encode", ecg, "-o", tmp_path / "x.png", *words)

    assert answer.status == 2
    assert complaint in " ".join(answer.err.split())


def test_corpus_refuses_a_folder_that_is_no_ptbxl(run: Run, tmp_path: Path) -> None:
    """One line, and nothing written."""
    answer = run("corpus", "qiu2023", tmp_path, tmp_path / "out")

    assert (answer.status, answer.err.count("\n")) == (1, 1)
    assert "expected PTB-XL's layout" in answer.err
    assert not (tmp_path / "out").exists()


@pytest.mark.data
def test_corpus_of_real_records(run: Run, shared_data: Path, tmp_path: Path) -> None:
    """Every record of the cohort has an image."""
    answer = run("corpus", "qiu2023", shared_data / "ptb-xl", tmp_path, "--split", "patient")

    assert answer.status == 0
    assert "161 pairs, 0 left out" in answer.out
    assert len(list((tmp_path / "images").glob("*.png"))) == 161
