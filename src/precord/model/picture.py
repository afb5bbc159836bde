"""A vision tower for pictures of a beat: the transformer that Qiu et al. 2023 start from.

Shapes: B batch, C colours (3), P pixels of a side (224), N patches (196), D width.
Source: Dosovitskiy et al. 2021 (arXiv:2010.11929), patches of 16 x 16 pixels; here trained
from nothing, small enough for a processor.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from precord.image.qiu2023 import SIZE
from precord.image.view import PATCH, View
from precord.model.layer import Layer, Tokens, TowerOutput


@dataclass(frozen=True, slots=True)
class PictureConfig:
    """Size of the tower, and the picture that it reads.

    Attributes:
        view: one of the pictures.
        dropout, drop_path: as in `VitConfig`.
    """

    view: View = View.QIU2023_GRID
    width: int = 160
    depth: int = 4
    heads: int = 4
    dropout: float = 0.0
    drop_path: float = 0.1


class PictureTower(nn.Module):
    """A picture to one vector."""

    def __init__(self, config: PictureConfig) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, config.width, PATCH, PATCH)
        self.place = nn.Parameter(torch.empty(1, (SIZE // PATCH) ** 2, config.width))
        self.summary = nn.Parameter(torch.empty(1, 1, config.width))
        nn.init.trunc_normal_(self.place, std=0.02)
        nn.init.trunc_normal_(self.summary, std=0.02)
        rates = torch.linspace(0, config.drop_path, config.depth).tolist()
        self.layers = nn.ModuleList(
            Layer(config.width, config.heads, config.dropout, rate) for rate in rates
        )
        self.norm = nn.LayerNorm(3 * config.width)

    def forward(self, pixels: Tensor, mask: Tensor, calibrated: Tensor) -> TowerOutput:
        """Return one vector a picture, and its tokens.

        Args:
            pixels: (B, C, P, P) grey levels 0 to 255.
            mask: (B, 14, 14) 1 where a patch shows something, else 0.
            calibrated: (B,); such a picture never is, so it goes no further.

        Returns:
            Pooled (B, 3 D): summary token, mean and maximum of the patches. Tokens
            (B, N + 1, D).
        """
        seen = self.patches(pixels / 127.5 - 1).flatten(2).transpose(1, 2) + self.place  # (B, N, D)
        real = mask.flatten(1)  # (B, N)
        summary = self.summary + 0 * calibrated[:, None, None]  # (B, 1, D); keeps the input
        tokens = torch.cat([summary, seen], dim=1)
        keep = torch.cat([torch.ones_like(real[:, :1]), real], dim=1) > 0  # (B, N + 1)
        for layer in self.layers:
            tokens = layer(tokens, keep)
        weight = (real / real.sum(dim=1, keepdim=True).clamp(min=1)).unsqueeze(-1)  # (B, N, 1)
        mean = (tokens[:, 1:] * weight).sum(dim=1)
        most = tokens[:, 1:].masked_fill(real.unsqueeze(-1) == 0, -1e4).amax(dim=1)
        pooled = self.norm(torch.cat([tokens[:, 0], mean, most], dim=-1))
        return TowerOutput(pooled, Tokens(tokens, keep))
