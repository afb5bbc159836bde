"""Export: a trained model becomes the folder of ONNX files that the encoder loads.

The exported towers are compared with PyTorch before the folder is complete; a difference
above 1e-4 stops the export.
"""

import json
import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from precord.errors import ModelError
from precord.leads import LEADS
from precord.model.joint import JointModel
from precord.signal.prepare import MODEL_SAMPLES, VERSION
from precord.statements import CODES

TOLERANCE = 1e-4
_OPSET = 20


class _EcgTower(nn.Module):
    """The vision side as one function of three arrays."""

    def __init__(self, model: JointModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixels: Tensor, mask: Tensor, calibrated: Tensor) -> tuple[Tensor, Tensor]:
        """Return unit vectors (B, E) and statement probabilities (B, S)."""
        out = self.model.encode_ecg(pixels, mask, calibrated)
        return out.vectors, out.logits.sigmoid()


class _TextTower(nn.Module):
    """The text side as one function of one array."""

    def __init__(self, model: JointModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: Tensor) -> Tensor:
        """Return unit vectors (B, E)."""
        return self.model.encode_text(ids)


def export(
    model: JointModel,
    tokenizer: Tokenizer,
    folder: Path,
    *,
    ecg_weight: float,
    thresholds: dict[str, float],
) -> None:
    """Write `ecg.onnx`, `text.onnx`, `tokenizer.json` and `encoder.json` into *folder*.

    Raises:
        ModelError: ONNX Runtime does not give what PyTorch gives.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model.eval()
    ecg, ids = _examples(model)
    most = model.config.text.max_tokens
    _export(_EcgTower(model), ecg, folder / "ecg.onnx", ["pixels", "mask", "calibrated"], most)
    _export(_TextTower(model), (ids,), folder / "text.onnx", ["ids"], most)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    facts = {
        "dim": model.config.dim,
        "ecg_weight": ecg_weight,
        "preparation": VERSION,
        "statements": list(CODES),
        "thresholds": {code: round(value, 4) for code, value in thresholds.items()},
    }
    (folder / "encoder.json").write_text(json.dumps(facts, indent=1) + "\n", "utf-8")


def _examples(model: JointModel) -> tuple[tuple[Tensor, ...], Tensor]:
    """Return inputs that exercise masks, absent leads and padding."""
    draw = torch.Generator().manual_seed(0)
    pixels = torch.randn(3, len(LEADS), MODEL_SAMPLES, generator=draw)
    mask = torch.ones_like(pixels)
    mask[1, 3:] = 0
    mask[2, :, 400:] = 0
    calibrated = torch.tensor([1.0, 0.0, 1.0])
    ids = torch.randint(1, model.config.text.vocabulary, (3, 17), generator=draw)
    ids[1, 5:] = 0
    return (pixels * mask, mask, calibrated), ids


def _export(
    tower: nn.Module, example: tuple[Tensor, ...], path: Path, names: list[str], max_tokens: int
) -> None:
    """Export *tower* with a free batch size, and a free length of texts; then compare."""
    tower.eval()
    batch = torch.export.Dim("batch", min=1, max=4096)
    shape: dict[int, object] = {0: batch}
    if names == ["ids"]:
        shape[1] = torch.export.Dim("tokens", min=1, max=max_tokens)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's notes on its own future
        program = torch.onnx.export(
            tower,
            example,
            dynamo=True,
            opset_version=_OPSET,
            input_names=names,
            dynamic_shapes=[shape] * len(names),
            external_data=False,
            verbose=False,
        )
    if program is None:
        raise ModelError(f"{path.name}: PyTorch exported nothing")
    program.save(str(path))
    _compare(tower, example, path, names)


def _compare(tower: nn.Module, example: tuple[Tensor, ...], path: Path, names: list[str]) -> None:
    """Refuse a file that does not give what *tower* gives, for several batch sizes."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    for rows in (1, 2, 3):
        part = tuple(tensor[:rows] for tensor in example)
        with torch.no_grad():
            expected = tower(*part)
        expected = expected if isinstance(expected, tuple) else (expected,)
        found = session.run(None, {n: t.numpy() for n, t in zip(names, part, strict=True)})
        for a, b in zip(expected, found, strict=True):
            worst = float(np.abs(a.numpy() - b).max())
            if not worst <= TOLERANCE:
                raise ModelError(f"{path.name}: differs from PyTorch by {worst:.2g}")
