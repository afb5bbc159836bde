"""Drafts from precedents: cited, checked against the query, in the words of the reports."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precord.case import Case
from precord.draft import QUERY, Draft, Kind, Query, Reason, draft_report, find_fault
from precord.record import Measurements
from precord.report import Language, Report, Source
from precord.statements import CODES

MEASURED = Measurements(heart_rate_bpm=72.4, pr_ms=160, qrs_ms=150, qtc_ms=420, qrs_axis_deg=-45)
EN, DE = Language.ENGLISH, Language.GERMAN


def case(name: str, codes: str, text: str | None = None, language: Language = EN) -> Case:
    """Return a precedent."""
    report = Report(text, language, Source.CLINICIAN) if text else None
    return Case(name, None, frozenset(codes.split()), report)


def draft(*cases: Case, measured: Measurements = MEASURED, language: Language = EN) -> Draft:
    """Return the draft for a calibrated query of which the model read nothing."""
    return draft_report(Query(measured, frozenset(), is_calibrated=True), cases, language)


def test_a_sentence_is_copied_and_cites_who_says_it() -> None:
    """The best precedent's words; the others that have the statement are cited too."""
    made = draft(
        case("a/1", "CLBBB", "Left bundle branch block. QRS 168 ms."),
        case("a/2", "CLBBB", "LBBB seen by Dr. Muster."),
        case("a/3", "SR"),
    )

    (measured, block) = made.sentences
    assert block.text == "Left bundle branch block."
    assert (block.kind, block.citations) == (Kind.VERBATIM, ("a/1", "a/2"))
    assert measured.citations == (QUERY,)
    assert measured.text == "Rate 72/min, PR 160 ms, QRS 150 ms, QTc 420 ms, QRS axis -45 degrees."
    assert {(s.text, s.reason) for s in made.struck} == {
        ("QRS 168 ms", Reason.NUMBER),
        ("LBBB seen by Dr", Reason.WORD),
        ("Muster", Reason.WORD),
    }


def test_a_statement_that_no_sentence_says_is_named() -> None:
    """In the language asked for; "normally functioning pacemaker" has another name."""
    cases = [case(f"a/{i}", "CLBBB PACE", "steht in keinem Satz", DE) for i in range(2)]
    assert [s.text for s in draft(*cases).sentences[1:]] == [
        "Pacemaker rhythm.",
        "Complete left bundle branch block.",
    ]
    german = draft(*cases, language=DE).sentences
    assert german[0].text.startswith("Frequenz 72/min, PQ 160 ms")
    assert german[2].text == "Kompletter Linksschenkelblock."


def test_one_precedent_is_not_enough_unless_the_query_has_it_too() -> None:
    """What the model reads in the query counts as a second witness."""
    cases = [case("a/1", "LVH"), case("a/2", "SR"), case("a/3", "SR")]
    assert "LVH" not in {c for s in draft(*cases).sentences for c in s.codes}
    query = Query(MEASURED, frozenset({"LVH"}), is_calibrated=True)
    made = draft_report(query, cases, EN)
    assert ("a/1",) in {s.citations for s in made.sentences}


def test_a_third_of_many_precedents_must_have_a_statement() -> None:
    """Two of nine are few."""
    cases = [case(f"a/{i}", "LVH" if i < 2 else "SR") for i in range(9)]
    assert {c for s in draft(*cases).sentences for c in s.codes} == {"SR"}


@pytest.mark.parametrize(
    ("codes", "text", "measured", "value"),
    [
        ("CLBBB", "Left bundle branch block", Measurements(qrs_ms=96), 96),
        ("CRBBB", "Right bundle branch block", Measurements(qrs_ms=118), 118),
        ("1AVB", "First degree AV block", Measurements(pr_ms=180), 180),
        ("STACH", "Sinus tachycardia", Measurements(heart_rate_bpm=72, pr_ms=150), 72),
        ("SBRAD", "Sinus bradycardia", Measurements(heart_rate_bpm=60, pr_ms=150), 60),
        ("LNGQT", "Prolonged QT interval", Measurements(qtc_ms=430), 430),
        ("LAFB", "Left anterior fascicular block", Measurements(qrs_axis_deg=10), 10),
        ("", "Left axis deviation", Measurements(qrs_axis_deg=10), 10),
        ("", "Steiltyp", Measurements(qrs_axis_deg=10), 10),
        ("AFIB", "Atrial fibrillation with rapid ventricular response",
         Measurements(heart_rate_bpm=72), 72),
    ],
)  # fmt: skip
def test_what_contradicts_a_measurement_is_struck(
    codes: str, text: str, measured: Measurements, value: float
) -> None:
    """Though every precedent says it; the value that contradicts it is told."""
    cases = [case(f"a/{i}", codes, f"{text}.") for i in range(3)]
    made = draft(*cases, measured=measured)
    assert text.lower() not in " ".join(s.text.lower() for s in made.sentences)
    values = {s.value for s in made.struck if s.reason is Reason.CONTRADICTS}
    assert values == {value}


@pytest.mark.parametrize("codes", ["CLBBB", "1AVB", "SR", "STACH", "LNGQT"])
def test_what_was_not_measured_is_struck(codes: str) -> None:
    """Without a value nothing can be said of it."""
    made = draft(*[case(f"a/{i}", codes) for i in range(3)], measured=Measurements())
    assert made.sentences == ()
    assert {s.reason for s in made.struck} == {Reason.NOT_MEASURED}


def test_a_query_without_millivolts_gets_no_voltages() -> None:
    """High voltage and hypertrophy are read off in millivolts."""
    cases = [case(f"a/{i}", "LVH VCLVH SR", "High QRS voltage. Sinus rhythm.") for i in range(3)]
    made = draft_report(Query(MEASURED, frozenset(), is_calibrated=False), cases, EN)
    assert {c for s in made.sentences for c in s.codes} == {"SR"}
    assert Reason.NOT_MEASURED in {s.reason for s in made.struck}


def test_of_two_rhythms_the_one_of_more_precedents_stands() -> None:
    """And the other is struck as outvoted."""
    cases = [case(f"a/{i}", "AFIB" if i < 3 else "SR") for i in range(5)]
    made = draft(*cases)
    assert {c for s in made.sentences for c in s.codes} == {"AFIB"}
    assert ("sinus rhythm", Reason.RIVAL) in {(s.text, s.reason) for s in made.struck}


def test_of_two_blocks_the_one_that_is_read_stands() -> None:
    """Left is read in the query and three of eight have it; right is in five, and is struck."""
    cases = [case(f"a/{i}", "CLBBB" if i < 3 else "CRBBB") for i in range(8)]
    query = Query(MEASURED, frozenset({"CLBBB"}), is_calibrated=True)
    made = draft_report(query, cases, EN)
    assert {c for s in made.sentences for c in s.codes} == {"CLBBB"}
    assert {s.reason for s in made.struck} == {Reason.DOUBTED}

    alone = draft_report(query, cases[3:], EN)  # nor where no precedent has what is read
    assert {c for s in alone.sentences for c in s.codes} == set()


def test_sinus_rhythm_is_not_drafted_where_another_rhythm_is_raised() -> None:
    """Though every precedent has it, and a PR interval was measured."""
    cases = [case(f"a/{i}", "SR LVH", "Sinus rhythm.") for i in range(4)]
    query = Query(MEASURED, frozenset(), is_calibrated=True, raised=frozenset({"AFLT"}))
    made = draft_report(query, cases, EN)
    assert {c for s in made.sentences for c in s.codes} == {"LVH"}
    assert {s.reason for s in made.struck} == {Reason.DOUBTED}


def test_normal_is_never_drafted() -> None:
    """Not though all precedents are."""
    cases = [case(f"a/{i}", "NORM SR", "Sinus rhythm. Normal ECG.") for i in range(10)]
    made = draft(*cases)
    assert [s.text for s in made.sentences[1:]] == ["Sinus rhythm."]


def test_nothing_from_nothing() -> None:
    """No precedent, nothing measured: no sentence."""
    assert draft(measured=Measurements()).sentences == ()


_TAIL = st.sampled_from(
    ["QRS 168 ms", "normal ECG", "no evidence of infarction", "unchanged since 12.3.1999",
     "seen by Dr. Muster", "kein Infarkt", "old inferior infarct", "LBBB", "sinus rhythm",
     "atrial fibrillation", "ST changes in V5", "AV block II", "possible infarct", "",
     "Lagetyp normal", "LVH unverändert", "first degree AV block, PR 240"]
)  # fmt: skip
_CASES = st.lists(
    st.tuples(
        st.sets(st.sampled_from(CODES), max_size=5),
        st.lists(_TAIL, max_size=4).map(". ".join) | st.text(max_size=60),
        st.sampled_from([EN, DE]),
    ),
    max_size=8,
)


@settings(deadline=None)
@given(_CASES, st.sampled_from([EN, DE]), st.sets(st.sampled_from(CODES), max_size=4))
def test_whatever_the_precedents(
    found: list[tuple[set[str], str, Language]], language: Language, read: set[str]
) -> None:
    """Each sentence is cited by cases there are; numbers only where the query was measured."""
    cases = [case(f"a/{i}", " ".join(c), t, lang) for i, (c, t, lang) in enumerate(found)]
    made = draft_report(Query(MEASURED, frozenset(read), is_calibrated=True), cases, language)

    ids = {one.id for one in cases}
    for sentence in made.sentences[1:]:
        assert sentence.kind is not Kind.MEASURED
        assert sentence.citations
        assert set(sentence.citations) <= ids
        assert find_fault(sentence.text) is None
        assert not re.search(r"\d", sentence.text)
        assert "normal" not in sentence.text.lower()
        assert "NORM" not in sentence.codes
        for cited in sentence.citations:
            assert sentence.text or cited
    assert made.sentences[0].kind is Kind.MEASURED
