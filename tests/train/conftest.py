"""A small pool and a small model, so that training can be tested in seconds."""

import numpy as np
import pytest
from tokenizers import Tokenizer

from precord.model.joint import ModelConfig
from precord.model.text import TextConfig
from precord.model.vit import VitConfig
from precord.statements import CODES, STATEMENTS
from precord.text.wording import WORDS
from precord.train.config import AugmentConfig, TrainConfig
from precord.train.pool import Pool
from precord.train.tokenizer import train_tokenizer

SMALL_TEXT = TextConfig(vocabulary=400, max_tokens=32, width=32, depth=1, heads=2, dropout=0.0)
SMALL = ModelConfig(
    vision=VitConfig(
        stem=(16, 16, 24), blocks=1, width=32, depth=1, heads=2, dropout=0.0, drop_path=0.0
    ),
    text=SMALL_TEXT,
    dim=32,
)
STILL = AugmentConfig(
    forget_scale=0.0, gain=0.0, drop_leads=0.0, window=0.0, noise=0.0, shift_seconds=0.0
)


def make_pool(n: int, seed: int = 0) -> Pool:
    """Return *n* records of noise, each with one statement of its own (n at most 71)."""
    rng = np.random.default_rng(seed)
    return Pool(
        rng.normal(0, 0.4, (n, 12, 1000)).astype(np.float32),
        np.ones((n, 12, 1000), np.float32),
        np.ones(n, np.float32),
        tuple(frozenset({code}) for code in CODES[:n]),
        tuple((STATEMENTS[code].english.casefold(),) for code in CODES[:n]),
        tuple(f"patient {i}" for i in range(n)),
        tuple(1 + i % 8 for i in range(n)),
    )


@pytest.fixture
def tokenizer() -> Tokenizer:
    """Return a tokeniser of the statements' own words."""
    texts = [word.casefold() for words in WORDS.values() for word in words]
    return train_tokenizer(texts, SMALL_TEXT.vocabulary, SMALL_TEXT.max_tokens)


@pytest.fixture
def config() -> TrainConfig:
    """Return a small run without augmentation or simulation."""
    return TrainConfig(
        corpora=(),
        model=SMALL,
        augment=STILL,
        batch=8,
        passes=2,
        warmup=0.0,
        simulated=0,
        simulated_share=0.0,
        seed=3,
    )
