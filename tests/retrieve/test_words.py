"""Tests of precord.retrieve.words: what each witness finds, worked by hand."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from precord.case import Case
from precord.criteria import Criteria
from precord.library.sqlite import SqliteLibrary
from precord.report import Language, Report, Source
from precord.retrieve import Retriever, Witness
from precord.retrieve.words import says_otherwise
from precord.text import read_query
from tests.fakes import DIM, FakeEncoder

REPORTS = {  # id -> statements, report
    "flutter": ("AFLT", "vorhofflattern"),
    "fibrillation": ("AFIB", "absolute arrhythmie"),
    "both": ("AFIB CLBBB", "linksschenkelblock"),
    "said": ("", "vorhofflimmern"),
    "denied": ("SR", "sinusrhythmus, kein vorhofflimmern"),
    "none": ("SR", "sinusrhythmus"),
}


def _case(name: str, statements: str, text: str) -> Case:
    """Return a case."""
    report = Report(text, Language.GERMAN, Source.CLINICIAN) if text else None
    return Case(name, None, frozenset(statements.split()), report)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[SqliteLibrary]:
    """Return a library of the cases above, each report's vector made by the fake encoder."""
    encoder = FakeEncoder()
    with SqliteLibrary.create(tmp_path / "lib.db", "fake-encoder", "fp32", DIM) as library:
        cases = [_case(name, *row) for name, row in REPORTS.items()]
        vectors = encoder.encode_texts([text for _, text in REPORTS.values()])
        library.add(cases, np.full((len(cases), DIM), np.nan, np.float32), vectors)
        yield library


def _find(library: SqliteLibrary, text: str, witness: Witness, k: int = 10) -> list[str]:
    """Return the ids of the hits."""
    found = Retriever(library, FakeEncoder()).by_text(text, k=k, witness=witness)
    return [hit.case.id for hit in found.hits]


def test_words_find_the_words(library: SqliteLibrary) -> None:
    """BM25 knows reports and statements' names, no synonyms of the report; a denial stays out."""
    assert _find(library, "linksschenkelblock", Witness.WORDS) == ["both"]
    assert _find(library, "vorhofflimmern", Witness.WORDS)[0] == "said"
    assert "denied" not in _find(library, "vorhofflimmern", Witness.WORDS)
    assert _find(library, "xyzzy", Witness.WORDS) == []


def test_meaning_ranks_every_case_with_a_vector(library: SqliteLibrary) -> None:
    """The joint space alone: the same text first, and all others behind it."""
    hits = _find(library, "absolute arrhythmie", Witness.MEANING)
    assert hits[0] == "fibrillation"
    assert len(hits) == 5, "all but the one whose report denies it"


def test_findings_are_statements(library: SqliteLibrary) -> None:
    """A case is found by its codes, whatever its report says, and only by them."""
    assert _find(library, "AF", Witness.FINDINGS) == ["fibrillation", "both"]
    assert _find(library, "AF with LBBB", Witness.FINDINGS) == ["both", "fibrillation"]
    assert _find(library, "xyzzy", Witness.FINDINGS) == []


def test_all_together_by_hand(library: SqliteLibrary) -> None:
    """Words first (1/61), meaning first (1/61), all findings (2/61): four sixty-firsts."""
    found = Retriever(library, FakeEncoder()).by_text("linksschenkelblock", k=1)
    assert found.hits[0].case.id == "both"
    assert found.hits[0].score == pytest.approx(4 / 61)


def test_what_is_ruled_out_is_no_hit(library: SqliteLibrary) -> None:
    """Neither by code, nor by a report where nothing is coded; the note counts the coded."""
    result = Retriever(library, FakeEncoder()).by_text("sinusrhythmus ohne vorhofflimmern")
    hits = {hit.case.id for hit in result.hits}
    assert hits == {"flutter", "denied", "none"}
    assert "left out: 2 that have what is ruled out" in result.notes


def test_k_hits_if_k_cases_fit(library: SqliteLibrary) -> None:
    """Many contradicting reports before the fitting ones do not use up the answer."""
    encoder = FakeEncoder()
    texts = ["vorhofflimmern"] * 40 + ["keine auffälligkeit"] * 5
    cases = [_case(f"x/{i}", "", text) for i, text in enumerate(texts)]
    library.add(cases, np.full((45, DIM), np.nan, np.float32), encoder.encode_texts(texts))
    query = "vorhofflimmern, kein vorhofflimmern"  # absurd, but every word matches
    hits = _find(library, "ohne vorhofflimmern", Witness.ALL, k=8)
    assert len(hits) == 8
    assert not {f"x/{i}" for i in range(40)} & set(hits)
    assert read_query(query).unwanted == frozenset(), "asked for, so not ruled out"
    narrow = Criteria(has=frozenset({"SR"}))
    found = Retriever(library, encoder).by_text("vorhofflattern", k=2, criteria=narrow)
    assert {hit.case.id for hit in found.hits} == {"denied", "none"}


@pytest.mark.parametrize(
    ("query", "statements", "report", "expected"),
    [
        ("AF", "", "kein vorhofflimmern", True),
        ("AF", "AFIB", "kein vorhofflimmern", False),  # a code counts more than a word
        ("AF", "", "vorhofflimmern", False),
        ("no AF", "", "vorhofflimmern", True),
        ("no AF", "SR", "vorhofflimmern", False),  # coded otherwise: the codes decide
        ("no AF", "", "vorhofflimmern möglich", False),  # a doubt is no presence
        ("infarct", "IMI", "kein vorderwandinfarkt", False),  # another wall is there
        ("anterior infarct", "IMI", "kein vorderwandinfarkt", True),
        ("xyzzy", "", "kein vorhofflimmern", False),
        ("AF", "", "", False),
    ],
)
def test_reports_that_say_otherwise(
    query: str, statements: str, report: str, *, expected: bool
) -> None:
    """Worked by hand, one rule each."""
    assert says_otherwise(_case("a", statements, report), read_query(query)) is expected
