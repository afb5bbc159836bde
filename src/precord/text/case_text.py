"""The texts that stand for a case in the joint space: its report and its statements in words."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from precord.case import Case
from precord.report import Language
from precord.text.normalise import clean_report
from precord.text.wording import word_statements


def case_texts(statements: frozenset[str], clean_reports: Sequence[str]) -> tuple[str, ...]:
    """Return what a text tower reads of a case, in a fixed order; empty if nothing is known.

    The statements are worded in both languages, so that a report's language, or that there
    is one at all, says little.
    """
    texts = [text for text in clean_reports if text]
    if statements:
        texts += [
            word_statements(statements, language).casefold()
            for language in (Language.ENGLISH, Language.GERMAN)
        ]
    return tuple(texts)


def matching_text(case: Case) -> str:
    """Return the text that the matching head reads of *case*: its report, or its statements."""
    report = clean_report(case.report.text) if case.report else ""
    return next(iter(case_texts(case.statements, [report])), "")


def mean_vectors(vectors: NDArray[np.float32], counts: Sequence[int]) -> NDArray[np.float32]:
    """Return the unit mean of each run of *vectors*; NaN where a run is empty.

    Args:
        vectors: (sum of counts, D) unit rows.
        counts: length of each run, one a case.
    """
    means = np.full((len(counts), vectors.shape[1]), np.nan, np.float32)
    start = 0
    for row, count in enumerate(counts):
        if count:
            mean = vectors[start : start + count].mean(axis=0)
            means[row] = mean / max(float(np.linalg.norm(mean)), 1e-9)
        start += count
    return means
