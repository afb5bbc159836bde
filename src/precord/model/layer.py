"""The transformer layer that both towers are made of, and what a tower hands on.

Shapes: B batch, N tokens, D width, H heads.
Source: Vaswani et al. 2017 (arXiv:1706.03762) with pre-normalisation (Xiong et al. 2020,
arXiv:2002.04745) and stochastic depth (Huang et al. 2016, arXiv:1603.09382).
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - PyTorch's own convention


@dataclass(frozen=True, slots=True)
class Tokens:
    """States (B, N, D) of one side, and a mask (B, N) that is True where one is real."""

    states: Tensor
    keep: Tensor

    def select(self, rows: Tensor) -> "Tokens":
        """Return the tokens of *rows* (B',) of the batch."""
        return Tokens(self.states[rows], self.keep[rows])


@dataclass(frozen=True, slots=True)
class TowerOutput:
    """One vector (B, F) an input, and the tokens that it comes from."""

    pooled: Tensor
    tokens: Tokens


class Layer(nn.Module):
    """One pre-normalised transformer layer; serves both towers."""

    def __init__(self, width: int, heads: int, dropout: float, drop_path: float = 0.0) -> None:
        super().__init__()
        self.heads = heads
        self.drop_path = drop_path
        self.norm_1, self.norm_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Sequential(nn.Linear(width, width), nn.Dropout(dropout))
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(4 * width, width),
            nn.Dropout(dropout),
        )

    def forward(self, x: Tensor, keep: Tensor) -> Tensor:
        """Return (B, N, D); tokens where *keep* (B, N) is False are not attended to."""
        x = x + self._drop(self.out(self._attend(self.norm_1(x), keep)))
        return x + self._drop(self.mlp(self.norm_2(x)))

    def _attend(self, x: Tensor, keep: Tensor) -> Tensor:
        """Return (B, N, D) attended over the kept tokens."""
        query, key, value = self.qkv(x).chunk(3, dim=-1)  # (B, N, D) each
        return attend(query, key, value, keep, self.heads)

    def _drop(self, update: Tensor) -> Tensor:
        """Drop the update of whole records in training (stochastic depth)."""
        if not self.training or self.drop_path == 0:
            return update
        keep = 1 - self.drop_path
        drawn = torch.rand(len(update), 1, 1, device=update.device) < keep
        return update * drawn / keep


def attend(query: Tensor, key: Tensor, value: Tensor, keep: Tensor, heads: int) -> Tensor:
    """Return multi-head attention (B, M, D) of *query* over the tokens that *keep* names.

    Args:
        query: (B, M, D).
        key: (B, N, D), or (1, N, D) for the same ones in every row.
        value: as *key*.
        keep: (B, N) or (1, N), False where a token is not to be attended to.
        heads: into which D is parted.
    """
    size = query.shape[-1] // heads
    query, key, value = (
        x.reshape(*x.shape[:2], heads, size).transpose(1, 2) for x in (query, key, value)
    )  # (B, H, M or N, D/H)
    out = F.scaled_dot_product_attention(query, key, value, attn_mask=keep[:, None, None, :])
    return out.transpose(1, 2).flatten(2)  # (B, M, D)
