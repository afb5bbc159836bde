"""Tests of searches by words, on real SQLite libraries with chosen vectors."""

import pytest

from precord.errors import QueryError
from precord.library.sqlite import SqliteLibrary
from precord.retrieve import MAX_TEXT, Retriever
from precord.retrieve.abstain import Verdict
from tests.retrieve.planted import NO_VECTOR, ChosenEncoder, on, plant, planted


@pytest.mark.parametrize(
    ("text", "k", "message"),
    [
        ("", 5, "the text is empty"),
        (" \n ", 5, "the text is empty"),
        ("x" * (MAX_TEXT + 1), 5, "10001 characters, at most 10000"),
        ("sinus", 0, "at least 1"),
    ],
)
def test_bad_texts_are_refused(library: SqliteLibrary, text: str, k: int, message: str) -> None:
    """An empty text, an endless one, and no hit asked for."""
    plant(library, (planted("a"), on(0), on(0)))

    with pytest.raises(QueryError, match=message):
        Retriever(library, ChosenEncoder()).by_text(text, k=k)


def test_text_fuses_two_rankings_by_reciprocal_rank(library: SqliteLibrary) -> None:
    """Ranks 2 and 1 give 1/62 + 1/61; ranks 1 and none give 1/61; worked by hand."""
    plant(
        library,
        (planted("near", text="sinus rhythm"), on(90), on(90)),
        (planted("both", text="atrial flutter", statements=""), on(90), on(30)),
        (planted("far", text="normal"), on(-90), on(-90)),
    )

    hits = Retriever(library, ChosenEncoder()).by_text("Flutter!").hits

    assert [h.case.id for h in hits] == ["both", "near", "far"]
    assert [h.score for h in hits] == pytest.approx([1 / 62 + 1 / 61, 1 / 61, 1 / 63])
    assert (hits[0].ecg_score, hits[0].report_score) == pytest.approx((1.0, 0.5))
    assert hits[0].explanation is None


def test_text_without_known_words_is_ranked_by_vectors(library: SqliteLibrary) -> None:
    """BM25 finds nothing; the joint space still answers. A case without vectors needs words."""
    plant(
        library,
        (planted("far"), on(0), on(0)),
        (planted("near"), NO_VECTOR, on(80)),
        (planted("blind", text="sinustachycardia"), NO_VECTOR, NO_VECTOR),
    )
    retriever = Retriever(library, ChosenEncoder())

    assert [h.case.id for h in retriever.by_text("zzz").hits] == ["near", "far"]
    assert "blind" in [h.case.id for h in retriever.by_text("sinustachycardia").hits]


def test_text_is_cleaned_before_it_is_encoded(library: SqliteLibrary) -> None:
    """The encoder sees a query as it saw the reports: folded, one line, no edit tail."""
    plant(library, (planted("a"), on(0), on(0)))
    encoder = ChosenEncoder()

    Retriever(library, encoder).by_text("  SINUS\n Rhythmus edit: ASMI 100")

    assert encoder.texts == ["sinus rhythmus"]


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("xyzzy quux", Verdict.DOUBTFUL),
        ("flutter", Verdict.ANSWER),  # stands in a report
        ("Linksschenkelblock", Verdict.ANSWER),  # names a finding
        ("no pacemaker", Verdict.ANSWER),
    ],
)
def test_words_that_nobody_wrote_are_doubted(
    library: SqliteLibrary, text: str, verdict: Verdict
) -> None:
    """Something is always nearest; where no word is known, that is said."""
    plant(
        library,
        (planted("a", text="sinus rhythm", statements="SR"), on(0), on(0)),
        (planted("b", text="atrial flutter", statements=""), on(90), on(90)),
    )
    found = Retriever(library, ChosenEncoder()).by_text(text)
    assert found.trust.verdict is verdict
    assert len(found.trust.reasons) == (verdict is Verdict.DOUBTFUL)
    assert found.hits
