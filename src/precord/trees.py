"""Decision trees over what was measured: a reader of statements that sees no picture.

`signal.features` says what the trees ask about. They were grown by `train.trees` on the records
that trained the towers, and lie in `trees.onnx` beside them. Source of the method: gradient
boosting, Friedman 2001, doi:10.1214/aos/1013203451. See docs/decisions/0039-trees.md.

Shapes: B records, F features, S statements.
"""

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from scipy.special import expit, logit

from precord.errors import ModelError
from precord.image.encodings import SignedMap
from precord.signal.features import FEATURES, extract_features
from precord.statements import CODES

Array = NDArray[np.float32]
FILE = "trees.onnx"
_LEAST = 1e-6  # probability of a tower; its log odds stay finite


class Trees:
    """The trees of one set of weights."""

    def __init__(
        self, path: Path, statements: Collection[str], share: float, *, threads: int = 0
    ) -> None:
        """Load them.

        Args:
            path: of the file.
            statements: that they know; of all others they say nothing.
            share: of the log odds that is theirs; the rest is the towers'.
            threads: of ONNX Runtime; 0 leaves it the choice.

        Raises:
            ModelError: They ask about other features than this version of precord measures.
        """
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self._session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
        n_features = self._session.get_inputs()[0].shape[1]
        if n_features != len(FEATURES):
            raise ModelError(f"{path}: asks about {n_features} features, not {len(FEATURES)}")
        self._share = share
        self._known = np.array([code in statements for code in CODES])

    def read(self, images: Sequence[SignedMap]) -> Array:
        """Return (B, S) log odds; NaN where no beat was found, or no tree knows a statement.

        Args:
            images: B, what the towers see.
        """
        if not images:
            return np.empty((0, len(CODES)), np.float32)
        features = np.stack([extract_features(image.to_record()) for image in images])
        (said,) = self._session.run(None, {"features": features})
        is_measured = ~np.isnan(features).all(axis=1, keepdims=True)
        return np.where(is_measured & self._known, said, np.nan).astype(np.float32)

    def join(self, said: Array, probabilities: Array) -> Array:
        """Return (B, S) what towers and trees say together: the mean of their log odds.

        Where the trees say nothing, the towers speak alone.

        Args:
            said: (B, S) by `read`.
            probabilities: (B, S) what the towers said.
        """
        towers = logit(np.clip(probabilities, _LEAST, 1 - _LEAST))
        joined = expit(towers + self._share * (said - towers))
        return np.where(np.isnan(said), probabilities, joined).astype(np.float32)
