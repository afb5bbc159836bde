"""Tests of precord.retrieve.words: each witness by hand, and what no hit may say."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from precord.criteria import Criteria
from precord.library.sqlite import SqliteLibrary
from precord.report import Source
from precord.retrieve import Retriever, Witness, words
from precord.retrieve.words import rank_text, says_otherwise
from precord.text import TextQuery, read_query
from tests.retrieve.planted import DIM, NO_VECTOR, ChosenEncoder, on, plant, planted

NAN = float("nan")


@pytest.fixture
def library(tmp_path: Path) -> Iterator[SqliteLibrary]:
    """Return an empty library for vectors of width four."""
    with SqliteLibrary.create(tmp_path / "lib.db", "chosen", "fp32", DIM) as library:
        yield library


@pytest.fixture
def three(library: SqliteLibrary) -> SqliteLibrary:
    """Return a library in which each witness prefers another case; texts lie at 90 degrees."""
    plant(
        library,
        (planted("both", text="normal", statements="AFIB LVH"), on(-90), on(-90)),
        (planted("half", text="tremor", statements="AFIB"), on(30), on(30)),
        (planted("near", text="normal", statements="SR"), on(90), on(90)),
    )
    return library


@pytest.mark.parametrize(
    ("witness", "expected"),
    [
        (Witness.WORDS, [NAN, 1 / 61, NAN]),
        (Witness.MEANING, [1 / 63, 1 / 62, 1 / 61]),
        (Witness.FINDINGS, [2 / 61, 1 / 61, NAN]),
        (Witness.ALL, [1 / 63 + 2 / 61, 1 / 61 + 1 / 62 + 1 / 61, 1 / 61]),
    ],
)
def test_each_witness_by_hand(
    three: SqliteLibrary, witness: Witness, expected: list[float]
) -> None:
    """One word in one report; cosines -1, .5 and 1; two, one and none of two findings."""
    query = TextQuery("tremor", (frozenset({"AFIB"}), frozenset({"LVH", "VCLVH"})), frozenset())

    found = rank_text(three, ChosenEncoder(), three.vectors(), query, np.ones(3, bool), witness)

    np.testing.assert_allclose(found.score, expected)
    np.testing.assert_allclose(found.ecg, [-1, 0.5, 1], atol=1e-6)


@pytest.mark.parametrize(
    ("witness", "expected"),
    [
        (Witness.WORDS, [NAN, 1 / 61, NAN]),
        (Witness.MEANING, [1 / 62, 1 / 61, NAN]),
        (Witness.FINDINGS, [2 / 61, 1 / 61, NAN]),
    ],
)
def test_what_is_not_allowed_takes_no_rank(
    three: SqliteLibrary, witness: Witness, expected: list[float]
) -> None:
    """The nearest case is left out: the others move up."""
    query = TextQuery("tremor normal", (frozenset({"AFIB"}), frozenset({"LVH"})), frozenset())
    allowed = np.array([witness is not Witness.WORDS, True, False])

    found = rank_text(three, ChosenEncoder(), three.vectors(), query, allowed, witness)

    np.testing.assert_allclose(found.score, expected)


def test_findings_of_a_text_that_names_none_find_nothing(three: SqliteLibrary) -> None:
    """No share of nothing; all witnesses together still answer."""
    retriever = Retriever(three, ChosenEncoder())

    assert retriever.by_text("tremor", witness=Witness.FINDINGS).hits == ()
    assert len(retriever.by_text("tremor").hits) == 3


def test_findings_lift_a_case_that_nothing_else_finds(library: SqliteLibrary) -> None:
    """Neither a vector nor a word of the query, but the statement."""
    plant(
        library,
        (planted("coded", text="tremor", statements="ANEUR"), NO_VECTOR, NO_VECTOR),
        (planted("other", text="tremor", statements="SR"), NO_VECTOR, NO_VECTOR),
    )
    query = TextQuery("zzz", (frozenset({"ANEUR"}),), frozenset())

    hits = Retriever(library, ChosenEncoder()).by_text(query).hits

    assert [hit.case.id for hit in hits] == ["coded"]
    assert hits[0].score == pytest.approx(2 / 61)


@pytest.mark.parametrize(
    ("asked", "report", "codes", "expected"),
    [
        ("AF", "no atrial fibrillation", "", True),
        ("AF", "no atrial fibrillation", "AFIB", False),
        ("AF", "atrial fibrillation", "", False),
        ("AF", "sinus rhythm", "SR", False),
        ("AF", "no atrial fibrillation at first, later atrial fibrillation", "", False),
        ("AF", "possible atrial fibrillation", "", False),
        ("LVH", "no LVH, but voltage criteria for LVH", "", False),
        ("Infarkt", "kein Hinweis auf Infarkt", "", True),
        ("Infarkt", "kein Hinweis auf Infarkt", "IMI", False),
        ("infarct", "no inferior infarct, old anterior infarct", "", False),
        ("LBBB", "kein Schenkelblock", "", True),
        ("AF without infarct", "atrial fibrillation, old infarct", "", True),
        ("AF without infarct", "atrial fibrillation, inferior infarct", "", True),
        ("AF without infarct", "atrial fibrillation, possible infarct", "", False),
        ("AF without infarct", "atrial fibrillation, no infarct", "", False),
        ("AF without infarct", "atrial fibrillation, old infarct", "AFIB", False),
        ("AF without anterior infarct", "atrial fibrillation, old infarct", "", False),
        ("tremor", "no atrial fibrillation", "", False),
        ("no AF", "vorhofflimmern", "", True),
        ("no AF", "vorhofflimmern", "SR", False),
        ("anterior infarct", "kein vorderwandinfarkt", "IMI", True),
        ("infarct", "kein vorderwandinfarkt", "IMI", False),
    ],
)
def test_reports_that_say_otherwise(asked: str, report: str, codes: str, expected: bool) -> None:
    """Codes count more than words, doubt is no denial, and a family is all of its kinds."""
    case = planted("a", text=report, statements=codes)

    assert says_otherwise(case, read_query(asked)) is expected


def test_a_case_without_a_report_says_nothing() -> None:
    """Its statements are a condition of the search itself."""
    case = planted("a", text=None, statements="SR")

    assert not says_otherwise(case, read_query("AF without SR"))


@pytest.mark.parametrize("witness", list(Witness))
def test_what_is_ruled_out_never_comes_however_near(
    library: SqliteLibrary, witness: Witness
) -> None:
    """Coded, or only said in the report; such cases are counted, and others fill their places."""
    text = "atrial fibrillation atrial fibrillation"
    plant(
        library,
        (planted("coded", text=text, statements="AFIB IMI"), on(90), on(90)),
        (planted("said", text=f"{text}, inferior infarct", statements=""), on(90), on(90)),
        (planted("denied", text="no atrial fibrillation", statements="SR"), on(90), on(90)),
        (
            planted("far", text="atrial fibrillation, no infarct", statements="AFIB"),
            on(0),
            on(0),
        ),
    )

    result = Retriever(library, ChosenEncoder()).by_text(
        "AF without infarct or atrial flutter", k=1, witness=witness
    )

    assert [hit.case.id for hit in result.hits] == ["far"]
    assert "left out: 1 that have what is ruled out" in result.notes


def _fill(library: SqliteLibrary, n: int) -> None:
    """Add *n* cases that differ in codes, words, vectors and source."""
    rng = np.random.default_rng(7)
    codes = ["AFIB", "SR", "LVH SR", "IMI SR", "AFIB IMI", ""]
    reports = ["atrial fibrillation", "sinus rhythm", "no infarct", "no atrial fibrillation", "x"]
    rows = []
    for i in range(n):
        case = planted(
            f"c{i}",
            text=reports[rng.integers(len(reports))],
            statements=codes[rng.integers(len(codes))],
            source=Source.MACHINE if i % 7 == 3 else Source.CLINICIAN,
        )
        rows.append((case, on(rng.uniform(0, 360)), on(rng.uniform(0, 360))))
    plant(library, *rows)


@pytest.mark.parametrize("k", [1, 4, 60])
@pytest.mark.parametrize("asked", ["AF", "AF without infarct", "no infarct", "sinus rhythm", "x"])
@pytest.mark.parametrize(
    "criteria",
    [
        Criteria(),
        Criteria(sources=frozenset({Source.MACHINE})),
        Criteria(has=frozenset({"LVH"}), lacks=frozenset({"AFIB"})),
    ],
    ids=["all", "machine", "LVH"],
)
def test_as_many_hits_come_as_there_are(
    library: SqliteLibrary, asked: str, criteria: Criteria, k: int
) -> None:
    """A slow loop over all cases counts those that may come; none is lost on the way."""
    _fill(library, 60)
    query = read_query(asked)
    may_come = {
        case.id
        for case in library.cases(sorted(library.case_ids()))
        if (not criteria.sources or case.source in criteria.sources)
        and criteria.has <= case.statements
        and not criteria.lacks & case.statements
        and not query.unwanted & case.statements
        and not says_otherwise(case, query)
    }

    hits = Retriever(library, ChosenEncoder()).by_text(asked, k=k, criteria=criteria).hits

    assert len(hits) == min(k, len(may_come))
    assert {hit.case.id for hit in hits} <= may_come
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_narrow_criteria_reach_the_last_word(
    library: SqliteLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one case that meets them stands far below the depth to which words are ranked."""
    monkeypatch.setattr(words, "_BM25_DEPTH", 2)
    long = "tremor " + "and other things that dilute a word " * 5
    rows = [(planted(f"c{i}", text="tremor"), on(0), on(0)) for i in range(9)]
    plant(library, *rows, (planted("last", text=long, statements="LVH"), on(0), on(0)))
    retriever = Retriever(library, ChosenEncoder())
    criteria = Criteria(has=frozenset({"LVH"}))

    found = retriever.by_text("tremor", criteria=criteria, witness=Witness.WORDS).hits
    shallow = retriever.by_text("tremor", witness=Witness.WORDS).hits

    assert [hit.case.id for hit in found] == ["last"]
    assert len(shallow) == 2


@pytest.mark.parametrize("witness", Witness)
@pytest.mark.parametrize("text", ["tremor", "xyzzy", "atrial fibrillation", "tremor, no AF"])
def test_the_words_are_asked_once(
    three: SqliteLibrary, monkeypatch: pytest.MonkeyPatch, text: str, witness: Witness
) -> None:
    """At most: by whatever a case is found, and whether or not the words are known."""
    search, asked = three.search_text, list[str]()

    def count(query: str, k: int) -> list[tuple[str, float]]:
        asked.append(query)
        return search(query, k)

    monkeypatch.setattr(three, "search_text", count)
    trust = Retriever(three, ChosenEncoder()).by_text(text, witness=witness).trust

    assert len(asked) <= 1
    assert bool(trust.reasons) == (text == "xyzzy")


def test_a_case_added_in_the_middle_of_a_search_waits(
    three: SqliteLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process adds a case between the vectors and the words: no error, no such hit."""
    search = three.search_text

    def add_first(query: str, k: int) -> list[tuple[str, float]]:
        monkeypatch.setattr(three, "search_text", search)
        with SqliteLibrary.open(three.path) as other:
            plant(other, (planted("new", text="tremor tremor"), on(90), on(90)))
        return search(query, k)

    monkeypatch.setattr(three, "search_text", add_first)
    retriever = Retriever(three, ChosenEncoder())

    assert {hit.case.id for hit in retriever.by_text("tremor").hits} == {"both", "half", "near"}
    monkeypatch.undo()
    assert "new" in {hit.case.id for hit in retriever.by_text("tremor").hits}


def test_reports_that_contradict_do_not_use_up_the_answer(library: SqliteLibrary) -> None:
    """Forty of them stand before the five that fit: five come, and three are asked for."""
    rows = [(planted(f"a{i}", text="no LVH", statements=""), on(90), on(90)) for i in range(40)]
    rows += [(planted(f"b{i}", text="trace", statements=""), on(0), on(0)) for i in range(5)]
    plant(library, *rows)

    hits = Retriever(library, ChosenEncoder()).by_text("LVH", k=3).hits

    assert [hit.case.id for hit in hits] == ["b0", "b1", "b2"]
