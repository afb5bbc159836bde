"""The vision tower: a signed 12-lead map in, one feature vector and its tokens out.

A residual convolutional stem over time turns columns of the map (all leads, 160 ms) into
patches, which a transformer with pre-normalisation relates to each other.

Shapes: B batch, L leads (12), T samples (1000), C channels, N patches (63), D width.
Source: Dosovitskiy et al. 2021 (arXiv:2010.11929) for the transformer over patches; Xiao et
al. 2021 (arXiv:2106.14881) for the convolutional stem; He et al. 2016 (arXiv:1603.05027)
for its residual blocks.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - PyTorch's own convention

from precord.image.view import View
from precord.leads import LEADS
from precord.model.layer import Layer, Tokens, TowerOutput
from precord.signal.prepare import MODEL_SAMPLES


@dataclass(frozen=True, slots=True)
class VitConfig:
    """Size of the vision tower.

    Attributes:
        stem: channels after each stage of the stem.
        blocks: residual blocks in each stage.
        strides: of each stage; their product is the patch length in samples.
        dropout: of attention output and MLP.
        drop_path: share of a layer's updates dropped in training, last layer; linear before.
        depth: layers of the transformer; none leaves a residual convolutional network.
        view: one of the signed maps.
    """

    stem: tuple[int, ...] = (48, 80, 160)
    blocks: int = 2
    strides: tuple[int, ...] = (2, 2, 4)
    width: int = 160
    depth: int = 2
    heads: int = 4
    dropout: float = 0.0
    drop_path: float = 0.1
    view: View = View.SIGNED

    @property
    def patch(self) -> int:
        """Return how many samples make a patch."""
        return math.prod(self.strides)


class VisionTower(nn.Module):
    """Signed map, mask and scale flag to one vector."""

    def __init__(self, config: VitConfig) -> None:
        super().__init__()
        self.stem = ConvStem(2 * len(LEADS), config)
        n_patches = self.stem.n_patches(MODEL_SAMPLES)
        self.time = nn.Parameter(torch.empty(1, n_patches, config.width))
        self.summary = nn.Parameter(torch.empty(1, 1, config.width))
        self.scale = ScaleToken(config.width)
        nn.init.trunc_normal_(self.time, std=0.02)
        nn.init.trunc_normal_(self.summary, std=0.02)
        rates = torch.linspace(0, config.drop_path, config.depth).tolist()
        self.layers = nn.ModuleList(
            Layer(config.width, config.heads, config.dropout, rate) for rate in rates
        )
        self.norm = nn.LayerNorm(3 * config.width)

    def forward(self, pixels: Tensor, mask: Tensor, calibrated: Tensor) -> TowerOutput:
        """Return one vector a map, and its tokens.

        Args:
            pixels: (B, L, T) mV or standard deviations, 0 where missing.
            mask: (B, L, T) 1 where a sample is present, else 0.
            calibrated: (B,) 1 where pixels are millivolts, else 0.

        Returns:
            Pooled (B, 3 D): the summary token, mean and maximum of the patches (what
            happens once in ten seconds drowns in a mean). Tokens (B, N + 2, D): summary,
            scale, patches.
        """
        shape, log_size, present = normalise(pixels, mask)
        patches = self.stem(torch.cat([shape, mask], dim=1)) + self.time  # (B, N, D)
        real = self.stem.coverage(mask)  # (B, N)
        scale = self.scale(log_size, present, calibrated)  # (B, 1, D)
        summary = self.summary.expand(pixels.shape[0], -1, -1)  # (B, 1, D)
        tokens = torch.cat([summary, scale, patches], dim=1)  # (B, N + 2, D)
        keep = torch.cat([torch.ones_like(real[:, :2]), real], dim=1) > 0  # (B, N + 2)
        for layer in self.layers:
            tokens = layer(tokens, keep)
        weight = (real / real.sum(dim=1, keepdim=True).clamp(min=1)).unsqueeze(-1)  # (B, N, 1)
        mean = (tokens[:, 2:] * weight).sum(dim=1)  # (B, D)
        nowhere = real.unsqueeze(-1) == 0  # (B, N, 1)
        most = tokens[:, 2:].masked_fill(nowhere, -1e4).amax(dim=1)  # (B, D)
        pooled = self.norm(torch.cat([tokens[:, 0], mean, most], dim=-1))  # (B, 3 D)
        return TowerOutput(pooled, Tokens(tokens, keep))


def normalise(pixels: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Part each lead into its shape and its size.

    Returns:
        Shape (B, L, T) with unit root mean square over the present samples; log of that
        size (B, L), 0 for absent leads; and presence (B, L), 1 or 0.
    """
    count = mask.sum(dim=-1)  # (B, L)
    present = (count > 0).to(pixels.dtype)
    power = (pixels.square() * mask).sum(dim=-1) / count.clamp(min=1)  # (B, L)
    size = (power + 1e-6).sqrt()
    shape = pixels / size.unsqueeze(-1) * mask
    return shape.clamp(-12, 12), size.log() * present, present


class ScaleToken(nn.Module):
    """One token that tells voltage: log size per lead, or that it is unknown."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mlp = nn.Sequential(
            nn.Linear(2 * len(LEADS) + 1, width), nn.GELU(), nn.Linear(width, width)
        )

    def forward(self, log_size: Tensor, present: Tensor, calibrated: Tensor) -> Tensor:
        """Return (B, 1, D) from (B, L), (B, L) and (B,)."""
        flag = calibrated.unsqueeze(-1)  # (B, 1)
        facts = torch.cat([(log_size + 1.5 * present) * flag, present, flag], dim=-1)
        token: Tensor = self.mlp(facts).unsqueeze(1)
        return token


class ConvStem(nn.Module):
    """Residual convolutions over time that end in one token a patch."""

    def __init__(self, n_channels: int, config: VitConfig) -> None:
        super().__init__()
        stages: list[nn.Module] = []
        for channels, stride in zip(config.stem, config.strides, strict=True):
            stages += [
                nn.Conv1d(n_channels, channels, 2 * stride + 3, stride, padding=stride + 1),
                *(ResidualBlock(channels) for _ in range(config.blocks)),
            ]
            n_channels = channels
        self.strides = config.strides
        self.stages = nn.Sequential(*stages)
        self.proj = nn.Sequential(
            nn.BatchNorm1d(n_channels), nn.GELU(), nn.Conv1d(n_channels, config.width, 1)
        )

    def forward(self, channels: Tensor) -> Tensor:
        """Return patches (B, N, D) of a (B, C, T) input."""
        out: Tensor = self.proj(self.stages(channels)).transpose(1, 2)
        return out

    def n_patches(self, n_samples: int) -> int:
        """Return how many patches *n_samples* make."""
        for stride in self.strides:
            n_samples = (n_samples - 1) // stride + 1
        return n_samples

    def coverage(self, mask: Tensor) -> Tensor:
        """Return (B, N), 1 where any lead has a sample in the patch, else 0."""
        length = 1
        for stride in self.strides:
            length *= stride
        there = mask.amax(dim=1)  # (B, T)
        there = F.pad(there, (0, -there.shape[-1] % length))
        covered: Tensor = there.reshape(there.shape[0], -1, length).amax(dim=-1)
        return covered  # (B, N)


class ResidualBlock(nn.Module):
    """Two pre-activated convolutions beside an identity."""

    def __init__(self, channels: int, kernel: int = 5) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.BatchNorm1d(channels),
            nn.GELU(),
            nn.Conv1d(channels, channels, kernel, padding=kernel // 2),
            nn.BatchNorm1d(channels),
            nn.GELU(),
            nn.Conv1d(channels, channels, kernel, padding=kernel // 2),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, C, T) of (B, C, T)."""
        out: Tensor = x + self.body(x)
        return out
