"""The report that fits a simulated ECG: its statements in words, and nothing else."""

from collections.abc import Collection

import numpy as np

from precord.report import Language
from precord.text import word_statements


def word_report(codes: Collection[str], rng: np.random.Generator) -> dict[Language, str]:
    """Return one report a language, in words, order and punctuation drawn from *rng*."""
    return {
        language: _finish(word_statements(codes, language, rng), rng)
        for language in (Language.GERMAN, Language.ENGLISH)
    }


def _finish(text: str, rng: np.random.Generator) -> str:
    """Return *text* with or without a full stop, and in small letters as carts write it."""
    ended = f"{text}." if rng.random() < 0.6 else text
    return ended.lower() if rng.random() < 0.5 else ended[:1].upper() + ended[1:]
