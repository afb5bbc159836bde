"""Tests of precord.model.picture, from one picture to weights that search."""

from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from torch import Tensor

from precord.encoder import Encoder
from precord.image.view import View, stack_images, view_record
from precord.model.joint import JointModel, ModelConfig
from precord.model.picture import PictureConfig, PictureTower
from precord.record import Record
from precord.score import ScoreWeights
from precord.train.export import export
from precord.train.tokenizer import train_tokenizer
from tests.image.golden import beating
from tests.train.conftest import SMALL_TEXT

SMALL = PictureConfig(width=32, depth=1, heads=2, drop_path=0.0)
TEXTS = ["sinus rhythm", "atrial fibrillation, left axis", "normal ecg"]


@pytest.fixture
def tower() -> PictureTower:
    """Return a small, seeded tower in evaluation mode."""
    torch.manual_seed(0)
    return PictureTower(SMALL).eval()


@pytest.fixture
def pictures() -> tuple[Tensor, Tensor, Tensor]:
    """Return three pictures of noise, the last one of nothing."""
    draw = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (3, 3, 224, 224), generator=draw).float()
    mask = torch.ones(3, 14, 14)
    mask[2] = 0
    return pixels, mask, torch.zeros(3)


def test_one_vector_a_picture(tower: PictureTower, pictures: tuple[Tensor, Tensor, Tensor]) -> None:
    """Three times the width; 196 patches and a summary; finite where nothing is shown."""
    out = tower(*pictures)

    assert out.pooled.shape == (3, 96)
    assert out.tokens.states.shape == (3, 197, 32)
    assert out.tokens.keep[2].tolist() == [True] + [False] * 196
    assert out.pooled.isfinite().all()


def test_what_is_masked_does_not_matter(
    tower: PictureTower, pictures: tuple[Tensor, Tensor, Tensor]
) -> None:
    """Whatever the pixels of the third, it gets the same vector; the first does not."""
    pixels, mask, calibrated = pictures
    others = pixels.flip(2)

    one, two = tower(pixels, mask, calibrated).pooled, tower(others, mask, calibrated).pooled

    torch.testing.assert_close(one[2], two[2])
    assert not torch.allclose(one[0], two[0], atol=1e-3)


def test_exported_weights_embed_records_through_the_picture(tmp_path: Path) -> None:
    """ONNX equals PyTorch on real pictures; the weights remember what they look at."""
    tokenizer: Tokenizer = train_tokenizer(TEXTS, SMALL_TEXT.vocabulary, SMALL_TEXT.max_tokens)
    torch.manual_seed(1)
    model = JointModel(ModelConfig(vision=SMALL, text=SMALL_TEXT, fusion=None, dim=16)).eval()
    export(model, tokenizer, tmp_path, score=ScoreWeights(), thresholds={})
    record = beating()
    records = [record, Record(record.signal[:, ::-1].copy(), record.leads, record.rate)]
    pixels, mask, calibrated = stack_images([view_record(r, View.QIU2023_GRID) for r in records])
    with torch.no_grad():
        expected = model.encode_ecg(
            torch.from_numpy(pixels).float(), torch.from_numpy(mask), torch.from_numpy(calibrated)
        )

    found = Encoder.load(tmp_path).encode_records(records)

    np.testing.assert_allclose(found.vectors, expected.vectors.numpy(), atol=1e-4)
    assert not np.allclose(found.vectors[0], found.vectors[1], atol=1e-3)
