"""The text tower: token ids in, one feature vector and its tokens out.

Shapes: B batch, M tokens, D width.
Source: Vaswani et al. 2017 (arXiv:1706.03762), encoder only, with learnt positions, the
mean of the tokens as summary.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from precord.model.layer import Layer, Tokens, TowerOutput

PAD = 0  # id of the padding token
MASK = 2  # id of the token that hides a word


@dataclass(frozen=True, slots=True)
class TextConfig:
    """Size of the text tower."""

    vocabulary: int = 3000
    max_tokens: int = 96
    width: int = 128
    depth: int = 2
    heads: int = 4
    dropout: float = 0.1


class TextTower(nn.Module):
    """Token ids to one vector, and to one state a token."""

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.embed = nn.Embedding(config.vocabulary, config.width, padding_idx=PAD)
        self.position = nn.Parameter(torch.empty(1, config.max_tokens, config.width))
        nn.init.normal_(self.embed.weight, std=0.02)
        nn.init.trunc_normal_(self.position, std=0.02)
        self.layers = nn.ModuleList(
            Layer(config.width, config.heads, config.dropout) for _ in range(config.depth)
        )
        self.norm = nn.LayerNorm(config.width)

    def forward(self, ids: Tensor) -> TowerOutput:
        """Return pooled (B, D) and tokens (B, M, D) of ids (B, M), `PAD` where one is shorter."""
        keep = ids != PAD  # (B, M)
        x = self.embed(ids) + self.position[:, : ids.shape[1]]  # (B, M, D)
        for layer in self.layers:
            x = layer(x, keep)
        weight = keep / keep.sum(dim=1, keepdim=True).clamp(min=1)  # (B, M)
        pooled = self.norm((x * weight.unsqueeze(-1)).sum(dim=1))  # (B, D)
        return TowerOutput(pooled, Tokens(x, keep))
