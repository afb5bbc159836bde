"""Export: a trained model becomes the folder of ONNX files that the encoder loads.

The exported towers are compared with PyTorch before the folder is complete; a difference
above 1e-4 stops the export.
"""

import json
import logging
import warnings
from dataclasses import asdict
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from precord.errors import ModelError
from precord.image.qiu2023 import SIZE
from precord.image.view import PATCH
from precord.leads import LEADS
from precord.model.joint import JointModel
from precord.model.layer import Tokens
from precord.score import ScoreWeights
from precord.signal.prepare import MODEL_SAMPLES, VERSION
from precord.statements import CODES

logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # that torchvision is not there
TOLERANCE = 1e-4
_OPSET = 20
_ECG_INPUTS = ("pixels", "mask", "calibrated")
_ECG_OUTPUTS = ("vectors", "statements", "states", "keep")
_TEXT_OUTPUTS = ("vectors", "states", "keep")
_MATCH_INPUTS = ("text_states", "text_keep", "states", "keep")


class _EcgTower(nn.Module):
    """The vision side as one function of three arrays."""

    def __init__(self, model: JointModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixels: Tensor, mask: Tensor, calibrated: Tensor) -> tuple[Tensor, ...]:
        """Return vectors (B, E), statement probabilities (B, S), tokens (B, N, D) and (B, N).

        Only a model that matches has a use for tokens.
        """
        out = self.model.encode_ecg(pixels, mask, calibrated)
        if self.model.fusion is None:
            return out.vectors, out.logits.sigmoid()
        return out.vectors, out.logits.sigmoid(), out.tokens.states, out.tokens.keep


class _TextTower(nn.Module):
    """The text side as one function of one array."""

    def __init__(self, model: JointModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: Tensor) -> tuple[Tensor, ...]:
        """Return unit vectors (B, E); of a model that matches also tokens (B, M, D), (B, M)."""
        out = self.model.encode_text(ids)
        if self.model.fusion is None:
            return (out.vectors,)
        return out.vectors, out.tokens.states, out.tokens.keep


class _Matcher(nn.Module):
    """The fusion encoder over the tokens of texts and of one ECG."""

    def __init__(self, model: JointModel) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, text_states: Tensor, text_keep: Tensor, states: Tensor, keep: Tensor
    ) -> Tensor:
        """Return (P,) match probabilities of P texts (P, M, D) with one ECG (1, N, W)."""
        text = Tokens(text_states, text_keep)
        return self.model.match(text, Tokens(states, keep)).sigmoid()


def export(
    model: JointModel,
    tokenizer: Tokenizer,
    folder: Path,
    *,
    score: ScoreWeights,
    thresholds: dict[str, float],
    withheld: frozenset[str] = frozenset(),
    trees: dict[str, object] | None = None,
) -> None:
    """Write `ecg.onnx`, `text.onnx`, `tokenizer.json` and `encoder.json` into *folder*.

    A model with a fusion encoder gets `match.onnx` too. The trees are there already; *trees* is
    what `trees.Trees` must know of them.

    Raises:
        ModelError: ONNX Runtime does not give what PyTorch gives.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model.eval()
    ecg, ids = _examples(model)
    rows: dict[int, object] = {0: torch.export.Dim("rows", min=1, max=4096)}
    most = model.text.max_tokens
    words = {**rows, 1: torch.export.Dim("tokens", min=1, max=most)}
    matches = model.fusion is not None
    outputs = _ECG_OUTPUTS if matches else _ECG_OUTPUTS[:2]
    _export(_EcgTower(model), ecg, folder / "ecg.onnx", _ECG_INPUTS, (rows,) * 3, outputs)
    text_outputs = _TEXT_OUTPUTS if matches else _TEXT_OUTPUTS[:1]
    _export(_TextTower(model), (ids,), folder / "text.onnx", ("ids",), (words,), text_outputs)
    if matches:
        with torch.no_grad():
            seen = model.encode_ecg(*(part[:1] for part in ecg)).tokens
            read = model.encode_text(ids).tokens
        _export(
            _Matcher(model),
            (read.states, read.keep, seen.states, seen.keep),
            folder / "match.onnx",
            _MATCH_INPUTS,
            (words, words, None, None),
            ("match",),
        )
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    facts = {
        "dim": model.config.dim,
        "score": asdict(score),
        "view": model.config.vision.view,
        "preparation": VERSION,
        "statements": list(CODES),
        "thresholds": {code: round(value, 4) for code, value in thresholds.items()},
        "withheld": sorted(withheld),
        **({"trees": trees} if trees else {}),
    }
    (folder / "encoder.json").write_text(json.dumps(facts, indent=1) + "\n", "utf-8")


def _examples(model: JointModel) -> tuple[tuple[Tensor, ...], Tensor]:
    """Return inputs that exercise masks, absent leads and padding."""
    draw = torch.Generator().manual_seed(0)
    if model.config.vision.view.is_map:
        pixels = torch.randn(3, len(LEADS), MODEL_SAMPLES, generator=draw)
        mask = torch.ones_like(pixels)
        mask[1, 3:] = 0
        mask[2, :, 400:] = 0
        pixels = pixels * mask
    else:
        pixels = torch.randint(0, 256, (3, 3, SIZE, SIZE), generator=draw).float()
        mask = torch.ones(3, SIZE // PATCH, SIZE // PATCH)
        mask[2] = 0
    calibrated = torch.tensor([1.0, 0.0, 1.0])
    length = min(17, model.text.max_tokens)
    ids = torch.randint(1, model.text.vocabulary, (3, length), generator=draw)
    ids[1, 5:] = model.text.marks.pad
    return (pixels, mask, calibrated), ids


def _export(
    tower: nn.Module,
    example: tuple[Tensor, ...],
    path: Path,
    inputs: tuple[str, ...],
    shapes: tuple[dict[int, object] | None, ...],
    outputs: tuple[str, ...],
) -> None:
    """Export *tower*, free in the dimensions that *shapes* names; then compare."""
    tower.eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's notes on its own future
        program = torch.onnx.export(
            tower,
            example,
            dynamo=True,
            opset_version=_OPSET,
            input_names=inputs,
            output_names=outputs,
            dynamic_shapes=shapes,
            external_data=False,
            verbose=False,
        )
    if program is None:
        raise ModelError(f"{path.name}: PyTorch exported nothing")
    for node in program.model.graph.all_nodes():
        node.metadata_props.clear()  # where on this machine the code of each operation lies
    program.save(str(path))
    is_free = [shape is not None for shape in shapes]
    _compare(tower, example, path, inputs, is_free)


def _compare(
    tower: nn.Module,
    example: tuple[Tensor, ...],
    path: Path,
    inputs: tuple[str, ...],
    is_free: list[bool],
) -> None:
    """Refuse a file that does not give what *tower* gives, for several batch sizes."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    for rows in (1, 2, 3):
        part = tuple(t[:rows] if free else t for t, free in zip(example, is_free, strict=True))
        with torch.no_grad():
            expected = tower(*part)
        expected = expected if isinstance(expected, tuple) else (expected,)
        found = session.run(None, {n: t.numpy() for n, t in zip(inputs, part, strict=True)})
        for a, b in zip(expected, found, strict=True):
            worst = float(np.abs(a.numpy().astype(np.float32) - b.astype(np.float32)).max())
            if not worst <= TOLERANCE:
                raise ModelError(f"{path.name}: differs from PyTorch by {worst:.2g}")
