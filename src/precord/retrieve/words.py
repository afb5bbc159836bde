"""Ranking by a text: the joint space, BM25 over the reports, the findings read, or all three.

Joined by reciprocal rank fusion (Cormack, Clarke and Büttcher 2009, k = 60), to which the
share of the findings asked for that a case has is added: a case that has them all gains what
first place in one ranking and in the other would be worth. Shapes: N cases.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from precord.case import Case
from precord.library.protocol import Library, Vectors
from precord.retrieve.rank import best_rows, fuse
from precord.score import compare
from precord.statements import CODES
from precord.text import Finding, State, TextQuery, parse_report
from precord.text.family import FAMILIES

_FINDINGS = 2 / 61  # what the share of findings weighs beside the two rankings
_BM25_DEPTH = 10_000  # reports ranked by BM25; beyond it a rank adds less than 1e-4


class Witness(StrEnum):
    """What finds cases by a text."""

    WORDS = "words"  # BM25 over the reports
    MEANING = "meaning"  # cosines in the joint space
    FINDINGS = "findings"  # the statements that the query names, among those of the case
    ALL = "all"


class TextEncoder(Protocol):
    """What a text search needs of an encoder."""

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return (texts, D) unit vectors."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class RankedText:
    """Scores (N,), NaN for what must not be, or was not, found; and the cosines (N,).

    Attributes:
        is_known: whether the text names a finding, or any report has a word of it.
    """

    score: NDArray[np.floating]
    ecg: NDArray[np.floating]
    report: NDArray[np.floating]
    is_known: bool


def rank_text(
    library: Library,
    encoder: TextEncoder,
    vectors: Vectors,
    query: TextQuery,
    is_allowed: NDArray[np.bool_],
    witness: Witness,
) -> RankedText:
    """Return how well each case fits what *query* looks for."""
    n = len(vectors.ids)
    found = _find_words(library, query, witness, n if not is_allowed.all() else _BM25_DEPTH)
    words = encoder.encode_texts([query.text])
    ecg, report, both = (part[0] for part in compare(words, vectors.ecg, vectors.report, 0.5))
    rankings = []
    if witness in {Witness.MEANING, Witness.ALL}:
        rankings.append(best_rows(np.where(is_allowed, both, np.nan), n))
    if witness in {Witness.WORDS, Witness.ALL}:
        rankings.append(_rank_words(found, vectors, is_allowed))
    score = fuse(n, *rankings)
    if witness in {Witness.FINDINGS, Witness.ALL}:
        share = np.where(is_allowed, _share_findings(query, vectors), 0.0)
        score = np.where(share > 0, np.nan_to_num(score) + _FINDINGS * share, score)
    return RankedText(score, ecg, report, is_known=bool(found) or _names_one(query))


def _share_findings(query: TextQuery, vectors: Vectors) -> NDArray[np.float64]:
    """Return (N,) the share of what *query* asks for that each case's statements have."""
    present = vectors.statements.present > 0
    met = [present[:, [CODES.index(code) for code in group]].any(axis=1) for group in query.wanted]
    return np.mean(met, axis=0) if met else np.zeros(len(vectors.ids))


def says_otherwise(case: Case, query: TextQuery) -> bool:
    """Tell whether the report of *case* has what is ruled out, or denies what is asked for.

    What is coded counts more than what is read: a coded statement is never taken as denied. A
    word for a family ("old infarct") is ruled out only with the whole family, and denies all
    of it.
    """
    if case.report is None or not (query.wanted or query.unwanted):
        return False
    findings = parse_report(case.report.text, with_families=True)
    present = [_codes(f) for f in findings if f.state is State.PRESENT]
    if not case.statements and any(codes <= query.unwanted for codes in present):
        return True
    said = case.statements.union(*present)
    denied = frozenset[str]().union(*(_codes(f) for f in findings if f.state is State.NEGATED))
    denied -= said
    return any(group & denied and not group & said for group in query.wanted)


def _codes(finding: Finding) -> frozenset[str]:
    """Return the codes that *finding* is of: its own, or those of its family."""
    return FAMILIES.get(finding.statement, frozenset({finding.statement}))


def _find_words(library: Library, query: TextQuery, witness: Witness, depth: int) -> list[str]:
    """Return the ids of at most *depth* cases whose report has a word of *query*, best first.

    Where words rank nothing, one case is enough to tell whether the words are known at all.
    """
    if witness in {Witness.WORDS, Witness.ALL}:
        return [case_id for case_id, _ in library.search_text(query.text, depth)]
    return [] if _names_one(query) else [i for i, _ in library.search_text(query.text, 1)]


def _names_one(query: TextQuery) -> bool:
    """Tell whether *query* names a finding, wanted or not."""
    return bool(query.wanted or query.unwanted)


def _rank_words(
    found: Sequence[str], vectors: Vectors, is_allowed: NDArray[np.bool_]
) -> NDArray[np.intp]:
    """Return the rows of the allowed cases among *found*, in their order.

    A case that was added since *vectors* were read is left for the next search.
    """
    rows = [vectors.row_of.get(case_id) for case_id in found]
    return np.array([i for i in rows if i is not None and is_allowed[i]], np.intp)
