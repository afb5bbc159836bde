"""The encoder: records and texts to unit vectors, by ONNX Runtime alone.

A folder of weights holds `ecg.onnx`, `text.onnx`, `tokenizer.json` and `encoder.json`.
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
from precord.image.encodings import signed_map, stack_maps
from precord.record import Record
from precord.signal.prepare import VERSION, prepare
from precord.statements import CODES

FILES = ("ecg.onnx", "text.onnx", "tokenizer.json", "encoder.json")
PRECISION = "fp32"
_BATCH = 64  # texts or records that go through a tower at once


@dataclass(frozen=True, slots=True, eq=False)
class EcgEncoding:
    """What the encoder says of a batch of ECGs.

    Attributes:
        vectors: (B, D) float32 unit rows.
        statements: (B, S) float32 probabilities, a column per code of `statements.CODES`.
    """

    vectors: NDArray[np.float32]
    statements: NDArray[np.float32]


class Encoder:
    """Two towers with their tokeniser, loaded once."""

    precision = PRECISION

    def __init__(self, folder: Path, *, threads: int = 0) -> None:
        """Load the weights in *folder*; see `load`."""
        try:
            facts = json.loads((folder / "encoder.json").read_text("utf-8"))
            self.dim = int(facts["dim"])
            self.ecg_weight = float(facts["ecg_weight"])
            self._thresholds = {str(k): float(v) for k, v in facts["thresholds"].items()}
            is_ours = facts["preparation"] == VERSION and facts["statements"] == list(CODES)
            self._ecg = _open(folder / "ecg.onnx", threads)
            self._text = _open(folder / "text.onnx", threads)
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

    def encode_records(self, records: Sequence[Record]) -> EcgEncoding:
        """Return vectors and statement probabilities of *records*, each prepared here.

        Raises:
            SignalError: A record is too short, or its first ten seconds are missing.
        """
        maps = [signed_map(prepare(record)) for record in records]
        vectors = np.empty((len(maps), self.dim), np.float32)
        statements = np.empty((len(maps), len(CODES)), np.float32)
        for start in range(0, len(maps), _BATCH):
            rows = slice(start, start + _BATCH)
            pixels, mask, calibrated = stack_maps(maps[rows])
            vectors[rows], statements[rows] = self._ecg.run(
                None, {"pixels": pixels, "mask": mask, "calibrated": calibrated}
            )
        return EcgEncoding(vectors, statements)

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return (B, D) unit vectors of *texts*, cut at the tower's length.

        The texts are to be as `text.clean_report` leaves them.
        """
        vectors = np.empty((len(texts), self.dim), np.float32)
        for start in range(0, len(texts), _BATCH):
            rows = slice(start, start + _BATCH)
            encoded = self._tokenizer.encode_batch(list(texts[rows]))
            ids = np.array([e.ids or [0] for e in encoded], np.int64)
            (vectors[rows],) = self._text.run(None, {"ids": ids})
        return vectors

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


def _open(path: Path, threads: int) -> Any:
    """Return an inference session on the CPU."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _fingerprint(folder: Path) -> str:
    """Return a hash of all that decides a vector."""
    digest = hashlib.sha256(f"{VERSION}|{PRECISION}".encode())
    for name in FILES[:3]:
        digest.update(hashlib.sha256((folder / name).read_bytes()).digest())
    return digest.hexdigest()
