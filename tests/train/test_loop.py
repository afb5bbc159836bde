"""Tests of precord.train.loop: it learns, it repeats itself, it resumes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from precord.errors import ModelError
from precord.model.joint import JointModel, Reader
from precord.model.losses import hidden_signal_loss
from precord.relevance import Relevance
from precord.train.batch import Batches
from precord.train.config import TrainConfig
from precord.train.loop import Progress, Run
from precord.train.objective import compute_losses
from precord.train.pool import Pool
from precord.train.texts import TextPool
from precord.train.tokenizer import tokenize
from precord.train.validate import embed
from tests.train.conftest import make_pool

# The first and the last loss of the test below, by torch 2.13.0 on a CPU with AVX-512.
GOLDEN_FIRST, GOLDEN_LAST = 8.7787, 7.9309


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    """Sums of floats depend on how many threads share them."""
    torch.set_num_threads(1)


def _make_run(config: TrainConfig, tokenizer: Tokenizer, folder: Path, n: int = 16) -> Run:
    """Return a fresh run on *n* records."""
    pool = make_pool(n)
    return Run(
        config, Batches(pool, None, tokenizer, Relevance.fit(pool.statements), config), folder
    )


def _ignore(_: Progress) -> None:
    """Hear of a pass and do nothing."""


def test_eight_pairs_can_be_learnt_by_heart(
    config: TrainConfig, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    """Each of eight ECGs finds its own text first, each text its ECG, and both match best."""
    config = replace(
        config,
        passes=160,
        learning_rate=3e-3,
        averaging=0.5,
        matching_weight=1.0,
        masked_word_weight=0.2,
    )
    run = _make_run(config, tokenizer, tmp_path, n=8)

    run.train(None, None, _ignore)

    pool = make_pool(8)
    found = embed(run.averaged, tokenizer, pool)
    scores = found.ecg @ found.text.T
    assert scores.argmax(axis=1).tolist() == list(range(8))
    assert scores.argmax(axis=0).tolist() == list(range(8))
    assert _match_all(run.averaged, tokenizer, pool).argmax(axis=1).tolist() == list(range(8))


@torch.no_grad()
def _match_all(model: JointModel, tokenizer: Tokenizer, pool: Pool) -> NDArray[np.float32]:
    """Return (N, N) how far each ECG of *pool* fits each report."""
    arrays = (pool.pixels, pool.mask, pool.calibrated)
    ecg = model.encode_ecg(*(torch.from_numpy(a) for a in arrays)).tokens
    reports = [texts[0] for texts in pool.reports]
    text = model.encode_text(torch.from_numpy(tokenize(tokenizer, reports))).tokens
    rows = [model.match(text, ecg.select(torch.tensor([i]))).numpy() for i in range(len(pool))]
    return np.stack(rows)


def test_twenty_steps_give_the_golden_loss(
    config: TrainConfig, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    """The whole chain (draws, batches, model, losses, optimiser) repeats itself within 1 %."""
    run = _make_run(config, tokenizer, tmp_path)
    losses: list[float] = []
    for number in range(10):
        losses += [run.step(b) for b in run.batches.walk(np.random.default_rng(number))]

    assert len(losses) == 20
    assert losses[0] == pytest.approx(GOLDEN_FIRST, rel=0.01)
    assert losses[-1] == pytest.approx(GOLDEN_LAST, rel=0.01)


def test_a_resumed_run_ends_where_an_unbroken_one_does(
    config: TrainConfig, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    """Stopping after a pass and going on changes no weight."""
    (tmp_path / "whole").mkdir()
    (tmp_path / "parts").mkdir()
    whole = _make_run(replace(config, passes=4), tokenizer, tmp_path / "whole")
    whole.train(None, None, _ignore)

    def stop(progress: Progress) -> None:
        if progress.number == 2:
            raise KeyboardInterrupt

    part = _make_run(replace(config, passes=4), tokenizer, tmp_path / "parts")
    with pytest.raises(KeyboardInterrupt):
        part.train(None, None, stop)
    rest = _make_run(replace(config, passes=4), tokenizer, tmp_path / "parts")
    rest.resume()
    assert rest.state.passes_done == 2
    rest.train(None, None, _ignore)

    for a, b in zip(whole.averaged.parameters(), rest.averaged.parameters(), strict=True):
        torch.testing.assert_close(a, b)


def test_validation_keeps_the_best_checkpoint(
    config: TrainConfig, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    """The best pass is the one of the best score in the log, and its weights are on disk."""
    run = _make_run(replace(config, passes=3), tokenizer, tmp_path)
    seen: list[Progress] = []
    pool = make_pool(16)
    other = replace(make_pool(16, seed=1), patients=tuple("abcdefghijklmnop"))

    state = run.train(other, pool, seen.append)

    scores = [p.validation.score for p in seen if p.validation is not None]
    assert len(scores) == 3
    assert state.best_score == max(scores)
    assert state.best_pass == scores.index(max(scores)) + 1
    assert (tmp_path / "best.safetensors").is_file()
    assert len((tmp_path / "log.jsonl").read_text().splitlines()) == 3


def test_resuming_without_a_run_is_an_error_of_one_line(
    config: TrainConfig, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    """An empty folder holds no run."""
    run = _make_run(config, tokenizer, tmp_path)

    with pytest.raises(ModelError, match="cannot resume") as caught:
        run.resume()
    assert "\n" not in str(caught.value)


def test_a_loss_that_is_not_finite_stops_the_run(
    config: TrainConfig, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    """Going on would be in vain."""
    run = _make_run(config, tokenizer, tmp_path)
    reader = run.model.readers[0]
    assert isinstance(reader, Reader)
    with torch.no_grad():
        reader.ecg_proj.weight.fill_(torch.nan)

    with pytest.raises(ModelError, match="loss is nan"):
        run.train(None, None, _ignore)


def test_what_is_hidden_can_be_learnt_by_heart(
    config: TrainConfig, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    """Spans of a flat line and of a wave: drawn again from the tokens, better than by nothing."""
    config = replace(
        config,
        passes=60,
        model=replace(config.model, redraws=True),
        augment=replace(config.augment, spans=1.0),
        hidden_signal_weight=10.0,
        learning_rate=3e-3,
        matching_weight=0.0,
        masked_word_weight=0.0,
    )
    run = _make_run(config, tokenizer, tmp_path, n=8)
    wave = np.sin(np.linspace(0, 40 * np.pi, 1000, dtype=np.float32))
    run.batches.real.pixels[:] = wave
    (batch,) = run.batches.walk(np.random.default_rng(1))
    before = compute_losses(run.model, batch, config).hidden_signal.item()

    run.train(None, None, _ignore)

    after = compute_losses(run.model, batch, config).hidden_signal.item()
    blank = hidden_signal_loss(torch.zeros_like(batch.whole), batch.whole, batch.hidden).item()
    assert after < 0.5 * min(before, blank)


def test_reports_without_ecgs_align_the_text_tower(
    config: TrainConfig, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    """Their loss falls, and without its weight in a step it is nothing."""
    config = replace(config, passes=40, text_pairs=8, learning_rate=3e-3, contrastive_weight=0.0)
    run = _make_run(config, tokenizer, tmp_path, n=8)
    codes = [frozenset({code}) for code in ("AFIB", "NORM", "PVC", "CLBBB")]
    names = ("vorhofflimmern", "normales ekg", "ventrikuläre extrasystole", "linksschenkelblock")
    run.batches = replace(run.batches, texts=TextPool(names, tuple(codes)))
    (batch,) = run.batches.walk(np.random.default_rng(1))
    before = compute_losses(run.model, batch, config).text.item()

    run.train(None, None, _ignore)

    assert compute_losses(run.model, batch, config).text.item() < before - 0.1
    alone = replace(batch, pairs=batch.pairs[:0], pair_relevance=batch.pair_relevance[:0, :0])
    assert compute_losses(run.model, alone, config).text.item() == 0
