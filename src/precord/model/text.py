"""Text towers: token ids in, one feature vector and the tokens out.

A tower is our own small transformer or a pretrained model (`model.hf`); the joint model, the
fusion encoder and the losses know only `TextTower`.

Shapes: B batch, M tokens, D width, V vocabulary.
Source: Vaswani et al. 2017 (arXiv:1706.03762), encoder only, with learnt positions, the
mean of the tokens as summary.
"""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from precord.model.layer import Layer, Tokens, TowerOutput


@dataclass(frozen=True, slots=True)
class Marks:
    """Token ids that are no words.

    Attributes:
        pad: fills up the shorter texts of a batch, and stands nowhere else.
        mask: hides a word; None if the tokeniser has no such token.
        fixed: never hidden, such as padding and separators.
    """

    pad: int
    mask: int | None
    fixed: frozenset[int]


OWN_MARKS = Marks(pad=0, mask=2, fixed=frozenset({0}))
"""Of the tokeniser that a run learns; see `train.tokenizer`."""


class TextTower(Protocol):
    """What the joint model needs of a text tower.

    Attributes:
        width: D.
        vocabulary: V.
        max_tokens: texts are cut at.
        marks: of the tokeniser that the tower was made with.
    """

    width: int
    vocabulary: int
    max_tokens: int
    marks: Marks

    @property
    def words(self) -> Tensor | None:
        """Return the word embeddings (V, D), or None where they are of another width."""
        ...

    def __call__(self, ids: Tensor) -> TowerOutput:
        """Return pooled (B, D) and tokens (B, M, D) of ids (B, M), padded on the right."""
        ...


@dataclass(frozen=True, slots=True)
class TextConfig:
    """Size of our own text tower."""

    vocabulary: int = 3000
    max_tokens: int = 96
    width: int = 128
    depth: int = 2
    heads: int = 4
    dropout: float = 0.1


class TextTransformer(nn.Module):
    """Our own text tower: token ids to one vector, and to one state a token."""

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.width, self.vocabulary = config.width, config.vocabulary
        self.max_tokens, self.marks = config.max_tokens, OWN_MARKS
        self.embed = nn.Embedding(config.vocabulary, config.width, padding_idx=OWN_MARKS.pad)
        self.position = nn.Parameter(torch.empty(1, config.max_tokens, config.width))
        nn.init.normal_(self.embed.weight, std=0.02)
        nn.init.trunc_normal_(self.position, std=0.02)
        self.layers = nn.ModuleList(
            Layer(config.width, config.heads, config.dropout) for _ in range(config.depth)
        )
        self.norm = nn.LayerNorm(config.width)

    @property
    def words(self) -> Tensor:
        """Return the word embeddings (V, D)."""
        return self.embed.weight

    def forward(self, ids: Tensor) -> TowerOutput:
        """Return pooled (B, D) and tokens (B, M, D) of ids (B, M), padded where one is shorter."""
        keep = ids != self.marks.pad  # (B, M)
        x = self.embed(ids) + self.position[:, : ids.shape[1]]  # (B, M, D)
        for layer in self.layers:
            x = layer(x, keep)
        pooled = self.norm(mean_of_kept(x, keep))  # (B, D)
        return TowerOutput(pooled, Tokens(x, keep))


def mean_of_kept(states: Tensor, keep: Tensor) -> Tensor:
    """Return (B, D): the mean of the states (B, M, D) that *keep* (B, M) names; 0 of none."""
    weight = keep / keep.sum(dim=1, keepdim=True).clamp(min=1)  # (B, M)
    return (states * weight.unsqueeze(-1)).sum(dim=1)  # (B, D)
