"""Tests of precord.model.losses: every loss against a slow loop."""

import math

import pytest
import torch
from torch.nn.functional import normalize

from precord.model.losses import (
    alike,
    contrastive,
    draw_hard,
    hidden_signal_loss,
    masked_word_loss,
    matching_loss,
    soft_targets,
    statement_loss,
)


def _draw(rows: int = 5, dim: int = 4) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return two batches of unit vectors and a symmetric relevance with ones on the diagonal."""
    generator = torch.Generator().manual_seed(1)
    a = normalize(torch.randn(rows, dim, generator=generator), dim=-1)
    b = normalize(torch.randn(rows, dim, generator=generator), dim=-1)
    likeness = torch.rand(rows, rows, generator=generator)
    likeness = (likeness + likeness.T) / 2
    return a, b, likeness.fill_diagonal_(1.0)


def _cross_entropy(logits: list[float], targets: list[float]) -> float:
    """Return the cross entropy of one row, by the definition."""
    norm = math.log(sum(math.exp(x) for x in logits))
    return -sum(t * (x - norm) for x, t in zip(logits, targets, strict=True))


def _softmax(row: list[float]) -> list[float]:
    """Return the softmax of one row, by the definition."""
    total = sum(math.exp(x) for x in row)
    return [math.exp(x) / total for x in row]


def test_soft_targets_by_hand() -> None:
    """Two likes share what a stranger does not get: e^(2) against e^(0)."""
    found = soft_targets(torch.tensor([[1.0, 1.0, 0.0]]), 2.0)

    whole = 2 * math.exp(2) + 1
    expected = [[math.exp(2) / whole, math.exp(2) / whole, 1 / whole]]
    torch.testing.assert_close(found, torch.tensor(expected))


def test_infinite_sharpness_is_hard_targets() -> None:
    """Ties are shared, all others get nothing: what ever sharper targets come to."""
    relevance = torch.tensor([[1.0, 0.0, 0.5], [0.0, 1.0, 1.0], [0.5, 0.2, 0.4]])

    found = soft_targets(relevance, math.inf)

    expected = [[1.0, 0.0, 0.0], [0.0, 0.5, 0.5], [1.0, 0.0, 0.0]]
    torch.testing.assert_close(found, torch.tensor(expected))
    torch.testing.assert_close(found, soft_targets(relevance, 1e4))
    a, b, _ = _draw()
    loss = contrastive(a, b, torch.tensor(5.0), soft_targets(torch.eye(len(a)), math.inf))
    torch.testing.assert_close(loss, contrastive(a, b, torch.tensor(5.0), torch.eye(len(a))))
    assert alike(a, torch.tensor(5.0), torch.eye(len(a)), math.inf).isfinite()


def test_contrastive_equals_a_slow_loop() -> None:
    """The loss is the mean over both directions of row-wise cross entropies."""
    a, b, likeness = _draw()
    targets = soft_targets(likeness, 3.0)

    found = contrastive(a, b, torch.tensor(7.0), targets)

    n, total = len(a), 0.0
    for i in range(n):
        there = [7.0 * float(a[i] @ b[j]) for j in range(n)]
        back = [7.0 * float(b[i] @ a[j]) for j in range(n)]
        row = [float(t) for t in targets[i]]
        total += _cross_entropy(there, row) + _cross_entropy(back, row)
    assert float(found) == pytest.approx(total / (2 * n), rel=1e-5)


def test_contrastive_with_hard_targets_is_clip() -> None:
    """With the identity as target it is PyTorch's own cross entropy with labels 0..B-1."""
    a, b, _ = _draw()
    labels = torch.arange(len(a))
    logits = 5.0 * a @ b.T

    found = contrastive(a, b, torch.tensor(5.0), torch.eye(len(a)))

    ce = torch.nn.functional.cross_entropy
    torch.testing.assert_close(found, (ce(logits, labels) + ce(logits.T, labels)) / 2)


def test_alike_equals_a_slow_loop_that_leaves_the_record_out() -> None:
    """Neither logits nor targets know the record itself."""
    a, _, likeness = _draw()

    found = alike(a, torch.tensor(7.0), likeness, 3.0)

    n, total = len(a), 0.0
    for i in range(n):
        others = [j for j in range(n) if j != i]
        logits = [7.0 * float(a[i] @ a[j]) for j in others]
        targets = _softmax([3.0 * float(likeness[i, j]) for j in others])
        total += _cross_entropy(logits, targets)
    assert float(found) == pytest.approx(total / n, rel=1e-5)


def test_statement_loss_equals_a_slow_loop() -> None:
    """Binary cross entropy by its definition."""
    logits = torch.tensor([[0.3, -2.0], [1.5, 0.0]])
    present = torch.tensor([[1.0, 0.0], [0.0, 1.0]])

    found = statement_loss(logits, present)

    total = 0.0
    for x, y in zip(logits.flatten().tolist(), present.flatten().tolist(), strict=True):
        p = 1 / (1 + math.exp(-x))
        total -= y * math.log(p) + (1 - y) * math.log(1 - p)
    assert float(found) == pytest.approx(total / 4, rel=1e-5)


def test_matching_loss_equals_a_slow_loop() -> None:
    """Binary cross entropy with relevance as graded label."""
    logits, relevance = torch.tensor([0.5, -1.0, 2.0]), torch.tensor([1.0, 0.0, 0.4])

    found = matching_loss(logits, relevance)

    total = 0.0
    for x, y in zip(logits.tolist(), relevance.tolist(), strict=True):
        p = 1 / (1 + math.exp(-x))
        total -= y * math.log(p) + (1 - y) * math.log(1 - p)
    assert float(found) == pytest.approx(total / 3, rel=1e-5)


def test_matching_loss_is_least_at_relevance() -> None:
    """A pair of relevance .4 is best given probability .4: half a match is no mistake."""
    relevance = torch.tensor([0.4])
    at = [float(matching_loss(torch.tensor([p]).logit(), relevance)) for p in (0.3, 0.4, 0.5)]

    assert at[1] == min(at)


def test_hard_draws_follow_similarity_and_never_the_record_itself() -> None:
    """Of 4,000 draws a row of two others with odds e:1 takes the likelier 73 % of the time."""
    torch.manual_seed(0)
    similarity = torch.tensor([[9.0, 1.0, 0.0], [0.0, 9.0, 0.0], [0.0, 1.0, 9.0]])

    draws = torch.stack([draw_hard(similarity) for _ in range(4000)])  # (draws, 3)

    assert (draws != torch.arange(3)).all()
    share = float((draws[:, 0] == 1).float().mean())
    assert share == pytest.approx(math.e / (1 + math.e), abs=0.02)


def test_masked_word_loss_equals_a_slow_loop() -> None:
    """Cross entropy of the hidden words; no hidden word, no loss."""
    logits = torch.tensor([[0.1, 2.0, -1.0], [1.0, 0.0, 0.5]])

    found = masked_word_loss(logits, torch.tensor([1, 2]))

    rows = logits.tolist()
    expected = _cross_entropy(rows[0], [0, 1, 0]) + _cross_entropy(rows[1], [0, 0, 1])
    assert float(found) == pytest.approx(expected / 2, rel=1e-5)
    assert float(masked_word_loss(logits[:0], torch.tensor([], dtype=torch.long))) == 0.0


def test_hidden_signal_by_hand() -> None:
    """Ones of size one: off by a half where hidden, by two where shown, nothing where missing."""
    whole = torch.tensor([[[1.0, -1.0, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0]]])
    size = math.sqrt(3 / 4)
    hidden = torch.tensor([[[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]]])
    drawn = whole / size
    drawn[0, 0, 0] += 0.5
    drawn[0, 0, 1] += 2.0
    drawn[0, 0, 3] += 9.0
    drawn[0, 1] += 9.0

    found = hidden_signal_loss(drawn, whole, hidden)

    expected = (1.1 * 0.5**2 / 2 + 0.1 * (2.0 - 0.5)) / (1.1 + 0.1 + 0.1)
    assert found.item() == pytest.approx(expected)
