"""Tests of precord.evaluate.textsearch: against scikit-learn, and counted in slow loops."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import ndcg_score

from precord.case import Case, Hit
from precord.evaluate import textsearch
from precord.evaluate.textsearch import (
    SEARCHES,
    FixedQuery,
    measure_text_search,
    read_queries,
)
from precord.library.sqlite import SqliteLibrary
from precord.metrics import Estimate
from precord.report import Language, Report, Source
from precord.retrieve import Retriever, SearchResult, Witness
from precord.statements import CODES, STATEMENTS
from precord.text import TextQuery, read_query
from tests.fakes import DIM, FakeEncoder

N = 31
NAMES = {
    "words, joint space and findings",
    "words and joint space",
    "the same, negation not read",
    "words alone (BM25)",
    "joint space alone",
    "findings alone",
    "always the same ten",
    "chance",
}


@dataclass
class Drawing:
    """Draws ten hits for every search, or fewer, and remembers what it was asked."""

    library: SqliteLibrary
    rng: np.random.Generator
    n_hits: int = 10
    asked: list[tuple[Witness, TextQuery]] = field(default_factory=list)
    found: list[list[int]] = field(default_factory=list)

    def by_text(
        self, text: TextQuery, *, k: int, witness: Witness, include_simulated: bool
    ) -> SearchResult:
        """Return cases drawn at random."""
        assert (k, include_simulated) == (10, True)
        rows = self.rng.permutation(len(self.library))[: self.n_hits]
        self.asked.append((witness, text))
        self.found.append([int(row) for row in rows])
        cases = self.library.cases([f"c{row}" for row in rows])
        hits = tuple(Hit(case, i, 1 / i, None, None) for i, case in enumerate(cases, 1))
        return SearchResult(hits=hits)


@pytest.fixture
def library(tmp_path: Path, rng: np.random.Generator) -> Iterator[SqliteLibrary]:
    """Return cases of one to four statements each, infarcts and fibrillation among them."""
    often = ["AFIB", "IMI", "LVH", "CLBBB", "SR", "1AVB", "STD_", "PVC"]
    sets = [frozenset(rng.choice(often, rng.integers(1, 5))) for _ in range(N)]
    cases = [Case(f"c{i}", None, codes, None) for i, codes in enumerate(sets)]
    with SqliteLibrary.create(tmp_path / "lib.db", "fake", "fp32", DIM) as library:
        library.add(cases, np.eye(N, DIM, dtype=np.float32), np.eye(N, DIM, dtype=np.float32))
        yield library


def _measure(drawing: Drawing) -> dict[str, dict[str, Estimate]]:
    """Return the tables of what *drawing* finds; every search is told of."""
    steps: list[int] = []
    tables = measure_text_search(cast(Retriever, drawing), steps.append)
    assert sum(steps) == SEARCHES
    return tables


def _gains(library: SqliteLibrary) -> NDArray[np.float64]:
    """Return (Q, N) the share of groups that each case has, by a slow loop."""
    gains = np.zeros((len(read_queries()), N))
    for i, query in enumerate(read_queries()):
        for j in range(N):
            codes = library.case(f"c{j}").statements
            met = [any(code in codes for code in group) for group in query.wanted]
            gains[i, j] = sum(met) / len(met) if met else 1.0
            if any(code in codes for code in query.unwanted):
                gains[i, j] = 0.0
    return gains


def _expected(found: list[list[int]], gains: NDArray[np.float64], chosen: set[str]) -> float:
    """Return scikit-learn's nDCG@10 over the queries of *chosen* that a case answers fully."""
    values = []
    for query, gain, rows in zip(read_queries(), gains, found, strict=True):
        if gain.max() < 1 or query.text not in chosen:
            continue
        scores = np.zeros(N)
        scores[rows] = np.arange(len(rows), 0, -1)
        values.append(ndcg_score(gain[None], scores[None], k=10))
    return float(np.mean(values))


def test_ndcg_is_scikit_learns(library: SqliteLibrary, rng: np.random.Generator) -> None:
    """Of each search that was drawn, for all queries and for each language and kind."""
    drawing = Drawing(library, rng)
    tables = _measure(drawing)
    queries, gains = read_queries(), _gains(library)
    everything = {q.text for q in queries}
    groups = {
        "nDCG@10": everything,
        "nDCG@10 German": {q.text for q in queries if q.language == "de"},
        "nDCG@10 English": {q.text for q in queries if q.language == "en"},
        "nDCG@10 with negation": {q.text for q in queries if q.unwanted},
    }

    for number, name in enumerate(list(tables)[:SEARCHES]):
        found = drawing.found[number * len(queries) : (number + 1) * len(queries)]
        for measure, chosen in groups.items():
            expected = _expected(found, gains, chosen)
            assert tables[name][measure].value == pytest.approx(expected), (name, measure)
    answerable = int((gains.max(axis=1) == 1).sum())
    assert tables["chance"]["nDCG@10"].n == answerable < len(queries)


def test_hits_that_have_what_is_ruled_out_are_counted(
    library: SqliteLibrary, rng: np.random.Generator
) -> None:
    """One by one, over the answerable queries with a negation."""
    drawing = Drawing(library, rng)
    tables = _measure(drawing)
    queries, gains = read_queries(), _gains(library)

    for number, name in enumerate(list(tables)[:SEARCHES]):
        counts = []
        for i, query in enumerate(queries):
            if not query.unwanted or gains[i].max() < 1:
                continue
            rows = drawing.found[number * len(queries) + i]
            counts.append(
                sum(bool(library.case(f"c{j}").statements & query.unwanted) for j in rows)
            )
        assert sum(counts) > 0
        assert tables[name]["ruled out, in ten"].value == pytest.approx(np.mean(counts))
        assert tables[name]["ruled out, in ten"].n == len(counts)


def test_what_each_search_is_given(library: SqliteLibrary, rng: np.random.Generator) -> None:
    """Every part of the system is left away once, and nothing else."""
    drawing = Drawing(library, rng)
    tables = _measure(drawing)
    at = next(i for i, q in enumerate(read_queries()) if q.text == "VHF ohne Infarkt")
    n = len(read_queries())
    given = dict(zip(list(tables)[:SEARCHES], drawing.asked[at::n], strict=True))
    whole = read_query("VHF ohne Infarkt")

    assert set(tables) == NAMES
    assert given["words, joint space and findings"] == (Witness.ALL, whole)
    assert given["words and joint space"] == (
        Witness.ALL,
        TextQuery("vhf", (), whole.unwanted),
    )
    assert given["the same, negation not read"] == (
        Witness.ALL,
        TextQuery("vhf ohne infarkt", (), frozenset()),
    )
    assert given["words alone (BM25)"] == (Witness.WORDS, whole)
    assert given["joint space alone"] == (Witness.MEANING, whole)
    assert given["findings alone"] == (Witness.FINDINGS, whole)


def test_trivial_rankings(library: SqliteLibrary, rng: np.random.Generator) -> None:
    """The ten best all-round cases; and chance, the mean over all turns of one order.

    Over the N turns each case stands at each rank once, so their mean is the expectation.
    """
    tables = _measure(Drawing(library, rng))
    gains, everything = _gains(library), {q.text for q in read_queries()}
    best = sorted(range(N), key=lambda j: -round(float(gains[:, j].sum()), 9))[:10]
    turns = [[(start + i) % N for i in range(10)] for start in range(N)]

    fixed = _expected([best] * len(gains), gains, everything)
    chance = np.mean([_expected([t] * len(gains), gains, everything) for t in turns])

    assert tables["always the same ten"]["nDCG@10"].value == pytest.approx(fixed)
    assert tables["chance"]["nDCG@10"].value == pytest.approx(chance)
    assert fixed > chance
    negated = [i for i, q in enumerate(read_queries()) if q.unwanted and gains[i].max() == 1]
    queries = read_queries()
    bad = [
        np.mean([bool(library.case(f"c{j}").statements & queries[i].unwanted) for j in range(N)])
        for i in negated
    ]
    assert tables["chance"]["ruled out, in ten"].value == pytest.approx(10 * np.mean(bad))


def test_a_search_that_finds_nothing_is_worth_nothing(
    library: SqliteLibrary, rng: np.random.Generator
) -> None:
    """No hit: no gain and no error."""
    tables = _measure(Drawing(library, rng, n_hits=0))

    assert tables["findings alone"]["nDCG@10"].value == 0
    assert tables["findings alone"]["ruled out, in ten"].value == 0


@pytest.mark.parametrize(
    ("codes", "gain"),
    [("AFIB LVH", 1.0), ("AFIB", 0.5), ("SR", 0.0), ("AFIB LVH IMI", 0.0), ("VCLVH", 0.5)],
)
def test_gain_by_hand(codes: str, gain: float) -> None:
    """The share of the groups, and nothing for what is ruled out."""
    wanted = (frozenset({"AFIB"}), frozenset({"LVH", "VCLVH"}))

    assert FixedQuery("x", "en", wanted, frozenset({"IMI"})).gain(frozenset(codes.split())) == gain


def test_gain_of_a_query_that_only_rules_out() -> None:
    """Everything else fits."""
    query = FixedQuery("no AF", "en", (), frozenset({"AFIB"}))

    assert (query.gain(frozenset({"SR"})), query.gain(frozenset({"AFIB", "SR"}))) == (1.0, 0.0)


def test_the_table_of_queries_is_what_it_says() -> None:
    """At least 200, both languages, 60 with a negation; known codes, no query twice."""
    queries = read_queries()

    assert len({q.text for q in queries}) == len(queries) == 241
    assert {q.language for q in queries} == {Language.GERMAN, Language.ENGLISH}
    assert min(sum(q.language == x for q in queries) for x in ("de", "en")) > 100
    assert sum(bool(q.unwanted) for q in queries) == 72
    for query in queries:
        groups = (*query.wanted, query.unwanted)
        assert all(group <= set(CODES) for group in groups), query.text
        assert query.wanted or query.unwanted, query.text
        assert not any(group & query.unwanted for group in query.wanted), query.text


def test_a_denial_that_is_not_read_is_an_error_a_hit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A query whose denial is not read finds what it rules out: both cases, an error each."""
    query = FixedQuery("no atrial flutter", "en", (), frozenset({"AFLT"}))
    monkeypatch.setattr(textsearch, "read_queries", lambda: [query])
    encoder = FakeEncoder()
    names = ["AFIB", "AFLT", "CLBBB", "CRBBB", "IMI", "ASMI", "LVH", "SR", "1AVB", "PVC"] * 2
    texts = [STATEMENTS[code].english for code in names]
    cases = [
        Case(f"a{i}", None, frozenset({code}), Report(text, Language.ENGLISH, Source.CLINICIAN))
        for i, (code, text) in enumerate(zip(names, texts, strict=True))
    ]
    with SqliteLibrary.create(tmp_path / "real.db", "fake-encoder", "fp32", DIM) as library:
        vectors = encoder.encode_texts([text.casefold() for text in texts])
        library.add(cases, vectors, vectors)
        tables = measure_text_search(Retriever(library, encoder), lambda _: None)
    assert tables["the same, negation not read"]["ruled out, in ten"].value == 2
    assert tables["words, joint space and findings"]["ruled out, in ten"].value == 0
    assert tables["chance"]["ruled out, in ten"].value == pytest.approx(10 * 2 / 20)


def test_fixed_answer_is_the_best_of_its_kind() -> None:
    """The ten cases of the highest mean gain, for every query."""
    gains = np.zeros((2, 12))
    gains[0, 3], gains[1, 7] = 1.0, 0.5
    found = textsearch._fixed(gains, 2)
    assert found.shape == (2, 10)
    assert found[0].tolist() == found[1].tolist()
    assert found[0, :2].tolist() == [3, 7]
