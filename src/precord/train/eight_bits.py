"""Convolutions of the further readers in eight bits: half of the towers' time, a third of the file.

They have a say in the statements alone. The first reader, which makes the vectors that libraries
hold, stays as it is, to the bit: a convolution that shares its input with one of the first reader
is left alone too. Weights take seven of the eight bits, so that processors without instructions
for products of bytes cannot run over. Source of the method: Jacob et al. 2018 (arXiv:1712.05877);
ONNX Runtime's static quantisation does it.
"""

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from precord.errors import ModelError
from precord.train.pool import Pool

Inputs = Mapping[str, NDArray[np.float32]]
FARTHEST = 0.1  # by which a probability may move on a record that ranges were learnt from
_RECORDS = 128  # that the range of each number is learnt from
_FURTHER = re.compile(r"readers\.[1-9]\d*\.")


def choose_inputs(pool: Pool) -> list[Inputs]:
    """Return up to 128 records of *pool*, evenly drawn, as the vision towers get them."""
    step = -(-len(pool) // _RECORDS)
    return [
        {
            "pixels": pool.pixels[i : i + 1].astype(np.float32),
            "mask": pool.mask[i : i + 1],
            "calibrated": pool.calibrated[i : i + 1],
        }
        for i in range(0, len(pool), step)
    ]


def to_eight_bits(path: Path, inputs: Sequence[Inputs]) -> None:
    """Rewrite the vision towers at *path*, the ranges of whose numbers are learnt from *inputs*.

    Raises:
        ModelError: A probability moves by more than `FARTHEST`, or a vector at all.
    """
    nodes = _find_further(onnx.load(path))
    rewritten = path.with_suffix(".eight")
    with _quiet():
        quantize_static(
            path,
            rewritten,
            _Ranges(inputs),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["Conv"],
            nodes_to_quantize=nodes,
        )
    try:
        _compare(path, rewritten, inputs)
        rewritten.replace(path)
    finally:
        rewritten.unlink(missing_ok=True)


class _Ranges(CalibrationDataReader):  # type: ignore[misc]  # of a library without types
    """Hands out the inputs one by one."""

    def __init__(self, inputs: Sequence[Inputs]) -> None:
        self._left = iter(inputs)

    def get_next(self) -> Inputs | None:
        """Return the next, or None at the end."""
        return next(self._left, None)


def _find_further(model: onnx.ModelProto) -> list[str]:
    """Return the convolutions of the further readers that share no input with the first."""
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    further = {n.name for n in convolutions if any(_FURTHER.search(name) for name in n.input)}
    first = {n.input[0] for n in convolutions if n.name not in further}
    return [n.name for n in convolutions if n.name in further and n.input[0] not in first]


def _compare(before: Path, after: Path, inputs: Sequence[Inputs]) -> None:
    """Refuse a file that says something else."""
    old, new = (
        onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        for path in (before, after)
    )
    for one in inputs:
        (vector, read), (vector_now, read_now) = (s.run(None, one)[:2] for s in (old, new))
        moved = float(np.abs(read - read_now).max())
        if not np.allclose(vector, vector_now, atol=1e-6) or not moved <= FARTHEST:
            raise ModelError(f"{before.name}: in eight bits a probability moves by {moved:.2g}")


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the library's advice to itself."""
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
