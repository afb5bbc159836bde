"""Retrieval on the validation fold: what chooses the checkpoint."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from precord.metrics import top_hits
from precord.model.joint import JointModel
from precord.relevance import Relevance, StatementTable, class_share
from precord.score import ScoreWeights, score_cases
from precord.statements import CODES, to_superclasses
from precord.text import case_texts, mean_vectors
from precord.train.pool import Pool
from precord.train.tokenizer import tokenize

HITS = 10


@dataclass(frozen=True, slots=True)
class Embedded:
    """A pool in the joint space: unit vectors (N, E), and statement probabilities (N, S)."""

    ecg: NDArray[np.float32]
    text: NDArray[np.float32]
    probabilities: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Validation:
    """How well queries find their likes.

    Attributes:
        class_share: of ten hits; flattered by hits of many superclasses, so it chooses nothing.
        weighted_jaccard: of all queries; others: of those that are not only normal.
    """

    class_share: float
    weighted_jaccard: float
    others: float

    @property
    def score(self) -> float:
        """Return what the checkpoint is chosen by."""
        return self.weighted_jaccard + self.others


@torch.no_grad()
def embed(model: JointModel, tokenizer: Tokenizer, pool: Pool, batch: int = 128) -> Embedded:
    """Return *pool* in the joint space; the model is left in evaluation mode."""
    model.eval()
    device = model.log_scale.device
    ecg, probabilities = [], []
    for start in range(0, len(pool), batch):
        rows = slice(start, start + batch)
        out = model.encode_ecg(
            torch.from_numpy(pool.pixels[rows]).to(device).float(),
            torch.from_numpy(pool.mask[rows]).to(device),
            torch.from_numpy(pool.calibrated[rows]).to(device),
        )
        ecg.append(out.vectors.cpu().numpy())
        probabilities.append(out.logits.sigmoid().cpu().numpy())
    texts = [case_texts(c, r) for c, r in zip(pool.statements, pool.reports, strict=True)]
    vectors = embed_texts(model, tokenizer, [t for of_case in texts for t in of_case])
    means = mean_vectors(vectors, [len(of_case) for of_case in texts])
    return Embedded(np.concatenate(ecg), means, np.concatenate(probabilities))


@torch.no_grad()
def embed_texts(
    model: JointModel, tokenizer: Tokenizer, texts: Sequence[str], batch: int = 256
) -> NDArray[np.float32]:
    """Return (texts, E) unit vectors."""
    model.eval()
    parts = []
    for start in range(0, len(texts), batch):
        ids = torch.from_numpy(tokenize(tokenizer, texts[start : start + batch]))
        parts.append(model.encode_text(ids.to(model.log_scale.device)).vectors.cpu())
    return torch.cat(parts).numpy()


def validate(
    queries: Pool, q: Embedded, gallery: Pool, g: Embedded, weights: ScoreWeights
) -> Validation:
    """Return how *queries* find their likes in *gallery*; a patient's own records are no hits."""
    relevance = Relevance.fit(gallery.statements)(queries.statements, gallery.statements)
    owners = np.array(queries.patients, object)[:, None]
    same = (owners == np.array(gallery.patients, object)) & (owners != None)  # noqa: E711 - each
    table = StatementTable.fit(gallery.statements)
    scores = score_cases(q.ecg, q.probabilities, (g.ecg, g.text, table), weights)
    hits = top_hits(np.where(same, -np.inf, scores.total), HITS)
    likeness = np.take_along_axis(relevance, hits, axis=1).mean(axis=1)  # (Q,)
    other = np.array([to_superclasses(codes) != {"NORM"} for codes in queries.statements])
    return Validation(
        class_share(queries.statements, gallery.statements, hits),
        float(likeness.mean()),
        float(likeness[other].mean()) if other.any() else 0.0,
    )


def choose_thresholds(
    present: NDArray[np.float64], probabilities: NDArray[np.float32]
) -> dict[str, float]:
    """Return per statement the threshold of the best F1, where there are enough cases.

    A statement with fewer than five cases gets no threshold, and is never read.
    """
    thresholds = {}
    for column, code in enumerate(CODES):
        there = present[:, column] > 0
        if there.sum() < 5:
            continue
        levels = np.unique(np.quantile(probabilities[:, column], np.linspace(0.5, 0.999, 60)))
        said = probabilities[:, column][:, None] >= levels  # (N, levels)
        right = (said & there[:, None]).sum(axis=0)
        f1 = 2 * right / (said.sum(axis=0) + there.sum())
        thresholds[code] = float(levels[int(np.argmax(f1))])
    return thresholds
