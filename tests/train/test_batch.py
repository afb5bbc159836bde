"""Tests of precord.train.batch."""

from dataclasses import replace

import numpy as np
from tokenizers import Tokenizer

from precord.model.text import OWN_MARKS
from precord.relevance import Relevance
from precord.statements import CODES
from precord.train.batch import Batches, hide_words
from precord.train.config import TrainConfig
from precord.train.texts import TextPool
from tests.train.conftest import make_pool


def test_words_are_hidden_and_padding_never_is() -> None:
    """About the asked share of the words; what is not hidden stays."""
    rng = np.random.default_rng(0)
    ids = rng.integers(3, 400, (200, 40))
    ids[:, 25:] = OWN_MARKS.pad

    hidden = hide_words(ids, 0.3, OWN_MARKS, rng)

    changed = hidden != ids
    assert (hidden[changed] == OWN_MARKS.mask).all()
    assert not changed[:, 25:].any()
    assert abs(changed[:, :25].mean() - 0.3) < 0.02


def test_pairs_of_texts_say_the_same(tokenizer: Tokenizer, config: TrainConfig) -> None:
    """As many as asked for; a row without statements is never drawn; without texts none."""
    pool = make_pool(8)
    codes: tuple[frozenset[str], ...] = (
        frozenset({"AFIB"}),
        frozenset(),
        frozenset({"NORM", "SR"}),
    )
    texts = TextPool(("atrial fibrillation", "ξ", ""), codes)
    relevance = Relevance.fit(pool.statements)
    rng = np.random.default_rng(0)

    ones, others, meant = texts.draw_pairs(40, rng)
    (batch,) = Batches(
        pool, None, tokenizer, relevance, replace(config, text_pairs=6), texts=texts
    ).walk(rng)
    (without,) = Batches(pool, None, tokenizer, relevance, config).walk(rng)

    assert set(meant) == {codes[0], codes[2]}
    said = {code: {o for o, m in zip(ones, meant, strict=True) if m == code} for code in codes}
    assert said[codes[0]] == {"atrial fibrillation"}
    assert len(said[codes[2]]) > 1, "worded in several ways where there is no report"
    assert all(others)
    assert len(batch.pairs) == 12
    np.testing.assert_allclose(np.diag(batch.pair_relevance), 1.0)
    assert (len(without.pairs), len(without.pair_relevance)) == (0, 0)


def test_simulation_ends_before_the_training_does(
    tokenizer: Tokenizer, config: TrainConfig
) -> None:
    """Up to that pass half of a batch is simulated; behind it other real records are drawn."""
    real, simulated = make_pool(16), make_pool(16, seed=1)
    simulated = replace(simulated, statements=(frozenset({"PACE"}),) * 16)
    assert not any("PACE" in codes for codes in real.statements)
    config = replace(config, passes=10, simulated_share=0.5, simulated_until=0.7)
    batches = Batches(real, simulated, tokenizer, Relevance.fit(real.statements), config)
    rng = np.random.default_rng(0)
    paced = CODES.index("PACE")

    shares = [
        [batch.present[:, paced].mean().item() for batch in batches.walk(rng, number)]
        for number in (6, 7)
    ]

    assert shares == [[0.5] * 4, [0.0] * 4]
    for batch in batches.walk(rng, 7):
        assert len(set(batch.present.argmax(dim=1).tolist())) == config.batch, "each once"
