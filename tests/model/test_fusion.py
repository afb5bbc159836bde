"""Tests of precord.model.fusion."""

import torch
from torch import Tensor, nn

from precord.model.fusion import FusionConfig, FusionEncoder, FusionLayer
from precord.model.layer import Tokens


def _draw(rows: int, length: int, width: int, seed: int) -> Tokens:
    """Return random tokens, all real but the last two of the last row."""
    states = torch.randn(rows, length, width, generator=torch.Generator().manual_seed(seed))
    keep = torch.ones(rows, length, dtype=torch.bool)
    keep[-1, -2:] = False
    return Tokens(states, keep)


def _make_encoder(depth: int = 2) -> FusionEncoder:
    """Return a seeded encoder in evaluation mode, text width 16, ECG width 24."""
    torch.manual_seed(0)
    return FusionEncoder(16, 24, FusionConfig(depth=depth, heads=4)).eval()


def test_layer_equals_pytorchs_decoder_layer() -> None:
    """The same weights give what torch.nn.TransformerDecoderLayer gives without a causal mask."""
    torch.manual_seed(0)
    layer = FusionLayer(16, 16, 4, 0.0).eval()
    oracle = nn.TransformerDecoderLayer(
        16, 4, 64, 0.0, "gelu", batch_first=True, norm_first=True
    ).eval()
    own = dict(layer.named_parameters())
    names = {
        "self_attn.in_proj_": "qkv.",
        "self_attn.out_proj.": "out_self.0.",
        "multihead_attn.out_proj.": "out_cross.0.",
        "linear1.": "mlp.0.",
        "linear2.": "mlp.3.",
        "norm1.": "norm_1.",
        "norm2.": "norm_2.",
        "norm3.": "norm_3.",
    }
    state: dict[str, Tensor] = {
        a + kind: own[b + kind] for a, b in names.items() for kind in ("weight", "bias")
    }
    for kind in ("weight", "bias"):
        state[f"multihead_attn.in_proj_{kind}"] = torch.cat(
            [own[f"query.{kind}"], own[f"key_value.{kind}"]]
        )
    oracle.load_state_dict(state)
    text, ecg = _draw(2, 7, 16, 1), _draw(2, 9, 16, 2)

    found = layer(text.states, text.keep, ecg.states, ecg.keep)

    expected = oracle(
        text.states,
        ecg.states,
        tgt_key_padding_mask=~text.keep,
        memory_key_padding_mask=~ecg.keep,
    )
    torch.testing.assert_close(found[text.keep], expected[text.keep], rtol=1e-4, atol=1e-5)


def test_one_ecg_serves_all_texts() -> None:
    """An ECG given once is judged as the same ECG repeated in every row."""
    encoder, text, ecg = _make_encoder(), _draw(5, 7, 16, 1), _draw(1, 9, 24, 2)
    repeated = ecg.select(torch.zeros(5, dtype=torch.long))

    torch.testing.assert_close(encoder(text, ecg), encoder(text, repeated), rtol=1e-4, atol=1e-5)


def test_padding_does_not_matter_and_the_ecg_does() -> None:
    """What is masked may be anything; another ECG gives another answer."""
    encoder, text, ecg = _make_encoder(), _draw(2, 7, 16, 1), _draw(2, 9, 24, 2)

    def judge(text_states: Tensor, ecg_states: Tensor) -> Tensor:
        states = encoder(Tokens(text_states, text.keep), Tokens(ecg_states, ecg.keep))
        return encoder.match_logits(states, text.keep)

    plain = judge(text.states, ecg.states)
    other_text = text.states.masked_fill(~text.keep[..., None], 9.0)
    other_ecg = ecg.states.masked_fill(~ecg.keep[..., None], 9.0)
    torch.testing.assert_close(judge(other_text, other_ecg), plain, rtol=1e-4, atol=1e-5)
    assert not torch.allclose(judge(text.states, ecg.states.flip(1) + 1), plain, atol=1e-3)
