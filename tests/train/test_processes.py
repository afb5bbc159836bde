"""Tests of precord.train.processes: two processes train as one does."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from torch import distributed, nn
from torch.multiprocessing.spawn import start_processes

from precord.errors import ModelError
from precord.model.fusion import FusionConfig
from precord.relevance import Relevance
from precord.train.batch import Batches
from precord.train.config import TrainConfig
from precord.train.loop import Run
from precord.train.objective import compute_losses
from precord.train.processes import Group, SharedBatchNorm, choose_device, share_batch_norms
from precord.train.texts import TextPool
from precord.train.tokenizer import load_tokenizer
from tests.train.conftest import make_pool

SIZE = 2
STEPS = 2
ROUNDING = 1e-6  # a gradient that is none


@pytest.fixture
def still(config: TrainConfig) -> TrainConfig:
    """Return a run that draws nothing but batches and hard examples: no dropout anywhere."""
    return replace(config, model=replace(config.model, fusion=FusionConfig(dropout=0.0)))


def _train(config: TrainConfig, group: Group, folder: Path) -> dict[str, torch.Tensor]:
    """Take two steps from a fixed start; return losses, weights and statistics."""
    torch.set_num_threads(1)
    pool = make_pool(8 * STEPS)
    tokenizer = load_tokenizer(folder / "tokenizer.json")
    said = tuple(reports[0] for reports in pool.reports)
    batches = Batches(
        pool,
        None,
        tokenizer,
        Relevance.fit(pool.statements),
        config,
        texts=TextPool(said, pool.statements) if config.text_pairs else None,
    )
    run = Run(config, batches, folder, group)
    run.model.train()
    assert group.draws is not None
    group.draws.manual_seed(7)
    losses = [run.step(batch) for batch in batches.walk(np.random.default_rng(0))]
    assert len(losses) == STEPS
    gradients = {
        f"gradient of {name}": p.grad
        for name, p in run.model.named_parameters()
        if p.grad is not None
    }
    return {"losses": torch.tensor(losses), **run.model.state_dict(), **gradients}


def _work(rank: int, config: TrainConfig, folder: Path) -> None:
    """Be one of two processes; leave what came out."""
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder / 'meet'}", rank=rank, world_size=SIZE
    )
    out = _train(config, Group(rank, SIZE, draws=torch.Generator()), folder)
    torch.save(out, folder / f"{rank}.pt")
    distributed.destroy_process_group()


def test_two_processes_give_the_losses_and_weights_of_one(
    still: TrainConfig, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    """All seven losses, batch normalisation and two steps of the optimiser, within 1e-5.

    Every part of the loss counts: with batches of eight, each process holds four rows and
    must see the other four.
    """
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    config = replace(
        still,
        model=replace(still.model, redraws=True),
        augment=replace(still.augment, spans=0.5),
        learning_rate=1e-4,
        matching_weight=1.0,
        masked_word_weight=1.0,
        hidden_signal_weight=1.0,
        text_pairs=6,
    )
    alone = _train(config, Group(draws=torch.Generator()), tmp_path)

    start_processes(_work, (config, tmp_path), SIZE, start_method="spawn")  # type: ignore[no-untyped-call]

    start = Run(config, _batches(config, tokenizer), tmp_path).model.state_dict()
    for rank in range(SIZE):
        found = torch.load(tmp_path / f"{rank}.pt")
        assert found.keys() == alone.keys()
        for name, expected in alone.items():
            # What batch normalisation takes away has no gradient but rounding; Adam makes a
            # whole step of it.
            gradient = alone.get(f"gradient of {name}")
            if gradient is not None and gradient.abs().max() < ROUNDING:
                continue
            torch.testing.assert_close(found[name], expected, rtol=1e-5, atol=1e-5, msg=name)
    moved = [name for name in start if not torch.equal(start[name], alone[name])]
    assert len(moved) > 0.9 * len(start)


def _batches(config: TrainConfig, tokenizer: Tokenizer) -> Batches:
    """Return batches of a small pool."""
    pool = make_pool(16)
    return Batches(pool, None, tokenizer, Relevance.fit(pool.statements), config)


def test_a_batch_that_cannot_be_shared_is_an_error(
    still: TrainConfig, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    """Uneven shares would weigh records unevenly."""
    batches = _batches(still, tokenizer)
    model = Run(still, batches, tmp_path).model
    batch = next(iter(batches.walk(np.random.default_rng(0))))

    with pytest.raises(ModelError, match="8 records cannot be shared by 3 processes"):
        compute_losses(model, batch, still, Group(0, 3))


def test_shared_batch_norm_of_one_process_equals_pytorchs() -> None:
    """Outputs, gradients and running statistics; the weights stay the same objects."""
    torch.manual_seed(0)
    oracle = nn.BatchNorm1d(5)
    nn.init.uniform_(oracle.weight)
    nn.init.uniform_(oracle.bias)
    twin = nn.BatchNorm1d(5)
    twin.load_state_dict(oracle.state_dict())
    ours = SharedBatchNorm(twin, Group())
    x = 3 + torch.randn(4, 5, 9)
    one, other = x.clone().requires_grad_(), x.clone().requires_grad_()

    for norm, given in ((oracle, one), (ours, other)):
        norm(given).pow(3).sum().backward()

    assert ours.weight is twin.weight
    torch.testing.assert_close(other.grad, one.grad, rtol=1e-4, atol=1e-4)
    for name, expected in oracle.state_dict().items():
        torch.testing.assert_close(ours.state_dict()[name], expected)
    torch.testing.assert_close(ours.eval()(x), oracle.eval()(x))


def test_one_process_keeps_pytorchs_batch_norm() -> None:
    """Nothing changes for a run on one device."""
    model = nn.Sequential(nn.BatchNorm1d(3))

    share_batch_norms(model, Group())

    assert type(model[0]) is nn.BatchNorm1d


@pytest.mark.parametrize(
    ("name", "number", "gpus", "expected"),
    [
        ("auto", 0, 0, "cpu"),
        ("auto", 1, 2, "cuda:1"),
        ("cpu", 0, 2, "cpu"),
        ("cuda", 0, 1, "cuda:0"),
    ],
)
def test_device(
    monkeypatch: pytest.MonkeyPatch, name: str, number: int, gpus: int, expected: str
) -> None:
    """A GPU for each process where there are any, unless the CPU is asked for."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpus > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)

    assert str(choose_device(name, number)) == expected


@pytest.mark.parametrize(
    ("name", "number", "words"),
    [
        ("cuda", 0, "process 1 of this machine has no GPU; 0 found"),
        ("gpu", 0, "device 'gpu'; expected auto, cpu or cuda"),
    ],
)
def test_a_device_that_is_not_there_is_an_error(
    monkeypatch: pytest.MonkeyPatch, name: str, number: int, words: str
) -> None:
    """Asked for by name, it is not replaced by another."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)

    with pytest.raises(ModelError, match=words):
        choose_device(name, number)
