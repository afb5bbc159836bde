"""Tests of precord.model.joint: several readers, one answer."""

from dataclasses import replace

import torch

from precord.model.joint import JointModel, ModelConfig
from precord.model.text import TextConfig
from precord.model.vit import VitConfig

SMALL = ModelConfig(
    vision=VitConfig(stem=(8, 8, 8), blocks=1, width=16, depth=1, heads=2, drop_path=0.0),
    text=TextConfig(vocabulary=50, width=16, depth=1, heads=2),
    fusion=None,
    dim=8,
)


def test_a_partner_has_a_say_in_the_statements_alone() -> None:
    """Logits are the mean of both, whatever the partner's size; vectors and tokens the own."""
    torch.manual_seed(0)
    model = JointModel(SMALL).eval()
    other = VitConfig(stem=(8, 8, 24), blocks=1, width=24, depth=0)
    partner = JointModel(replace(SMALL, vision=other, dim=4)).eval()
    pixels = torch.randn(2, 12, 1000)
    seen = pixels, torch.ones_like(pixels), torch.ones(2)
    alone, others = model.encode_ecg(*seen), partner.encode_ecg(*seen)
    assert not torch.allclose(alone.logits, others.logits)

    model.listen_to(partner)
    found = model.encode_ecg(*seen)

    torch.testing.assert_close(found.logits, (alone.logits + others.logits) / 2)
    torch.testing.assert_close(found.vectors, alone.vectors)
    torch.testing.assert_close(found.tokens.states, alone.tokens.states)


def test_one_reader_is_that_reader() -> None:
    """Averaging one changes nothing."""
    torch.manual_seed(0)
    model = JointModel(SMALL).eval()
    pixels = torch.randn(2, 12, 1000)
    seen = pixels, torch.ones_like(pixels), torch.ones(2)

    vectors, logits, tokens = model.readers[0](*seen)

    found = model.encode_ecg(*seen)
    torch.testing.assert_close(found.vectors, vectors)
    torch.testing.assert_close(found.logits, logits)
    torch.testing.assert_close(found.tokens.states, tokens.states)
