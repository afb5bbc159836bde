"""What the text tower learns from without ECGs: reports, and the statements that they mean.

There are five times as many reports as recordings to train on. Each is paired with a wording
of its statements, so that both languages, and a clinician's words and a machine's, come to
mean the same; a row without a report pairs two wordings.
"""

import csv
import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from precord.errors import CorpusError
from precord.report import Language
from precord.statements import CODES
from precord.text import clean_report, parse_report, word_statements

_CODES = frozenset(CODES)


@dataclass(frozen=True, slots=True)
class TextPool:
    """Reports and sets of statements, one of each a row; either may be empty where unknown."""

    reports: tuple[str, ...]
    statements: tuple[frozenset[str], ...]

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self.statements)

    def draw_pairs(
        self, n: int, rng: np.random.Generator
    ) -> tuple[list[str], list[str], list[frozenset[str]]]:
        """Return *n* texts, *n* others that say the same, and the statements that both mean.

        Rows without statements are left out.
        """
        known = [row for row, codes in enumerate(self.statements) if codes]
        rows = rng.choice(known, size=n).tolist()
        statements = [self.statements[row] for row in rows]
        ones = [self.reports[row] or _word(self.statements[row], rng) for row in rows]
        return ones, [_word(codes, rng) for codes in statements], statements


def read_texts(
    table: Path, folds: tuple[int, ...], withheld: frozenset[str] = frozenset()
) -> TextPool:
    """Return the rows of *folds* of a gzipped table with PTB-XL's columns.

    Rows that have or name one of *withheld* are left out.

    Raises:
        CorpusError: The table cannot be read.
    """
    try:
        with gzip.open(table, "rt", encoding="utf-8", newline="") as file:
            rows = [r for r in csv.DictReader(file) if int(r["strat_fold"]) in folds]
        pairs = [
            (
                clean_report(row["report"]),
                frozenset((row.get("scp_codes_onehot") or "").split(";")) & _CODES,
            )
            for row in rows
        ]
    except (OSError, ValueError, KeyError) as error:
        raise CorpusError(f"{table}: not a readable table of reports: {error}") from error
    kept = [
        (text, codes)
        for text, codes in pairs
        if (text or codes) and not codes & withheld and not names_any(text, withheld)
    ]
    return TextPool(tuple(text for text, _ in kept), tuple(codes for _, codes in kept))


def names_any(text: str, statements: frozenset[str]) -> bool:
    """Tell whether a report names one of *statements*, be it present, uncertain or denied."""
    return bool(statements) and any(f.statement in statements for f in parse_report(text))


def draw_text(
    statements: frozenset[str], reports: tuple[str, ...], rng: np.random.Generator
) -> str:
    """Return one text of a record: a report or a wording of its statements, by even chance."""
    if reports and rng.random() < 0.5:
        return str(reports[rng.integers(len(reports))])
    return _word(statements, rng)


def _word(statements: frozenset[str], rng: np.random.Generator) -> str:
    """Return *statements* in words, in either language."""
    language = Language.GERMAN if rng.random() < 0.5 else Language.ENGLISH
    return word_statements(statements, language, rng).casefold()
