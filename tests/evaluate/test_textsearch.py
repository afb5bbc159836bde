"""Tests of precord.evaluate.textsearch; the oracle of nDCG is scikit-learn."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import ndcg_score

from precord.case import Case
from precord.evaluate import textsearch
from precord.evaluate.textsearch import SEARCHES, FixedQuery, measure_text_search, read_queries
from precord.library.sqlite import SqliteLibrary
from precord.report import Language, Report, Source
from precord.retrieve import Retriever
from precord.statements import STATEMENTS
from tests.fakes import DIM, FakeEncoder

NAMES = (
    "AFIB",
    "AFLT",
    "CLBBB",
    "CRBBB",
    "IMI",
    "ASMI",
    "LVH",
    "SR",
    "NORM",
    "1AVB",
    "PACE",
    "PVC",
)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[SqliteLibrary]:
    """Return two cases of each statement, each report its English name."""
    encoder = FakeEncoder()
    with SqliteLibrary.create(tmp_path / "lib.db", "fake-encoder", "fp32", DIM) as library:
        cases = [
            Case(
                f"a/{i}",
                None,
                frozenset({code}),
                Report(STATEMENTS[code].english, Language.ENGLISH, Source.CLINICIAN),
            )
            for i, code in enumerate(NAMES * 2)
        ]
        texts = [case.report.text.casefold() for case in cases if case.report]
        vectors = encoder.encode_texts(texts)
        library.add(cases, vectors, vectors)
        yield library


def test_the_list_is_as_the_protocol_demands() -> None:
    """At least 200 queries in two languages, 60 with negation; every code exists; none twice."""
    queries = read_queries()
    assert len(queries) >= 200
    assert sum(bool(q.unwanted) for q in queries) >= 60
    assert {q.language for q in queries} == {"de", "en"}
    assert len({q.text for q in queries}) == len(queries)
    for query in queries:
        assert query.wanted or query.unwanted
        assert frozenset().union(*query.wanted, query.unwanted) <= STATEMENTS.keys()


@pytest.mark.parametrize(
    ("statements", "gain"),
    [
        ({"AFIB", "CLBBB"}, 1.0),
        ({"AFLT", "CLBBB"}, 1.0),
        ({"AFIB"}, 0.5),
        ({"AFIB", "CLBBB", "PACE"}, 0.0),
        ({"SR"}, 0.0),
    ],
)
def test_gains_by_hand(statements: set[str], gain: float) -> None:
    """The share of the groups met, and nothing where something is ruled out."""
    query = FixedQuery(
        "x", "en", (frozenset({"AFIB", "AFLT"}), frozenset({"CLBBB"})), frozenset({"PACE"})
    )
    assert query.gain(frozenset(statements)) == gain


def test_ndcg_is_that_of_scikit_learn(
    library: SqliteLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is found, the mean over the queries is the one of an independent program."""
    queries = [
        FixedQuery("atrial fibrillation", "en", (frozenset({"AFIB"}),), frozenset()),
        FixedQuery("infarct", "en", (frozenset({"IMI", "ASMI"}),), frozenset()),
        FixedQuery("no LBBB", "en", (), frozenset({"CLBBB"})),
    ]
    monkeypatch.setattr(textsearch, "read_queries", lambda: queries)
    retriever = Retriever(library, FakeEncoder())
    steps: list[int] = []

    tables = measure_text_search(retriever, steps.append)

    assert sum(steps) == SEARCHES
    ids = list(library.vectors().ids)
    codes = {case.id: case.statements for case in library.cases(ids)}
    expected = []
    for query in queries:
        truth = np.array([[query.gain(codes[i]) for i in ids]])
        rank = {h.case.id: h.rank for h in retriever.by_text(query.text, k=10).hits}
        assert len(rank) == 10, "so that nothing stands in a place that was not found"
        scores = np.array([[-rank.get(i, 1000.0) for i in ids]])
        expected.append(ndcg_score(truth, scores, k=10))
    name = "words, joint space and findings"
    assert tables[name]["nDCG@10"].value == pytest.approx(np.mean(expected))
    assert tables[name]["ruled out, in ten"].value == 0.0
    assert tables[name]["ruled out, in ten"].n == 1
    assert {"always the same ten", "chance"} <= tables.keys()


def test_errors_are_counted(library: SqliteLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    """A query whose denial is not read finds what it rules out: both cases, an error each."""
    query = FixedQuery("no atrial flutter", "en", (), frozenset({"AFLT"}))
    monkeypatch.setattr(textsearch, "read_queries", lambda: [query])
    tables = measure_text_search(Retriever(library, FakeEncoder()), lambda _: None)
    assert tables["the same, negation not read"]["ruled out, in ten"].value == 2
    assert tables["words, joint space and findings"]["ruled out, in ten"].value == 0
    assert tables["chance"]["ruled out, in ten"].value == pytest.approx(10 * 2 / 24)


def test_fixed_answer_is_the_best_of_its_kind() -> None:
    """The ten cases of the highest mean gain, for every query."""
    gains = np.zeros((2, 12))
    gains[0, 3], gains[1, 7] = 1.0, 0.5
    found = textsearch._fixed(gains, 2)
    assert found.shape == (2, 10)
    assert found[0].tolist() == found[1].tolist()
    assert found[0, :2].tolist() == [3, 7]
