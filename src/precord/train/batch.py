"""Batches: augmented maps, one text each, and how alike the records are.

Each record is paired with a wording of its statements or with a report of it, by even
chance where it has both, so that the kind of text does not tell the diagnosis.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

from precord.model.text import OWN_MARKS, Marks
from precord.relevance import Relevance, to_multi_hot
from precord.train.augment import augment
from precord.train.config import TrainConfig
from precord.train.pool import Pool
from precord.train.texts import TextPool, draw_text
from precord.train.tokenizer import tokenize


@dataclass(frozen=True, slots=True)
class Batch:
    """What one step sees.

    Attributes:
        pixels, mask: (B, L, T), or those of pictures; calibrated: (B,).
        whole, hidden: (B, L, T) as in `train.augment.Augmented`; empty of pictures.
        ids: (B, M) token ids of one text a record.
        masked_ids: (B, M) the same with some words hidden.
        present: (B, S) 1 where a statement is present.
        relevance: (B, B) weighted Jaccard index.
        pairs: (2 P, M') token ids of P texts without an ECG, then of P that say the same.
        pair_relevance: (P, P).
    """

    pixels: Tensor
    mask: Tensor
    calibrated: Tensor
    whole: Tensor
    hidden: Tensor
    ids: Tensor
    masked_ids: Tensor
    present: Tensor
    relevance: Tensor
    pairs: Tensor
    pair_relevance: Tensor

    def to(self, device: torch.device) -> "Batch":
        """Return the batch on *device*."""
        return Batch(*(getattr(self, part.name).to(device) for part in fields(self)))


@dataclass(frozen=True, slots=True)
class Batches:
    """Draws the batches of a pass.

    Attributes:
        real: walked through once a pass, in random order.
        simulated: drawn from at random to fill the configured share; may be None.
        marks: of the tokeniser; without a mask token no word is hidden.
        texts: where the pairs of texts come from, if any are wanted.
    """

    real: Pool
    simulated: Pool | None
    tokenizer: Tokenizer
    relevance: Relevance
    config: TrainConfig
    marks: Marks = OWN_MARKS
    texts: TextPool | None = None

    def __len__(self) -> int:
        """Return how many batches make a pass."""
        return max(len(self.real) // self._n_real, 1)

    @property
    def _n_real(self) -> int:
        """Return how many records of a batch are real."""
        share = self.config.simulated_share if self.simulated is not None else 0.0
        return max(round(self.config.batch * (1 - share)), 1)

    def walk(self, rng: np.random.Generator, number: int = 0) -> Iterator[Batch]:
        """Yield the batches of pass *number*, from 0.

        Once simulation is over, other real records take its place in each batch.
        """
        order = rng.permutation(len(self.real))
        is_over = number >= self.config.simulated_until * self.config.passes
        for i in range(len(self)):
            rows = order[i * self._n_real : (i + 1) * self._n_real]
            pools = [self.real.select(rows.tolist())]
            if self.simulated is not None and (n := self.config.batch - self._n_real):
                if is_over:
                    others = np.setdiff1d(order, rows)
                    drawn = rng.choice(others, min(n, len(others)), replace=False).tolist()
                    pools.append(self.real.select(drawn))
                else:
                    drawn = rng.integers(len(self.simulated), size=n).tolist()
                    pools.append(self.simulated.select(drawn))
            yield self._make(pools, rng)

    def _make(self, pools: list[Pool], rng: np.random.Generator) -> Batch:
        """Return the batch that *pools* make together."""
        pixels, mask, calibrated = (
            np.concatenate([getattr(p, part) for p in pools])
            for part in ("pixels", "mask", "calibrated")
        )
        whole = hidden = np.empty(0, np.float32)
        if self.config.model.vision.view.is_map:  # pictures of a beat are left as they are
            varied = augment(pixels, mask, calibrated, self.config.augment, rng)
            pixels, mask, calibrated = varied.pixels, varied.mask, varied.calibrated
            whole, hidden = varied.whole, varied.hidden
        statements = [codes for p in pools for codes in p.statements]
        reports = [texts for p in pools for texts in p.reports]
        texts = [draw_text(c, r, rng) for c, r in zip(statements, reports, strict=True)]
        ids = tokenize(self.tokenizer, texts)
        pairs, pair_relevance = self._draw_pairs(rng)
        return Batch(
            torch.from_numpy(pixels).float(),
            torch.from_numpy(mask),
            torch.from_numpy(calibrated),
            torch.from_numpy(whole),
            torch.from_numpy(hidden),
            torch.from_numpy(ids),
            torch.from_numpy(hide_words(ids, self.config.hidden_words, self.marks, rng)),
            torch.from_numpy(to_multi_hot(statements).astype(np.float32)),
            torch.from_numpy(self.relevance(statements, statements).astype(np.float32)),
            torch.from_numpy(pairs),
            torch.from_numpy(pair_relevance),
        )

    def _draw_pairs(
        self, rng: np.random.Generator
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return token ids (2 P, M) of pairs of texts, and how alike they are (P, P)."""
        if self.texts is None:
            return np.empty((0, 1), np.int64), np.empty((0, 0), np.float32)
        ones, others, meant = self.texts.draw_pairs(self.config.text_pairs, rng)
        ids = tokenize(self.tokenizer, ones + others)
        return ids, self.relevance(meant, meant).astype(np.float32)


def hide_words(
    ids: NDArray[np.int64], share: float, marks: Marks, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Return *ids* (B, M) with a random *share* of the words replaced by the mask token."""
    if marks.mask is None:
        return ids
    is_word = ~np.isin(ids, list(marks.fixed))
    return np.where(is_word & (rng.random(ids.shape) < share), marks.mask, ids)
