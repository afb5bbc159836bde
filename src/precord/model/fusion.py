"""The fusion encoder: a text's tokens look at an ECG's tokens, and judge whether both fit.

Its states serve two tasks: matching (does this text describe this ECG?) and masked language
modelling (which word is hidden here, given the ECG?).

Shapes: B pairs, M text tokens, N ECG tokens, D text width, Dv ECG width, V vocabulary.
Source: Li et al. 2021 (ALBEF, arXiv:2107.07651) for the two tasks over cross-attention; Li
et al. 2022 (BLIP, arXiv:2201.12086) for its place between self-attention and MLP.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from precord.model.layer import Tokens, attend


@dataclass(frozen=True, slots=True)
class FusionConfig:
    """Size of the fusion encoder; its width is the text tower's."""

    depth: int = 1
    heads: int = 4
    dropout: float = 0.1


class FusionEncoder(nn.Module):
    """Text tokens that have seen the ECG."""

    def __init__(self, width: int, ecg_width: int, config: FusionConfig) -> None:
        super().__init__()
        self.ecg_norm = nn.LayerNorm(ecg_width)
        self.layers = nn.ModuleList(
            FusionLayer(width, ecg_width, config.heads, config.dropout) for _ in range(config.depth)
        )
        self.norm = nn.LayerNorm(width)
        self.match = nn.Linear(width, 1)
        self.word = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.LayerNorm(width))

    def forward(self, text: Tokens, ecg: Tokens) -> Tensor:
        """Return states (B, M, D) of the text's tokens; both sides have B rows, or ECG one."""
        x = text.states
        seen = self.ecg_norm(ecg.states)  # (B or 1, N, Dv)
        for layer in self.layers:
            x = layer(x, text.keep, seen, ecg.keep)
        out: Tensor = self.norm(x)
        return out

    def match_logits(self, states: Tensor, keep: Tensor) -> Tensor:
        """Return (B,) how far text and ECG fit, from the states (B, M, D) of the pair."""
        weight = keep / keep.sum(dim=1, keepdim=True).clamp(min=1)  # (B, M)
        pooled = (states * weight.unsqueeze(-1)).sum(dim=1)  # (B, D)
        logits: Tensor = self.match(pooled).squeeze(-1)
        return logits

    def word_logits(self, states: Tensor, embedding: Tensor) -> Tensor:
        """Return (K, V) of the states (K, D) of hidden words; *embedding* (V, D) is tied."""
        logits: Tensor = self.word(states) @ embedding.T
        return logits


class FusionLayer(nn.Module):
    """Self-attention over the text, cross-attention to the ECG, MLP; all pre-normalised."""

    def __init__(self, width: int, ecg_width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.norm_1, self.norm_2, self.norm_3 = (nn.LayerNorm(width) for _ in range(3))
        self.qkv = nn.Linear(width, 3 * width)
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(ecg_width, 2 * width)
        self.out_self = nn.Sequential(nn.Linear(width, width), nn.Dropout(dropout))
        self.out_cross = nn.Sequential(nn.Linear(width, width), nn.Dropout(dropout))
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(4 * width, width),
            nn.Dropout(dropout),
        )

    def forward(self, x: Tensor, keep: Tensor, ecg: Tensor, ecg_keep: Tensor) -> Tensor:
        """Return (B, M, D) of text states (B, M, D) and ECG states (B or 1, N, Dv)."""
        query, key, value = self.qkv(self.norm_1(x)).chunk(3, dim=-1)  # (B, M, D) each
        x = x + self.out_self(attend(query, key, value, keep, self.heads))
        key, value = self.key_value(ecg).chunk(2, dim=-1)  # (B or 1, N, D) each
        query = self.query(self.norm_2(x))
        x = x + self.out_cross(attend(query, key, value, ecg_keep, self.heads))
        return torch.add(x, self.mlp(self.norm_3(x)))
