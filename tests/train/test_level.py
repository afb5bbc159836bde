"""Tests of precord.train.level: what tells two sources of the same statements apart goes."""

from dataclasses import replace

import numpy as np
import torch
from tokenizers import Tokenizer

from precord.model.joint import JointModel
from precord.train.level import level_sources
from precord.train.pool import Pool
from precord.train.validate import embed
from tests.train.conftest import SMALL, make_pool


def _two_sources(n: int) -> Pool:
    """Return *n* normal records, those of one source higher in lead I and without a scale."""
    pool = make_pool(n)
    is_other = np.arange(n) % 2 == 1
    pixels = pool.pixels.copy()
    pixels[is_other, 0] += 1.0
    statements = (frozenset({"NORM", "SR"}),) * n
    scale = (~is_other).astype(np.float32)
    return replace(pool, pixels=pixels, calibrated=scale, statements=statements)


def _gap(model: JointModel, tokenizer: Tokenizer, pool: Pool) -> float:
    """Return how far apart the two sources' mean vectors are."""
    vectors = embed(model, tokenizer, pool).ecg
    means = [vectors[pool.calibrated == scale].mean(axis=0) for scale in (0, 1)]
    return float(np.linalg.norm(means[0] - means[1]))


def test_sources_are_no_longer_apart(tokenizer: Tokenizer) -> None:
    """Their statements are the same, so their mean vectors become the same."""
    torch.manual_seed(1)
    model, pool = JointModel(SMALL), _two_sources(60)
    before = _gap(model, tokenizer, pool)

    assert level_sources(model, embed(model, tokenizer, pool).ecg, pool)

    assert before > 0.05
    assert _gap(model, tokenizer, pool) < 0.1 * before


def test_too_few_to_know_a_mean_by_change_nothing(tokenizer: Tokenizer) -> None:
    """Nineteen of one source are too few; so are records that all have a scale."""
    torch.manual_seed(1)
    model = JointModel(SMALL)
    weight = model.readers[0].ecg_proj.weight.detach().clone()
    few, one = _two_sources(38), replace(_two_sources(60), calibrated=np.ones(60, np.float32))

    for pool in (few, one):
        assert not level_sources(model, embed(model, tokenizer, pool).ecg, pool)
    assert torch.equal(model.readers[0].ecg_proj.weight, weight)
