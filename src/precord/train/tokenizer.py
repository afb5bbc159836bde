"""The tokeniser: a WordPiece vocabulary learnt from training texts alone.

Source: Hugging Face `tokenizers`; WordPiece as in Schuster and Nakajima 2012. Texts are
lower-cased and stripped of accents, so that "vänster" and "vanster" are one word.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.trainers import WordPieceTrainer

PAD_TOKEN = "[PAD]"  # noqa: S105 - no secret
UNKNOWN_TOKEN = "[UNK]"  # noqa: S105 - no secret


def train_tokenizer(texts: Iterable[str], vocabulary: int, max_tokens: int) -> Tokenizer:
    """Return a tokeniser of at most *vocabulary* pieces that cuts at *max_tokens*."""
    tokenizer = Tokenizer(WordPiece(unk_token=UNKNOWN_TOKEN))
    tokenizer.normalizer = BertNormalizer(lowercase=True, strip_accents=True)
    tokenizer.pre_tokenizer = BertPreTokenizer()
    trainer = WordPieceTrainer(
        vocab_size=vocabulary,
        min_frequency=2,
        special_tokens=[PAD_TOKEN, UNKNOWN_TOKEN],
        show_progress=False,
    )
    tokenizer.train_from_iterator(sorted(texts), trainer)
    tokenizer.enable_padding(pad_id=0, pad_token=PAD_TOKEN)
    tokenizer.enable_truncation(max_tokens)
    return tokenizer


def tokenize(tokenizer: Tokenizer, texts: Sequence[str]) -> NDArray[np.int64]:
    """Return (texts, tokens) ids, 0 where a text is shorter than the longest."""
    return np.array([e.ids for e in tokenizer.encode_batch(list(texts))], np.int64)
