"""What one step minimises: alignment, likeness, statements, matching and hidden words.

Of several processes each encodes its own rows; see `train.processes` for why the mean of
their losses is the loss of the whole batch.

Shapes: B whole batch, b rows of this process, M text tokens, K hidden words, P pairs.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from precord.model.joint import EcgOutput, JointModel, TextOutput
from precord.model.losses import (
    alike,
    contrastive,
    draw_hard,
    hidden_signal_loss,
    hidden_signal_weight,
    masked_word_loss,
    matching_loss,
    soft_targets,
    statement_loss,
)
from precord.train.batch import Batch
from precord.train.config import TrainConfig
from precord.train.processes import ALONE, Group


@dataclass(frozen=True, slots=True)
class Losses:
    """The parts of one step's loss, and their weighted sum; without a weight a part is 0."""

    contrastive: Tensor
    alike: Tensor
    statement: Tensor
    matching: Tensor
    masked_word: Tensor
    hidden_signal: Tensor
    text: Tensor
    total: Tensor


def compute_losses(
    model: JointModel, batch: Batch, config: TrainConfig, group: Group = ALONE
) -> Losses:
    """Return the losses of *model* on *batch*, the whole of it in every process.

    Their mean over the processes is the loss of the batch.
    """
    rows = group.rows(len(batch.ids))
    with _precision(batch, config):
        ecg = model.encode_ecg(batch.pixels[rows], batch.mask[rows], batch.calibrated[rows])
        text = model.encode_text(batch.ids[rows])
    vectors = group.gather(ecg.vectors.float())  # (B, E)
    words = group.gather(text.vectors.float())  # (B, E)
    targets = soft_targets(batch.relevance, config.sharpness)
    none = torch.zeros((), device=vectors.device)
    losses = {
        "contrastive": contrastive(vectors, words, model.scale, targets),
        "alike": alike(vectors, model.scale, batch.relevance, config.sharpness),
        "statement": statement_loss(ecg.logits.float(), batch.present[rows]),
        "matching": none,
        "masked_word": none,
        "hidden_signal": none,
        "text": none,
    }
    if config.matching_weight:
        similarity = model.scale.detach() * vectors.detach() @ words.detach().T  # (B, B)
        losses["matching"] = _match(model, (ecg, text, similarity), batch, config, group)
    if config.masked_word_weight:
        losses["masked_word"] = _fill_in(model, ecg, batch, config, group)
    if config.hidden_signal_weight:
        losses["hidden_signal"] = _redraw(model, ecg, batch, group)
    if len(batch.pairs):
        losses["text"] = _align_texts(model, batch, config, group)
    total = sum((getattr(config, f"{name}_weight") * loss for name, loss in losses.items()), none)
    return Losses(**losses, total=total)


@contextmanager
def _precision(batch: Batch, config: TrainConfig) -> Iterator[None]:
    """Let the towers compute in the configured precision.

    On a processor the fused attention's gradient takes four times as long in bfloat16 as the
    plain products do.
    """
    device = batch.ids.device.type
    is_slow_fused = config.bfloat16 and device == "cpu"
    attention = sdpa_kernel(SDPBackend.MATH) if is_slow_fused else nullcontext()
    with torch.autocast(device, torch.bfloat16, enabled=config.bfloat16), attention:
        yield


def _match(
    model: JointModel,
    seen: tuple[EcgOutput, TextOutput, Tensor],
    batch: Batch,
    config: TrainConfig,
    group: Group,
) -> Tensor:
    """Return the matching loss of b true pairs and 2 b that look alike.

    The third of *seen* is the similarity (B, B) of all ECGs (rows) and texts (columns).
    """
    ecg, text, similarity = seen
    similarity = similarity.nan_to_num()  # a diverged run fails by its loss, not here
    other_text = draw_hard(similarity, group.draws)  # (B,)
    other_ecg = draw_hard(similarity.T, group.draws)  # (B,)
    rows = group.rows(len(batch.ids))
    own = torch.arange(len(batch.ids), device=batch.ids.device)[rows]  # (b,)
    ecgs = torch.cat([own, own, other_ecg[rows]])  # (P,)
    texts = torch.cat([own, other_text[rows], own])  # (P,)
    all_texts, all_ecgs = group.gather_tokens(text.tokens), group.gather_tokens(ecg.tokens)
    with _precision(batch, config):
        logits = model.match(all_texts.select(texts), all_ecgs.select(ecgs))
    return matching_loss(logits.float(), batch.relevance[ecgs, texts])


def _redraw(model: JointModel, ecg: EcgOutput, batch: Batch, group: Group) -> Tensor:
    """Return the loss of the signals that were hidden, drawn again from the ECG's tokens.

    Weighted by this process's share of what is hidden: each sample counts alike.
    """
    rows = group.rows(len(batch.ids))
    drawn = model.redraw(ecg.tokens).float()  # (b, L, T)
    loss = hidden_signal_loss(drawn, batch.whole[rows], batch.hidden[rows])
    weight = hidden_signal_weight(batch.whole, batch.hidden)  # (B, L, T)
    return loss * (group.size * weight[rows].sum() / weight.sum().clamp(min=1))


def _align_texts(model: JointModel, batch: Batch, config: TrainConfig, group: Group) -> Tensor:
    """Return the contrastive loss of the pairs of texts that have no ECG."""
    rows = group.rows(len(batch.pair_relevance))
    with _precision(batch, config):
        ones, others = (
            model.encode_text(ids[rows]).vectors.float() for ids in batch.pairs.chunk(2)
        )
    targets = soft_targets(batch.pair_relevance, config.sharpness)
    return contrastive(group.gather(ones), group.gather(others), model.scale, targets)


def _fill_in(
    model: JointModel, ecg: EcgOutput, batch: Batch, config: TrainConfig, group: Group
) -> Tensor:
    """Return the loss of the words that are hidden, told by the rest and the ECG.

    Weighted by this process's share of the hidden words: each of them counts alike.
    """
    rows = group.rows(len(batch.ids))
    hidden = batch.masked_ids != batch.ids  # (B, M)
    with _precision(batch, config):
        text = model.encode_text(batch.masked_ids[rows])
        logits = model.fill_in(text.tokens, ecg.tokens, hidden[rows])  # (K, V)
    loss = masked_word_loss(logits.float(), batch.ids[rows][hidden[rows]])
    return loss * (group.size * hidden[rows].sum() / hidden.sum().clamp(min=1))
