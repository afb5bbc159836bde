"""Training on several processes at once: each takes its rows of every batch.

All of them hold the same weights and draw the same batches. Their losses are made so that
the mean over the processes is what one process would have computed of the whole batch, and
that the mean of their gradients is its gradient: what a loss needs of other rows is gathered
with gradient. So N processes train as one does, up to rounding.

Gradients are averaged here and not by PyTorch's DistributedDataParallel: that wraps one
`forward`, and hides the towers that the losses call one by one; nor does its
batch normalisation over processes run without a GPU.

Shapes: B rows of the whole batch, W processes, B / W rows of one of them, C channels.
Source: Li et al. 2020 (arXiv:2006.15704) for data parallelism; Ioffe and Szegedy 2015
(arXiv:1502.03167) for batch normalisation.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
from torch import Tensor, distributed, nn

from precord.errors import ModelError
from precord.model.layer import Tokens

_CPU = torch.device("cpu")
_PATIENCE = timedelta(hours=2)  # the others wait while the first one validates


@dataclass(frozen=True, slots=True)
class Group:
    """The processes of a run, as one of them sees it.

    Attributes:
        rank: of this process, from 0; the first one validates, writes and reports.
        size: how many there are.
        device: that this process computes on.
        draws: common to all processes, for what they must draw alike; None takes PyTorch's own
            generator.
    """

    rank: int = 0
    size: int = 1
    device: torch.device = _CPU
    draws: torch.Generator | None = None

    def rows(self, n: int) -> slice:
        """Return which of *n* rows are this process's.

        Raises:
            ModelError: They cannot be shared out evenly.
        """
        if n % self.size:
            raise ModelError(f"a batch of {n} records cannot be shared by {self.size} processes")
        share = n // self.size
        return slice(self.rank * share, (self.rank + 1) * share)

    def gather(self, part: Tensor) -> Tensor:
        """Return (B, ...) of everybody's (B / W, ...), in order of rank, with gradient."""
        if self.size == 1:
            return part
        whole: Tensor = _Gather.apply(part, self.rank, self.size)  # type: ignore[no-untyped-call]
        return whole

    def gather_tokens(self, part: Tokens) -> Tokens:
        """Return the tokens of all rows, with gradient."""
        if self.size == 1:
            return part
        keep = self.gather(part.keep.to(torch.uint8)).bool()
        return Tokens(self.gather(part.states.float()), keep)

    def mean(self, value: Tensor) -> Tensor:
        """Return the mean of everybody's *value*, with gradient."""
        return value if self.size == 1 else self.gather(value.unsqueeze(0)).mean(dim=0)

    def average_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replace each gradient by the mean over the processes."""
        gradients = [p.grad for p in parameters if p.grad is not None]
        if self.size == 1 or not gradients:
            return
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        distributed.all_reduce(flat)
        flat /= self.size
        for gradient, new in zip(
            gradients, torch.split(flat, [g.numel() for g in gradients]), strict=True
        ):
            gradient.copy_(new.view_as(gradient))


ALONE = Group()
"""One process on the CPU."""


@contextmanager
def join(device: str) -> Iterator[Group]:
    """Yield this process's group: of `torchrun`, or this process alone.

    Raises:
        ModelError: There is no such device, or not one for each process of this machine.
    """
    if not distributed.is_torchelastic_launched():
        yield Group(device=choose_device(device, 0))
        return
    chosen = choose_device(device, int(os.environ["LOCAL_RANK"]))
    if chosen.type == "cuda":
        torch.cuda.set_device(chosen)
    backend = "nccl" if chosen.type == "cuda" else "gloo"
    distributed.init_process_group(backend, timeout=_PATIENCE)
    try:
        draws = torch.Generator(chosen)
        yield Group(distributed.get_rank(), distributed.get_world_size(), chosen, draws)
    finally:
        distributed.destroy_process_group()


def choose_device(name: str, number: int) -> torch.device:
    """Return the device that *name* means for process *number* of this machine.

    Raises:
        ModelError: There is no such device.
    """
    if name not in {"auto", "cpu", "cuda"}:
        raise ModelError(f"device {name!r}; expected auto, cpu or cuda")
    found = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if name == "cpu" or (name == "auto" and not found):
        return _CPU
    if number >= found:
        raise ModelError(f"process {number + 1} of this machine has no GPU; {found} found")
    return torch.device("cuda", number)


def share_batch_norms(model: nn.Module, group: Group) -> None:
    """Make the batch normalisations of *model* see the whole batch; weights stay where they are."""
    if group.size == 1:
        return
    for module in list(model.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.BatchNorm1d):
                setattr(module, name, SharedBatchNorm(child, group))


class SharedBatchNorm(nn.BatchNorm1d):
    """Batch normalisation (B, C, T) over the rows of all processes.

    PyTorch's own (`SyncBatchNorm`) runs on GPUs alone.
    """

    def __init__(self, norm: nn.BatchNorm1d, group: Group) -> None:
        super().__init__(norm.num_features, norm.eps, norm.momentum)
        self.group = group
        self.weight, self.bias = norm.weight, norm.bias
        self.load_state_dict(norm.state_dict())
        self.to(norm.weight.device)
        self.train(norm.training)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, C, T) of (B, C, T)."""
        if not self.training:
            return super().forward(x)
        wide = x.float()
        mean = self.group.mean(wide.mean(dim=(0, 2)))  # (C,)
        centred = wide - mean[:, None]  # (B, C, T)
        variance = self.group.mean(centred.square().mean(dim=(0, 2)))  # (C,)
        self._remember(mean, variance, n=self.group.size * x.shape[0] * x.shape[2])
        scale = self.weight * (variance + self.eps).rsqrt()  # (C,)
        return (centred * scale[:, None] + self.bias[:, None]).to(x.dtype)

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor, n: int) -> None:
        """Move the running statistics towards those of a batch of *n* values a channel."""
        step = self.momentum or 0.0
        for kept, new in (
            (self.running_mean, mean),
            (self.running_var, variance * n / max(n - 1, 1)),
        ):
            if kept is not None:
                kept.lerp_(new, step)
        if self.num_batches_tracked is not None:
            self.num_batches_tracked += 1


class _Gather(torch.autograd.Function):
    """Join the rows of all processes; backwards, add up what all of them say of one's own."""

    @staticmethod
    def forward(ctx: Any, part: Tensor, rank: int, size: int) -> Tensor:
        """Return (B, ...) of everybody's (B / W, ...)."""
        ctx.rank, ctx.rows = rank, len(part)
        parts = [torch.empty_like(part, memory_format=torch.contiguous_format) for _ in range(size)]
        distributed.all_gather(parts, part.contiguous())
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        """Return (B / W, ...): the sum over all processes of the gradient of these rows."""
        whole = gradients[0].contiguous().clone()
        distributed.all_reduce(whole)
        start = ctx.rank * ctx.rows
        return whole[start : start + ctx.rows], None, None
