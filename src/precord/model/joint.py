"""Both towers and what aligns them: projections into one space, and the statement head.

Shapes: B batch, E joint dimensions, S statements.
Source: Radford et al. 2021 (arXiv:2103.00020) for the two towers and the learnt temperature.
"""

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - PyTorch's own convention

from precord.model.text import TextConfig, TextTower
from precord.model.vit import VisionTower, VitConfig
from precord.statements import CODES


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """Sizes of the whole model."""

    vision: VitConfig = field(default_factory=VitConfig)
    text: TextConfig = field(default_factory=TextConfig)
    dim: int = 256


@dataclass(frozen=True, slots=True)
class EcgOutput:
    """What the vision side says of a batch of ECGs: unit vectors (B, E), logits (B, S)."""

    vectors: Tensor
    logits: Tensor


class JointModel(nn.Module):
    """ECGs and reports in one space."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.vision = VisionTower(config.vision)
        self.text = TextTower(config.text)
        self.ecg_proj = nn.Linear(2 * config.vision.width, config.dim)
        self.text_proj = nn.Linear(config.text.width, config.dim)
        self.statements = nn.Linear(2 * config.vision.width, len(CODES))
        nn.init.constant_(self.statements.bias, -3.0)  # most statements are rare
        self.log_scale = nn.Parameter(torch.tensor(10.0).log())

    def encode_ecg(self, pixels: Tensor, mask: Tensor, calibrated: Tensor) -> EcgOutput:
        """Return vectors and statement logits; arguments as in `VisionTower.forward`."""
        features = self.vision(pixels, mask, calibrated)  # (B, 2 D)
        vectors = F.normalize(self.ecg_proj(features), dim=-1)  # (B, E)
        return EcgOutput(vectors, self.statements(features))

    def encode_text(self, ids: Tensor) -> Tensor:
        """Return unit vectors (B, E) of token ids (B, M)."""
        return F.normalize(self.text_proj(self.text(ids)), dim=-1)

    @property
    def scale(self) -> Tensor:
        """Return the inverse temperature, at most 100."""
        return self.log_scale.exp().clamp(max=100.0)
