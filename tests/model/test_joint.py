"""Tests of precord.model.joint: several readers, one answer."""

from dataclasses import replace

import torch
from torch.nn import functional as F  # noqa: N812 - PyTorch's own convention

from precord.model.joint import JointModel, ModelConfig
from precord.model.text import TextConfig
from precord.model.vit import VitConfig

SMALL = ModelConfig(
    vision=VitConfig(stem=(8, 8, 8), blocks=1, width=16, depth=1, heads=2, drop_path=0.0),
    text=TextConfig(vocabulary=50, width=16, depth=1, heads=2),
    fusion=None,
    dim=8,
    readers=3,
)


def test_readers_are_averaged() -> None:
    """Logits are the mean of all readers', the vector the direction of their mean vector."""
    torch.manual_seed(0)
    model = JointModel(SMALL).eval()
    pixels = torch.randn(2, 12, 1000)
    seen = pixels, torch.ones_like(pixels), torch.ones(2)

    found = model.encode_ecg(*seen)

    alone = [reader(*seen) for reader in model.readers]
    torch.testing.assert_close(found.each, torch.stack([logits for _, logits, _ in alone]))
    torch.testing.assert_close(found.logits, found.each.mean(dim=0))
    mean = torch.stack([vectors for vectors, _, _ in alone]).mean(dim=0)
    torch.testing.assert_close(found.vectors, F.normalize(mean, dim=-1))
    assert not torch.allclose(found.each[0], found.each[1])  # they start differently


def test_one_reader_is_that_reader() -> None:
    """Averaging one changes nothing."""
    torch.manual_seed(0)
    model = JointModel(replace(SMALL, readers=1)).eval()
    pixels = torch.randn(2, 12, 1000)
    seen = pixels, torch.ones_like(pixels), torch.ones(2)

    vectors, logits, tokens = model.readers[0](*seen)

    found = model.encode_ecg(*seen)
    torch.testing.assert_close(found.vectors, vectors)
    torch.testing.assert_close(found.logits, logits)
    torch.testing.assert_close(found.tokens.states, tokens.states)
