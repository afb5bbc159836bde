"""Tests of precord.model.vit."""

import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from precord.model.joint import JointModel, ModelConfig
from precord.model.layer import Layer
from precord.model.vit import VisionTower, VitConfig, normalise


@pytest.fixture
def tower() -> VisionTower:
    """Return a seeded tower in evaluation mode."""
    torch.manual_seed(0)
    return VisionTower(VitConfig()).eval()


@pytest.fixture
def batch() -> tuple[Tensor, Tensor, Tensor]:
    """Return pixels, mask and scale flag of three records."""
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randn(3, 12, 1000, generator=generator)
    return pixels, torch.ones_like(pixels), torch.ones(3)


def test_shape(tower: VisionTower, batch: tuple[Tensor, Tensor, Tensor]) -> None:
    """One vector of three times the width a record."""
    assert tower(*batch).pooled.shape == (3, 3 * VitConfig().width)


def test_other_records_of_the_batch_do_not_matter(
    tower: VisionTower, batch: tuple[Tensor, Tensor, Tensor]
) -> None:
    """A record alone gets the vector that it gets in company."""
    alone = tower(*(part[:1] for part in batch)).pooled

    torch.testing.assert_close(tower(*batch).pooled[:1], alone, rtol=1e-4, atol=1e-5)


def test_what_is_masked_does_not_matter(
    tower: VisionTower, batch: tuple[Tensor, Tensor, Tensor]
) -> None:
    """Whatever stands in a masked sample, the vector is the same."""
    pixels, mask, calibrated = batch
    mask = mask.clone()
    mask[:, 3:] = 0
    mask[:, :, 500:] = 0

    torch.testing.assert_close(
        tower(pixels * mask, mask, calibrated).pooled,
        tower(pixels * mask + 0, mask, calibrated).pooled,
    )
    vectors = tower(pixels * mask, mask, calibrated).pooled
    assert not torch.allclose(
        vectors, tower(pixels, torch.ones_like(mask), calibrated).pooled, atol=1e-3
    )
    assert vectors.isfinite().all()


def test_unknown_scale_hides_gain_but_not_polarity(
    tower: VisionTower, batch: tuple[Tensor, Tensor, Tensor]
) -> None:
    """Without a scale, a gain per lead changes nothing; turning a lead over does."""
    pixels, mask, _ = batch
    gains = torch.linspace(0.5, 3, 12)[None, :, None]
    turned = pixels.clone()
    turned[:, 1] *= -1
    unknown, known = torch.zeros(3), torch.ones(3)

    plain = tower(pixels, mask, unknown).pooled
    torch.testing.assert_close(
        tower(pixels * gains, mask, unknown).pooled, plain, rtol=1e-3, atol=1e-4
    )
    assert not torch.allclose(tower(turned, mask, unknown).pooled, plain, atol=1e-3)
    assert not torch.allclose(
        tower(pixels * gains, mask, known).pooled, tower(pixels, mask, known).pooled
    )


def test_normalise_by_hand() -> None:
    """A lead of +-2 has size 2 and shape +-1; an absent lead has neither."""
    pixels = torch.tensor([[[2.0, -2.0, 0.0], [0.0, 0.0, 0.0]]])
    mask = torch.tensor([[[1.0, 1.0, 0.0], [0.0, 0.0, 0.0]]])

    shape, log_size, present = normalise(pixels, mask)

    torch.testing.assert_close(shape[0, 0], torch.tensor([1.0, -1.0, 0.0]), rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(log_size, torch.tensor([[2.0, 1.0]]).log(), rtol=1e-5, atol=1e-6)
    assert present.tolist() == [[1.0, 0.0]]


def test_layer_equals_pytorchs_own() -> None:
    """The same weights give what torch.nn.TransformerEncoderLayer gives."""
    torch.manual_seed(0)
    layer = Layer(16, 4, 0.0).eval()
    oracle = nn.TransformerEncoderLayer(
        16, 4, 64, 0.0, "gelu", batch_first=True, norm_first=True
    ).eval()
    own = dict(layer.named_parameters())
    names = {
        "self_attn.in_proj_weight": "qkv.weight",
        "self_attn.in_proj_bias": "qkv.bias",
        "self_attn.out_proj.weight": "out.0.weight",
        "self_attn.out_proj.bias": "out.0.bias",
        "linear1.weight": "mlp.0.weight",
        "linear1.bias": "mlp.0.bias",
        "linear2.weight": "mlp.3.weight",
        "linear2.bias": "mlp.3.bias",
        "norm1.weight": "norm_1.weight",
        "norm1.bias": "norm_1.bias",
        "norm2.weight": "norm_2.weight",
        "norm2.bias": "norm_2.bias",
    }
    oracle.load_state_dict({theirs: own[ours] for theirs, ours in names.items()})
    x = torch.randn(2, 7, 16)
    keep = torch.ones(2, 7, dtype=torch.bool)
    keep[1, 4:] = False

    found, expected = layer(x, keep), oracle(x, src_key_padding_mask=~keep)

    torch.testing.assert_close(found[keep], expected[keep], rtol=1e-4, atol=1e-5)


def test_a_record_costs_what_was_planned() -> None:
    """100 to 300 MFLOP a record, by PyTorch's own counter."""
    model = JointModel(ModelConfig()).eval()
    pixels = torch.zeros(1, 12, 1000)
    with FlopCounterMode(display=False) as counter:
        model.encode_ecg(pixels, pixels, torch.zeros(1))

    assert 100e6 <= counter.get_total_flops() <= 300e6
