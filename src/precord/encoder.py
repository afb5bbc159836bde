"""The encoder: records and texts to unit vectors, by ONNX Runtime alone.

A folder of weights holds `ecg.onnx`, `text.onnx`, `tokenizer.json` and `encoder.json`,
`match.onnx` if the model can judge whether a text fits an ECG, and `trees.onnx` if trees read
statements beside it.
Vectors of different weights, precision or preparation must never meet: the fingerprint
covers all of them.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from precord.errors import ModelError
from precord.image.encodings import SignedMap
from precord.image.view import EcgImage, View, stack_images, view_record
from precord.record import Record
from precord.score import ScoreWeights
from precord.signal.prepare import VERSION
from precord.statements import CODES
from precord.trees import FILE as TREES
from precord.trees import Trees

FILES = ("ecg.onnx", "text.onnx", "tokenizer.json", "encoder.json")
MATCHER = "match.onnx"
PRECISION = "fp32"
_NO_PADDING = {"pad_id": 0}
_BATCH = 64  # texts or records that go through a tower at once
_MATCH_BATCH = 32  # texts that are matched with an ECG at once


@dataclass(frozen=True, slots=True, eq=False)
class EcgEncoding:
    """What the encoder says of a batch of ECGs.

    Attributes:
        vectors: (B, D) float32 unit rows.
        statements: (B, S) float32 probabilities, a column per code of `statements.CODES`.
    """

    vectors: NDArray[np.float32]
    statements: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class QueryEncoding:
    """What the encoder says of one ECG, and what matching needs of it.

    Attributes:
        vector: (D,) float32 unit vector.
        statements: (S,) float32 probabilities.
        tokens: states (1, N, W) float32 of the vision tower, and which are real (1, N);
            None if the weights cannot match.
    """

    vector: NDArray[np.float32]
    statements: NDArray[np.float32]
    tokens: tuple[NDArray[np.float32], NDArray[np.bool_]] | None = None


class Encoder:
    """Two towers with their tokeniser, loaded once.

    Attributes:
        dim: width of a vector.
        score_weights: what a search ranks by.
        withheld: statements that the training was not to know.
        fingerprint: of all that decides a vector.
    """

    precision = PRECISION

    def __init__(self, folder: Path, *, threads: int = 0) -> None:
        """Load the weights in *folder*; see `load`."""
        if missing := next((name for name in FILES if not (folder / name).exists()), None):
            raise ModelError(f"{folder}: not usable weights: it holds no {missing}")
        try:
            facts = json.loads((folder / "encoder.json").read_text("utf-8"))
            self.dim = int(facts["dim"])
            self._view = View(facts.get("view", View.SIGNED))
            self.score_weights = ScoreWeights(**facts["score"])
            self.withheld = frozenset(map(str, facts.get("withheld", ())))
            self._thresholds = {str(k): float(v) for k, v in facts["thresholds"].items()}
            is_ours = facts["preparation"] == VERSION and facts["statements"] == list(CODES)
            self._ecg = _open(folder / "ecg.onnx", threads)
            self._ecg_outputs = [output.name for output in self._ecg.get_outputs()]
            self._text = _open(folder / "text.onnx", threads)
            self._matcher = (
                _open(folder / MATCHER, threads) if (folder / MATCHER).exists() else None
            )
            self._trees = _open_trees(folder, facts, self._view, threads)
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            self.fingerprint = _fingerprint(folder)
        except Exception as error:  # each library has its own errors; all mean the same here
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise ModelError(f"{folder}: not usable weights: {reason}") from error
        if not is_ours:
            raise ModelError(f"{folder}: weights for another version of precord")

    @classmethod
    def load(cls, folder: Path | None = None, *, threads: int = 0) -> "Encoder":
        """Return the encoder whose weights are in *folder*, or the one that ships.

        Args:
            folder: as `train` writes it.
            threads: of each tower; 0 leaves it to ONNX Runtime.

        Raises:
            ModelError: A file is missing, damaged, or of another version of precord.
        """
        if folder is None:
            return cls(Path(str(resources.files("precord") / "weights")), threads=threads)
        return cls(folder, threads=threads)

    def embed_records(self, records: Sequence[Record]) -> NDArray[np.float32]:
        """Return (B, D) unit vectors of *records*: what a library keeps of them.

        Raises:
            SignalError: A record is too short, or its first ten seconds are missing.
        """
        return self._run_towers([view_record(record, self._view) for record in records]).vectors

    def read_towers(self, records: Sequence[Record]) -> NDArray[np.float32]:
        """Return (B, S) the statement probabilities of the towers alone; raises as above."""
        return self._run_towers([view_record(record, self._view) for record in records]).statements

    def encode_records(self, records: Sequence[Record]) -> EcgEncoding:
        """Return vectors and statement probabilities of *records*; raises as above."""
        images = [view_record(record, self._view) for record in records]
        trees = self._read_trees(images)
        seen = self._run_towers(images)
        return EcgEncoding(seen.vectors, self._join_trees(trees, seen.statements))

    def _run_towers(self, images: Sequence[EcgImage]) -> EcgEncoding:
        """Return what the towers alone say, in batches."""
        vectors = np.empty((len(images), self.dim), np.float32)
        statements = np.empty((len(images), len(CODES)), np.float32)
        for start in range(0, len(images), _BATCH):
            rows = slice(start, start + _BATCH)
            vectors[rows], statements[rows] = self._ecg.run(
                self._ecg_outputs[:2], _to_inputs(images[rows])
            )
        return EcgEncoding(vectors, statements)

    def encode_query(self, record: Record) -> QueryEncoding:
        """Return what a search by *record* needs; raises as `embed_records` does."""
        images = [view_record(record, self._view)]
        trees = self._read_trees(images)  # first: towers leave nothing else in the cache
        vectors, said, *tokens = self._ecg.run(None, _to_inputs(images))
        statements = self._join_trees(trees, said)
        return QueryEncoding(vectors[0], statements[0], tuple(tokens) if tokens else None)

    def _read_trees(self, images: Sequence[EcgImage]) -> NDArray[np.float32] | None:
        """Return what the trees say of *images*, if there are any trees."""
        if self._trees is None:
            return None
        return self._trees.read([i for i in images if isinstance(i, SignedMap)])

    def _join_trees(
        self, trees: NDArray[np.float32] | None, said: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Return the probabilities (B, S) of the towers and, if there are any, the trees."""
        if self._trees is None or trees is None:
            return said
        return self._trees.join(trees, said)

    def match(self, query: QueryEncoding, texts: Sequence[str]) -> NDArray[np.float32] | None:
        """Return (B,) the probability that each of *texts* says the same as the ECG.

        Equal texts are judged once. None if these weights cannot match.
        """
        if self._matcher is None or query.tokens is None:
            return None
        states, keep = query.tokens
        found: dict[str, float] = {}
        distinct = sorted(set(texts), key=len)  # of like length, so that little is padding
        for start in range(0, len(distinct), _MATCH_BATCH):
            part = distinct[start : start + _MATCH_BATCH]
            _, text_states, text_keep = self._text.run(None, {"ids": self._tokenize(part)})
            tokens = {"text_states": text_states, "text_keep": text_keep}
            (scores,) = self._matcher.run(None, {**tokens, "states": states, "keep": keep})
            found |= dict(zip(part, scores.tolist(), strict=True))
        return np.array([found[text] for text in texts], np.float32)

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return (B, D) unit vectors of *texts*, cut at the tower's length.

        The texts are to be as `text.clean_report` leaves them.
        """
        vectors = np.empty((len(texts), self.dim), np.float32)
        for start in range(0, len(texts), _BATCH):
            rows = slice(start, start + _BATCH)
            (vectors[rows],) = self._text.run(["vectors"], {"ids": self._tokenize(texts[rows])})
        return vectors

    def _tokenize(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Return (B, M) ids, padded where a text is shorter than the longest."""
        empty = [(self._tokenizer.padding or _NO_PADDING)["pad_id"]]
        return np.array(
            [e.ids or empty for e in self._tokenizer.encode_batch(list(texts))], np.int64
        )

    def likely_statements(self, probabilities: NDArray[np.float32]) -> frozenset[str]:
        """Return the codes that a record's *probabilities* (S,) make likely.

        The threshold of each statement is the one of the best F1 on the validation fold; a
        statement too rare to set one is never read.
        """
        return frozenset(
            code
            for code, probability in zip(CODES, probabilities, strict=True)
            if probability >= self._thresholds.get(code, np.inf)
        )


def _to_inputs(images: Sequence[EcgImage]) -> dict[str, NDArray[np.float32]]:
    """Return the inputs of the vision tower."""
    pixels, mask, calibrated = stack_images(images)
    return {"pixels": pixels.astype(np.float32, copy=False), "mask": mask, "calibrated": calibrated}


def _open(path: Path, threads: int) -> Any:
    """Return an inference session on the CPU."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _open_trees(folder: Path, facts: dict[str, Any], view: View, threads: int) -> Trees | None:
    """Return the trees that *facts* names; None if there are none.

    Raises:
        ModelError: They stand beside towers whose view they cannot read.
    """
    if "trees" not in facts:
        return None
    if view is not View.SIGNED:
        raise ModelError(f"encoder.json: trees read the view {View.SIGNED} alone, not {view}")
    return Trees(folder / TREES, **facts["trees"], threads=threads)


def _fingerprint(folder: Path) -> str:
    """Return a hash of all that decides a vector or a probability."""
    digest = hashlib.sha256(f"{VERSION}|{PRECISION}".encode())
    trees = [TREES] if (folder / TREES).exists() else []
    for name in (*FILES[:3], *trees):
        digest.update(hashlib.sha256((folder / name).read_bytes()).digest())
    return digest.hexdigest()
