"""Losses, each one function of tensors; none keeps state.

Shapes: B batch, E joint dimensions, S statements.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - PyTorch's own convention


def soft_targets(relevance: Tensor, sharpness: float) -> Tensor:
    """Return rows that sum to 1, in which a record shares its weight with its likes.

    Args:
        relevance: (B, B) weighted Jaccard index, 0 to 1, 1 where sets are equal.
        sharpness: how fast the weight falls with relevance; infinity is hard targets,
            ties shared.

    Returns:
        (B, B): softmax over each row of sharpness x relevance.
    """
    if math.isinf(sharpness):  # infinity times a relevance of 0 is no number
        best = (relevance == relevance.amax(dim=-1, keepdim=True)).to(relevance.dtype)
        return best / best.sum(dim=-1, keepdim=True)
    return F.softmax(sharpness * relevance, dim=-1)


def contrastive(a: Tensor, b: Tensor, scale: Tensor, targets: Tensor) -> Tensor:
    """Return the image-text contrastive loss with soft targets.

    Differs from CLIP's (Radford et al. 2021) in its targets: two records with the same
    statements are no negatives of each other, so each row may name several answers
    (Andonian et al. 2022, arXiv:2204.04588; SoftCLIP, Gao et al. 2023, arXiv:2303.17561).

    Args:
        a: (B, E) unit vectors.
        b: (B, E) unit vectors; row i belongs to row i of *a*.
        scale: inverse temperature, a scalar.
        targets: (B, B) rows that sum to 1, symmetric in meaning: row i is what a[i] and
            b[i] should find.

    Returns:
        The mean cross entropy over both directions, a scalar.
    """
    logits = scale * a @ b.T  # (B, B)
    there = -(targets * F.log_softmax(logits, dim=1)).sum(dim=1)
    back = -(targets * F.log_softmax(logits.T, dim=1)).sum(dim=1)
    return (there + back).mean() / 2


def alike(a: Tensor, scale: Tensor, relevance: Tensor, sharpness: float) -> Tensor:
    """Return the ECG-to-ECG contrastive loss: each record against all others of the batch.

    Differs from `contrastive` in that a record never meets itself, so the targets are
    spread over the others alone (supervised contrastive learning, Khosla et al. 2020,
    arXiv:2004.11362, with graded likeness in place of equal labels).

    Args:
        a: (B, E) unit vectors.
        scale: inverse temperature, a scalar.
        relevance: (B, B) weighted Jaccard index.
        sharpness: as in `soft_targets`.
    """
    itself = torch.eye(len(a), dtype=torch.bool, device=a.device)
    logits = (scale * a @ a.T).masked_fill(itself, -1e4)
    targets = soft_targets(relevance.masked_fill(itself, -1e4), sharpness)
    return -(targets * F.log_softmax(logits, dim=1)).sum(dim=1).mean()


def statement_loss(logits: Tensor, present: Tensor) -> Tensor:
    """Return the mean binary cross entropy over records and statements, (B, S) both."""
    return F.binary_cross_entropy_with_logits(logits, present)


def matching_loss(logits: Tensor, relevance: Tensor) -> Tensor:
    """Return the image-text matching loss of pairs, their relevance as graded label.

    Differs from ALBEF's (Li et al. 2021, arXiv:2107.07651), whose negatives are all 0: a
    text of another record that says the same is a match, one that says half of it is half
    a match. Trained so, the head predicts relevance.

    Args:
        logits: (P,) of the pairs.
        relevance: (P,) weighted Jaccard index of the ECG's record and the text's, 0 to 1.
    """
    return F.binary_cross_entropy_with_logits(logits, relevance)


def draw_hard(similarity: Tensor, draws: torch.Generator | None = None) -> Tensor:
    """Return (B,) for each row another one, the likelier the more similar the two seem.

    Args:
        similarity: (B, B) logits of the contrastive loss; a row never draws itself.
        draws: generator on the same device; PyTorch's own where None.
    """
    itself = torch.eye(len(similarity), dtype=torch.bool, device=similarity.device)
    chances = F.softmax(similarity.masked_fill(itself, -torch.inf), dim=-1)
    return torch.multinomial(chances, 1, generator=draws).squeeze(-1)


def hidden_signal_weight(whole: Tensor, hidden: Tensor) -> Tensor:
    """Return (B, L, T) how much each sample counts: what was not seen ten times what was."""
    return hidden + 0.1 * (whole != 0)


def hidden_signal_loss(drawn: Tensor, whole: Tensor, hidden: Tensor) -> Tensor:
    """Return how far *drawn* is from what was hidden, and a little from what was not.

    Source: masked autoencoders (He et al. 2022, arXiv:2111.06377); unlike theirs the tower
    also sees which samples are missing.

    Args:
        drawn: (B, L, T) in sizes of each lead.
        whole: (B, L, T) signals, 0 where there never was one.
        hidden: (B, L, T) 1 where the tower did not see *whole*.
    """
    size = whole.square().mean(dim=-1, keepdim=True).sqrt()  # (B, L, 1)
    target = (whole / size.clamp(min=1e-3)).clamp(-8, 8)
    weight = hidden_signal_weight(whole, hidden)
    error: Tensor = F.smooth_l1_loss(drawn, target, reduction="none")
    return (error * weight).sum() / weight.sum().clamp(min=1)


def masked_word_loss(logits: Tensor, words: Tensor) -> Tensor:
    """Return the mean cross entropy of hidden *words* (K,) under logits (K, V); 0 if none.

    Source: Devlin et al. 2019 (arXiv:1810.04805); here the ECG helps to guess.
    """
    if len(words) == 0:
        return logits.sum() * 0.0
    return F.cross_entropy(logits, words)
