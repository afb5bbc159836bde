"""Tests of precord.train.eight_bits: the first reader stays, the others are nearly the same."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from tokenizers import Tokenizer

from precord.errors import ModelError
from precord.model.joint import JointModel
from precord.score import ScoreWeights
from precord.train import eight_bits
from precord.train.eight_bits import choose_inputs, to_eight_bits
from precord.train.export import export
from tests.train.conftest import SMALL, make_pool

POOL = make_pool(40)


@pytest.fixture
def towers(tokenizer: Tokenizer, tmp_path: Path) -> Path:
    """Return the exported vision towers of two readers."""
    torch.manual_seed(0)
    model = JointModel(SMALL)
    model.listen_to(JointModel(SMALL))
    export(model, tokenizer, tmp_path, score=ScoreWeights(), thresholds={})
    return tmp_path / "ecg.onnx"


def _run(path: Path) -> list[np.ndarray]:
    """Return vectors and probabilities of the first four records."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    inputs = {"pixels": POOL.pixels[:4], "mask": POOL.mask[:4], "calibrated": POOL.calibrated[:4]}
    return list(session.run(None, inputs)[:2])


def test_the_first_reader_stays_and_the_other_says_nearly_the_same(towers: Path) -> None:
    """Vectors do not move; probabilities do, a little; the file gets smaller."""
    size, (vectors, read) = towers.stat().st_size, _run(towers)

    to_eight_bits(towers, choose_inputs(POOL))

    vectors_now, read_now = _run(towers)
    assert np.array_equal(vectors, vectors_now)
    assert 0 < np.abs(read - read_now).max() < 0.02
    assert towers.stat().st_size < size
    assert sorted(p.name for p in towers.parent.glob("ecg*")) == ["ecg.onnx"]


def test_only_convolutions_of_the_other_reader_are_in_bytes(towers: Path) -> None:
    """None that the first reader has, nor the one that shares the ECG with it."""
    to_eight_bits(towers, choose_inputs(POOL))

    graph = onnx.load(towers).graph
    made_by = {name: node for node in graph.node for name in node.output}
    inputs = [
        (made_by.get(node.input[0]), node.input[1]) for node in graph.node if node.op_type == "Conv"
    ]
    in_bytes = [w for x, w in inputs if x is not None and x.op_type == "DequantizeLinear"]
    assert len(in_bytes) == sum(".readers.1." in w or "readers.1." in w for _, w in inputs) - 1
    assert all("readers.1." in weight for weight in in_bytes)


def test_towers_that_say_something_else_are_refused(
    towers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file stays as it was."""
    before = towers.read_bytes()
    monkeypatch.setattr(eight_bits, "FARTHEST", 0.0)

    with pytest.raises(ModelError, match=r"^ecg.onnx: in eight bits a probability moves by 0\.00"):
        to_eight_bits(towers, choose_inputs(POOL))

    assert towers.read_bytes() == before
    assert sorted(p.name for p in towers.parent.glob("ecg*")) == ["ecg.onnx"]
