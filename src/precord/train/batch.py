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
from precord.report import Language
from precord.text import word_statements
from precord.train.augment import augment
from precord.train.config import TrainConfig
from precord.train.pool import Pool
from precord.train.tokenizer import tokenize


@dataclass(frozen=True, slots=True)
class Batch:
    """What one step sees.

    Attributes:
        pixels, mask: (B, L, T), or those of pictures; calibrated: (B,).
        ids: (B, M) token ids of one text a record.
        masked_ids: (B, M) the same with some words hidden.
        present: (B, S) 1 where a statement is present.
        relevance: (B, B) weighted Jaccard index.
    """

    pixels: Tensor
    mask: Tensor
    calibrated: Tensor
    ids: Tensor
    masked_ids: Tensor
    present: Tensor
    relevance: Tensor

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
    """

    real: Pool
    simulated: Pool | None
    tokenizer: Tokenizer
    relevance: Relevance
    config: TrainConfig
    marks: Marks = OWN_MARKS

    def __len__(self) -> int:
        """Return how many batches make a pass."""
        return max(len(self.real) // self._n_real, 1)

    @property
    def _n_real(self) -> int:
        """Return how many records of a batch are real."""
        share = self.config.simulated_share if self.simulated is not None else 0.0
        return max(round(self.config.batch * (1 - share)), 1)

    def walk(self, rng: np.random.Generator) -> Iterator[Batch]:
        """Yield the batches of one pass."""
        order = rng.permutation(len(self.real))
        for i in range(len(self)):
            rows = order[i * self._n_real : (i + 1) * self._n_real]
            pools = [self.real.select(rows.tolist())]
            if self.simulated is not None and (n := self.config.batch - self._n_real):
                drawn = rng.integers(len(self.simulated), size=n).tolist()
                pools.append(self.simulated.select(drawn))
            yield self._make(pools, rng)

    def _make(self, pools: list[Pool], rng: np.random.Generator) -> Batch:
        """Return the batch that *pools* make together."""
        pixels, mask, calibrated = (
            np.concatenate([getattr(p, part) for p in pools])
            for part in ("pixels", "mask", "calibrated")
        )
        if self.config.model.vision.view.is_map:  # pictures of a beat are left as they are
            pixels, mask, calibrated = augment(pixels, mask, calibrated, self.config.augment, rng)
        statements = [codes for p in pools for codes in p.statements]
        reports = [texts for p in pools for texts in p.reports]
        texts = [draw_text(c, r, rng) for c, r in zip(statements, reports, strict=True)]
        ids = tokenize(self.tokenizer, texts)
        return Batch(
            torch.from_numpy(pixels).float(),
            torch.from_numpy(mask),
            torch.from_numpy(calibrated),
            torch.from_numpy(ids),
            torch.from_numpy(hide_words(ids, self.config.hidden_words, self.marks, rng)),
            torch.from_numpy(to_multi_hot(statements).astype(np.float32)),
            torch.from_numpy(self.relevance(statements, statements).astype(np.float32)),
        )


def draw_text(
    statements: frozenset[str], reports: tuple[str, ...], rng: np.random.Generator
) -> str:
    """Return one text of a record: a report or a wording of its statements."""
    if reports and rng.random() < 0.5:
        return str(reports[rng.integers(len(reports))])
    language = Language.GERMAN if rng.random() < 0.5 else Language.ENGLISH
    return word_statements(statements, language, rng).casefold()


def hide_words(
    ids: NDArray[np.int64], share: float, marks: Marks, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Return *ids* (B, M) with a random *share* of the words replaced by the mask token."""
    if marks.mask is None:
        return ids
    is_word = ~np.isin(ids, list(marks.fixed))
    return np.where(is_word & (rng.random(ids.shape) < share), marks.mask, ids)
