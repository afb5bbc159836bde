"""Stand-ins for the trained encoder: fast, deterministic, and right by construction."""

from collections.abc import Sequence
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from precord.encoder import EcgEncoding, QueryEncoding
from precord.record import Record
from precord.score import ScoreWeights
from precord.statements import CODES

DIM = 16


class FakeEncoder:
    """Equal inputs get equal unit vectors; the vectors mean nothing else."""

    fingerprint = "fake-encoder"
    precision = "fp32"
    dim = DIM
    score_weights = ScoreWeights(ecg=0.5)

    def encode_records(self, records: Sequence[Record]) -> EcgEncoding:
        """Return a vector that depends on the signal alone, and no statement."""
        vectors = np.stack([_unit(r.digest()) for r in records])
        return EcgEncoding(vectors, np.zeros((len(records), len(CODES)), np.float32))

    def embed_records(self, records: Sequence[Record]) -> NDArray[np.float32]:
        """Return the vectors alone."""
        return self.encode_records(records).vectors

    def encode_query(self, record: Record) -> QueryEncoding:
        """Return the same of one record."""
        found = self.encode_records([record])
        return QueryEncoding(found.vectors[0], found.statements[0])

    def read_towers(self, records: Sequence[Record]) -> NDArray[np.float32]:
        """Return what is read in each."""
        return np.stack([self.encode_query(record).statements for record in records])

    def match(self, query: QueryEncoding, texts: Sequence[str]) -> None:
        """Return that it cannot tell."""

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the normalised sum of one random vector per word."""
        sums = np.stack([sum((_unit(w) for w in t.split()), np.zeros(DIM)) for t in texts])
        norms = np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)
        return np.asarray(sums / norms, np.float32)

    def likely_statements(self, probabilities: NDArray[np.float32]) -> frozenset[str]:
        """Return the codes above one half."""
        return frozenset(c for c, p in zip(CODES, probabilities, strict=True) if p > 0.5)


def _unit(text: str) -> NDArray[np.float32]:
    """Return the unit vector that *text* always gets."""
    seed = int.from_bytes(sha256(text.encode()).digest()[:8], "big")
    vector = np.random.default_rng(seed).normal(size=DIM)
    unit: NDArray[np.float32] = (vector / np.linalg.norm(vector)).astype(np.float32)
    return unit
