"""The tokeniser: byte-pair merges learnt from training texts alone.

Source: Hugging Face `tokenizers`; byte-pair encoding as in Sennrich et al. 2016
(arXiv:1508.07909). Texts are lower-cased and stripped of accents, so that "vänster" and
"vanster" are one word. The same texts always give the same vocabulary, which WordPiece's
trainer does not promise: it breaks ties in the order of a hash table.
"""

from collections import abc
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer
from tokenizers.models import BPE
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import Digits, Metaspace, Punctuation, Sequence
from tokenizers.trainers import BpeTrainer

from precord.errors import ModelError

PAD_TOKEN = "[PAD]"  # noqa: S105 - no secret
UNKNOWN_TOKEN = "[UNK]"  # noqa: S105 - no secret
MASK_TOKEN = "[MASK]"  # noqa: S105 - no secret
_NO_PADDING = {"pad_id": 0}


def train_tokenizer(texts: abc.Iterable[str], vocabulary: int, max_tokens: int) -> Tokenizer:
    """Return a tokeniser of at most *vocabulary* pieces that cuts at *max_tokens*."""
    tokenizer = Tokenizer(BPE(unk_token=UNKNOWN_TOKEN))
    tokenizer.normalizer = BertNormalizer(lowercase=True, strip_accents=True)
    tokenizer.pre_tokenizer = Sequence([Punctuation(), Digits(), Metaspace()])
    trainer = BpeTrainer(
        vocab_size=vocabulary,
        min_frequency=2,
        special_tokens=[PAD_TOKEN, UNKNOWN_TOKEN, MASK_TOKEN],  # ids 0, 1, 2
        show_progress=False,
    )
    tokenizer.train_from_iterator(sorted(texts), trainer)
    tokenizer.enable_padding(pad_id=0, pad_token=PAD_TOKEN)
    tokenizer.enable_truncation(max_tokens)
    return tokenizer


def load_tokenizer(path: Path) -> Tokenizer:
    """Return the tokeniser of an earlier run.

    Raises:
        ModelError: The file is missing or damaged.
    """
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises plain Exception
        raise ModelError(f"{path}: not a tokeniser") from error


def tokenize(tokenizer: Tokenizer, texts: abc.Sequence[str]) -> NDArray[np.int64]:
    """Return (texts, tokens) ids, padded where a text is shorter than the longest."""
    empty = [(tokenizer.padding or _NO_PADDING)["pad_id"]]
    return np.array([e.ids or empty for e in tokenizer.encode_batch(list(texts))], np.int64)
