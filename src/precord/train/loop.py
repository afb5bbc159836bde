"""One training run: passes over the records, averaged weights, the best checkpoint kept.

Sources: AdamW (Loshchilov and Hutter 2019, arXiv:1711.05101); cosine schedule with linear
warm-up; exponential moving average of the weights (Polyak and Juditsky 1992).
"""

import copy
import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from precord.errors import ModelError
from precord.model.hf import HfTextConfig
from precord.model.joint import JointModel
from precord.train.batch import Batch, Batches
from precord.train.checkpoint import State, load_last, save_last, save_model
from precord.train.config import TrainConfig
from precord.train.objective import compute_losses
from precord.train.pool import Pool
from precord.train.processes import ALONE, Group, share_batch_norms
from precord.train.validate import Validation, embed, validate


@dataclass(frozen=True, slots=True)
class Progress:
    """What a pass reports: its number from 1, the mean loss, and validation if there is any."""

    number: int
    loss: float
    seconds: float
    validation: Validation | None


class Run:
    """A run's life: model, averaged copy, optimiser and where it stands.

    Of several processes each has its own, all alike; the first one validates, writes and
    reports.
    """

    def __init__(
        self, config: TrainConfig, batches: Batches, folder: Path, group: Group = ALONE
    ) -> None:
        torch.manual_seed(config.seed)
        self.config, self.batches, self.folder, self.group = config, batches, folder, group
        self.model = JointModel(config.model).to(group.device)
        _require_words(self.model, config)
        fixed = {id(p): p for p in self.model.parameters() if not p.requires_grad}
        self.averaged = copy.deepcopy(self.model, fixed)  # what never changes is held once
        share_batch_norms(self.model, group)
        self.optimiser = torch.optim.AdamW(
            _groups(self.model, config), lr=config.learning_rate, betas=(0.9, 0.98)
        )
        self.state = State()

    def resume(self) -> None:
        """Go on where the run in this folder stopped."""
        self.state = load_last(self.folder, self.model, self.averaged, self.optimiser)

    def train(
        self, gallery: Pool | None, queries: Pool | None, on_pass: Callable[[Progress], None]
    ) -> State:
        """Train to the last pass; validate after each where there are queries."""
        while self.state.passes_done < self.config.passes:
            start = time.monotonic()
            loss = self._pass()
            if self.group.rank > 0:
                continue
            validation = None
            if gallery is not None and queries is not None:
                validation = self._validate(gallery, queries)
            self._keep(validation)
            on_pass(Progress(self.state.passes_done, loss, time.monotonic() - start, validation))
            self._log(loss, validation)
        return self.state

    def _pass(self) -> float:
        """Train one pass; return its mean loss."""
        number = self.state.passes_done
        rng = np.random.default_rng([self.config.seed, number])
        seed = self.config.seed * 10_000 + number
        torch.manual_seed(seed + self.group.rank * 1_000_000_007)  # dropout differs by process
        if self.group.draws is not None:
            self.group.draws.manual_seed(seed)
        self.model.train()
        total, steps = 0.0, 0
        for batch in self.batches.walk(rng, number):
            total += self.step(batch)
            steps += 1
        self.state = replace(self.state, passes_done=number + 1)
        return total / steps

    def step(self, batch: Batch) -> float:
        """Take one step; return its loss.

        Raises:
            ModelError: The loss is not finite, so that going on would be in vain.
        """
        rate = _schedule(self.state.steps_done, self.config, len(self.batches))
        for group in self.optimiser.param_groups:
            group["lr"] = self.config.learning_rate * rate * group["share"]
        losses = compute_losses(self.model, batch.to(self.group.device), self.config, self.group)
        total = self.group.mean(losses.total.detach())
        if not torch.isfinite(total):
            raise ModelError(f"the loss is {total.item()} at step {self.state.steps_done}")
        self.optimiser.zero_grad(set_to_none=True)
        losses.total.backward()  # type: ignore[no-untyped-call]
        self.group.average_gradients(self.model.parameters())
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.state = replace(self.state, steps_done=self.state.steps_done + 1)
        self._average()
        return float(total)

    @torch.no_grad()
    def _average(self) -> None:
        """Move the averaged weights towards the model's; early steps count less long."""
        steps = self.state.steps_done
        decay = min(self.config.averaging, (1 + steps) / (10 + steps))
        for mean, new in zip(self.averaged.parameters(), self.model.parameters(), strict=True):
            if new.requires_grad:
                mean.lerp_(new, 1 - decay)
        for kept, seen in zip(self.averaged.buffers(), self.model.buffers(), strict=True):
            kept.copy_(seen)

    def _validate(self, gallery: Pool, queries: Pool) -> Validation:
        """Return how the averaged model retrieves."""
        tokenizer = self.batches.tokenizer
        q, g = embed(self.averaged, tokenizer, queries), embed(self.averaged, tokenizer, gallery)
        return validate(queries, q, gallery, g, self.config.score)

    def _keep(self, validation: Validation | None) -> None:
        """Keep the last state, and the averaged weights if they are the best so far."""
        done = self.state.passes_done
        if validation is None:
            self.state = replace(self.state, best_pass=done)
            save_model(self.folder / "best.safetensors", self.averaged)
        elif validation.score > self.state.best_score:
            self.state = replace(self.state, best_score=validation.score, best_pass=done)
            save_model(self.folder / "best.safetensors", self.averaged)
        save_last(self.folder, self.model, self.averaged, self.optimiser, self.state)

    def _log(self, loss: float, validation: Validation | None) -> None:
        """Append one line of JSON to the run's log."""
        line: dict[str, float | int] = {"pass": self.state.passes_done, "loss": round(loss, 5)}
        if validation is not None:
            line |= {
                "class_share": round(validation.class_share, 4),
                "weighted_jaccard": round(validation.weighted_jaccard, 4),
                "others": round(validation.others, 4),
            }
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def _schedule(step: int, config: TrainConfig, per_pass: int) -> float:
    """Return the learning rate at *step* as a share of its peak."""
    last = config.passes * per_pass
    warm = max(config.warmup * last, 1)
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * min((step - warm) / max(last - warm, 1), 1.0)))


def _groups(model: JointModel, config: TrainConfig) -> list[dict[str, object]]:
    """Return the parameters that learn, by weight decay (matrices have it) and by rate."""
    text = config.model.text
    is_slow = isinstance(text, HfTextConfig) and text.training == "full"
    slow = {name for name, _ in model.named_parameters() if is_slow and name.startswith("text.")}
    groups = []
    for share, names_are_slow in ((1.0, False), (getattr(text, "learning_share", 1.0), True)):
        learning = [
            p
            for name, p in model.named_parameters()
            if p.requires_grad and (name in slow) == names_are_slow
        ]
        for decay, is_matrix in ((config.weight_decay, True), (0.0, False)):
            params = [p for p in learning if (p.ndim > 1) == is_matrix]
            groups.append({"params": params, "weight_decay": decay, "share": share})
    return [group for group in groups if group["params"]]


def _require_words(model: JointModel, config: TrainConfig) -> None:
    """Refuse to fill in hidden words with a text tower that has none to hide or to choose from."""
    if not config.masked_word_weight:
        return
    if model.text.marks.mask is None:
        raise ModelError("masked_word_weight: the text tower's tokeniser has no mask token; set 0")
    if model.text.words is None:
        raise ModelError("masked_word_weight: word embeddings of another width; set 0")
