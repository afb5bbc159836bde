"""Checkpoints: safetensors and JSON, written so that a killed run loses one pass at most.

A run's folder holds `last.safetensors` (model, averaged model, optimiser) with
`state.json`, `best.safetensors` (averaged model alone), `tokenizer.json` and `log.jsonl`.
Weights that do not learn (of a pretrained text tower) are not written; they are read where
they came from.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from precord.errors import ModelError


@dataclass(frozen=True, slots=True)
class State:
    """Where a run stands; all randomness of a pass comes from its seed and number."""

    passes_done: int = 0
    steps_done: int = 0
    best_score: float = -1.0
    best_pass: int = 0


def save_last(
    folder: Path,
    model: nn.Module,
    averaged: nn.Module,
    optimiser: torch.optim.Optimizer,
    state: State,
) -> None:
    """Write everything that resuming needs."""
    tensors = _prefixed("model", _learnt(model)) | _prefixed("averaged", _learnt(averaged))
    for number, slots in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{number}.{key}": torch.as_tensor(v) for key, v in slots.items()}
    _save(tensors, folder / "last.safetensors")
    _write(folder / "state.json", json.dumps(asdict(state), indent=1))


def load_last(
    folder: Path, model: nn.Module, averaged: nn.Module, optimiser: torch.optim.Optimizer
) -> State:
    """Read what `save_last` wrote into the given objects.

    Raises:
        ModelError: The folder holds no run, or one of another configuration.
    """
    try:
        tensors = load_file(folder / "last.safetensors")
        state = read_state(folder)
        if state is None:
            raise FileNotFoundError("it has no state.json")
        _load_learnt(model, _unprefixed("model", tensors))
        _load_learnt(averaged, _unprefixed("averaged", tensors))
        slots: dict[int, dict[str, Tensor]] = {}
        for key, value in _unprefixed("optimiser", tensors).items():
            number, _, name = key.partition(".")
            slots.setdefault(int(number), {})[name] = value
        groups = optimiser.state_dict()["param_groups"]
        optimiser.load_state_dict({"state": slots, "param_groups": groups})
    except (OSError, ValueError, TypeError, KeyError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise ModelError(f"{folder}: cannot resume this run: {reason}") from error
    return state


def read_state(folder: Path) -> State | None:
    """Return where the run in *folder* stands; None where there is none.

    Raises:
        ModelError: The state of the run is damaged.
    """
    try:
        return State(**json.loads((folder / "state.json").read_text("utf-8")))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise ModelError(f"{folder}: cannot resume this run: {error}") from error


def save_model(path: Path, model: nn.Module) -> None:
    """Write the weights of *model* alone."""
    _save(_learnt(model), path)


def load_model(path: Path, model: nn.Module) -> None:
    """Read weights that `save_model` wrote into *model*."""
    try:
        _load_learnt(model, load_file(path))
    except (OSError, RuntimeError) as error:
        raise ModelError(f"{path}: not weights of this model") from error


def _learnt(model: nn.Module) -> dict[str, Tensor]:
    """Return the state of *model* without the parameters that do not learn."""
    fixed = _fixed(model)
    return {name: tensor for name, tensor in model.state_dict().items() if name not in fixed}


def _load_learnt(model: nn.Module, tensors: dict[str, Tensor]) -> None:
    """Put what `_learnt` returned into *model*.

    Raises:
        RuntimeError: The state is of another model.
    """
    keys = model.load_state_dict(tensors, strict=False)
    if wrong := sorted({*keys.missing_keys, *keys.unexpected_keys} - _fixed(model)):
        raise RuntimeError(f"{wrong[0]} and {len(wrong) - 1} more do not fit the configuration")


def _fixed(model: nn.Module) -> set[str]:
    """Return the names of the parameters that do not learn."""
    return {name for name, p in model.named_parameters() if not p.requires_grad}


def _prefixed(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return *tensors* with their names behind *prefix*."""
    return {f"{prefix}.{name}": tensor for name, tensor in tensors.items()}


def _unprefixed(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors whose names stand behind *prefix*."""
    head = f"{prefix}."
    return {name[len(head) :]: t for name, t in tensors.items() if name.startswith(head)}


def _save(tensors: dict[str, Tensor], path: Path) -> None:
    """Write *tensors* to *path* at once or not at all."""
    part = path.with_suffix(".part")
    save_file({name: t.contiguous().clone() for name, t in tensors.items()}, part)
    part.replace(path)


def _write(path: Path, text: str) -> None:
    """Write *text* to *path* at once or not at all."""
    part = path.with_suffix(".part")
    part.write_text(text, "utf-8")
    part.replace(path)
