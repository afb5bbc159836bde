"""Both towers and what aligns them: one space, the statement head, the fusion encoder.

Shapes: B batch, M text tokens, E joint dimensions, S statements, V vocabulary.
Source: Radford et al. 2021 (arXiv:2103.00020) for the two towers and the learnt temperature;
Li et al. 2021 (arXiv:2107.07651) for aligning before fusing; Lakshminarayanan et al. 2017
(arXiv:1612.01474) for readers that were trained apart and are averaged.
"""

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - PyTorch's own convention

from precord.errors import ModelError
from precord.leads import LEADS
from precord.model.fusion import FusionConfig, FusionEncoder
from precord.model.hf import HfTextConfig, HfTextTower
from precord.model.layer import Tokens
from precord.model.picture import PictureConfig, PictureTower
from precord.model.text import TextConfig, TextTower, TextTransformer
from precord.model.vit import VisionTower, VitConfig
from precord.signal.prepare import MODEL_SAMPLES
from precord.statements import CODES


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """Parts of the whole model.

    Attributes:
        vision, text: the towers.
        fusion: None for a model that neither matches nor fills in words.
        dim: E.
        redraws: whether the tower's tokens are taught to draw what was hidden of a map.
    """

    vision: VitConfig | PictureConfig = field(default_factory=VitConfig)
    text: TextConfig | HfTextConfig = field(default_factory=TextConfig)
    fusion: FusionConfig | None = field(default_factory=FusionConfig)
    dim: int = 256
    redraws: bool = False


@dataclass(frozen=True, slots=True)
class EcgOutput:
    """What the vision side says of ECGs.

    Attributes:
        vectors: (B, E) unit rows.
        logits: (B, S) of the statements.
        tokens: of the tower, for the fusion encoder.
    """

    vectors: Tensor
    logits: Tensor
    tokens: Tokens


@dataclass(frozen=True, slots=True)
class TextOutput:
    """What the text side says of texts: unit vectors (B, E), tokens."""

    vectors: Tensor
    tokens: Tokens


def vision_tower(config: VitConfig | PictureConfig) -> VisionTower | PictureTower:
    """Return the vision tower that *config* describes."""
    if isinstance(config, PictureConfig):
        return PictureTower(config)
    return VisionTower(config)


class Reader(nn.Module):
    """A vision tower with its way into the joint space and its statement head."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.vision = vision_tower(config.vision)
        self.ecg_proj = nn.Linear(3 * config.vision.width, config.dim)
        self.statements = nn.Linear(3 * config.vision.width, len(CODES))
        nn.init.constant_(self.statements.bias, -3.0)  # most statements are rare

    def forward(
        self, pixels: Tensor, mask: Tensor, calibrated: Tensor
    ) -> tuple[Tensor, Tensor, Tokens]:
        """Return unit vectors (B, E), statement logits (B, S), and the tower's tokens."""
        seen = self.vision(pixels, mask, calibrated)
        vectors = F.normalize(self.ecg_proj(seen.pooled), dim=-1)  # (B, E)
        return vectors, self.statements(seen.pooled), seen.tokens


class JointModel(nn.Module):
    """ECGs and reports in one space.

    Attributes:
        readers: the model's own reader first. Those of other models may join it when training
            is over; they have a say in the statements, not in the space.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.readers = nn.ModuleList([Reader(config)])
        self.text = text_tower(config.text)
        self.text_proj = nn.Linear(self.text.width, config.dim)
        self.log_scale = nn.Parameter(torch.tensor(10.0).log())
        self.fusion = self._make_fusion(config)
        self.pencil = None
        if config.redraws and isinstance(config.vision, VitConfig):
            self.pencil = nn.Linear(config.vision.width, len(LEADS) * config.vision.patch)

    def _make_fusion(self, config: ModelConfig) -> FusionEncoder | None:
        """Return the fusion encoder that *config* asks for, if it does."""
        if config.fusion is None:
            return None
        if self.text.width % config.fusion.heads:
            raise ModelError(
                f"fusion: {config.fusion.heads} heads do not divide "
                f"the text tower's width of {self.text.width}"
            )
        return FusionEncoder(self.text.width, config.vision.width, config.fusion)

    def encode_ecg(self, pixels: Tensor, mask: Tensor, calibrated: Tensor) -> EcgOutput:
        """Return vectors and tokens of the own reader, and the mean logits of all readers.

        Arguments as in the tower's `forward`.
        """
        own, *others = self.readers
        vectors, logits, tokens = own(pixels, mask, calibrated)
        said = [logits, *(reader(pixels, mask, calibrated)[1] for reader in others)]
        return EcgOutput(vectors, torch.stack(said).mean(dim=0), tokens)

    def listen_to(self, partner: "JointModel") -> None:
        """Let the readers of *partner*, trained on the same view, join those of this model."""
        self.readers.extend(partner.readers)

    def encode_text(self, ids: Tensor) -> TextOutput:
        """Return vectors and tokens of token ids (B, M)."""
        read = self.text(ids)
        vectors = F.normalize(self.text_proj(read.pooled), dim=-1)  # (B, E)
        return TextOutput(vectors, read.tokens)

    def match(self, text: Tokens, ecg: Tokens) -> Tensor:
        """Return logits (B,): how far each text fits the ECG of its row, or the one ECG.

        Raises:
            ValueError: The model has no fusion encoder.
        """
        if self.fusion is None:
            raise ValueError("this model has no fusion encoder")
        return self.fusion.match_logits(self.fusion(text, ecg), text.keep)

    def fill_in(self, text: Tokens, ecg: Tokens, hidden: Tensor) -> Tensor:
        """Return logits (K, V) of the K words that *hidden* (B, M) marks.

        Raises:
            ValueError: The model has no fusion encoder, or no word embeddings of its width.
        """
        if self.fusion is None:
            raise ValueError("this model has no fusion encoder")
        if self.text.words is None:
            raise ValueError("this model's word embeddings are of another width than its states")
        states = self.fusion(text, ecg)[hidden]  # (K, D)
        return self.fusion.word_logits(states, self.text.words)

    def redraw(self, ecg: Tokens) -> Tensor:
        """Return (B, L, T): the map, in sizes of each lead, as the tokens of an ECG tell it.

        Raises:
            ValueError: The model was not made to redraw.
        """
        if self.pencil is None:
            raise ValueError("this model does not redraw")
        patches = self.pencil(ecg.states[:, 2:])  # (B, N, L x samples of a patch)
        drawn = patches.unflatten(2, (len(LEADS), -1)).transpose(1, 2).flatten(2)
        cut: Tensor = drawn[..., :MODEL_SAMPLES]
        return cut

    @property
    def scale(self) -> Tensor:
        """Return the inverse temperature, at most 100."""
        return self.log_scale.exp().clamp(max=100.0)


def text_tower(config: TextConfig | HfTextConfig) -> TextTower:
    """Return the text tower that *config* describes.

    Raises:
        ModelError: A pretrained model cannot be used; see `model.hf`.
    """
    return TextTransformer(config) if isinstance(config, TextConfig) else HfTextTower(config)
