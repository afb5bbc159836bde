"""What one step minimises: alignment, likeness, statements, matching and hidden words.

Shapes: B batch, M text tokens, P pairs.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from precord.model.joint import EcgOutput, JointModel, TextOutput
from precord.model.losses import (
    alike,
    contrastive,
    draw_hard,
    masked_word_loss,
    matching_loss,
    soft_targets,
    statement_loss,
)
from precord.train.batch import Batch
from precord.train.config import TrainConfig


@dataclass(frozen=True, slots=True)
class Losses:
    """The parts of one step's loss, and their weighted sum; without a weight a part is 0."""

    contrastive: Tensor
    alike: Tensor
    statement: Tensor
    matching: Tensor
    masked_word: Tensor
    total: Tensor


def compute_losses(model: JointModel, batch: Batch, config: TrainConfig) -> Losses:
    """Return the losses of *model* on *batch*."""
    with torch.autocast("cpu", torch.bfloat16, enabled=config.bfloat16):
        ecg = model.encode_ecg(batch.pixels, batch.mask, batch.calibrated)
        text = model.encode_text(batch.ids)
    vectors, words = ecg.vectors.float(), text.vectors.float()
    targets = soft_targets(batch.relevance, config.sharpness)
    none = torch.zeros((), device=vectors.device)
    losses = {
        "contrastive": contrastive(vectors, words, model.scale, targets),
        "alike": alike(vectors, model.scale, batch.relevance, config.sharpness),
        "statement": statement_loss(ecg.logits.float(), batch.present),
        "matching": _match(model, ecg, text, batch, config) if config.matching_weight else none,
        "masked_word": _fill_in(model, ecg, batch, config) if config.masked_word_weight else none,
    }
    total = sum((getattr(config, f"{name}_weight") * loss for name, loss in losses.items()), none)
    return Losses(**losses, total=total)


def _match(
    model: JointModel, ecg: EcgOutput, text: TextOutput, batch: Batch, config: TrainConfig
) -> Tensor:
    """Return the matching loss of B true pairs and 2 B that look alike."""
    own = torch.arange(len(batch.ids))
    with torch.no_grad():
        similarity = model.scale * ecg.vectors.float() @ text.vectors.float().T  # (B, B)
        similarity = similarity.nan_to_num()  # a diverged run fails by its loss, not here
        other_text, other_ecg = draw_hard(similarity), draw_hard(similarity.T)
    ecgs, texts = torch.cat([own, own, other_ecg]), torch.cat([own, other_text, own])  # (P,)
    with torch.autocast("cpu", torch.bfloat16, enabled=config.bfloat16):
        logits = model.match(text.tokens.select(texts), ecg.tokens.select(ecgs))
    return matching_loss(logits.float(), batch.relevance[ecgs, texts])


def _fill_in(model: JointModel, ecg: EcgOutput, batch: Batch, config: TrainConfig) -> Tensor:
    """Return the loss of the words that are hidden, told by the rest and the ECG."""
    hidden = batch.masked_ids != batch.ids  # (B, M)
    with torch.autocast("cpu", torch.bfloat16, enabled=config.bfloat16):
        text = model.encode_text(batch.masked_ids)
        logits = model.fill_in(text.tokens, ecg.tokens, hidden)  # (K, V)
    return masked_word_loss(logits.float(), batch.ids[hidden])
