"""Tests of precord.explain, by hand-worked examples."""

from itertools import pairwise

import pytest

from precord.case import Case
from precord.explain import COMPARED, explain, find_phrases
from precord.record import Measurements


def _case(statements: str = "", measured: Measurements | None = None) -> Case:
    """Return a case with these statements and measurements."""
    return Case("c/1", None, frozenset(statements.split()), None, measured or Measurements())


def test_statements_are_sorted_into_three() -> None:
    """Shared, only in the query, only in the case; diagnoses stand before rhythms."""
    why = explain({"SR", "LVH", "IMI"}, True, Measurements(), _case("SR IMI LAFB 1AVB"))

    assert why.shared == ("IMI", "SR")
    assert why.query_only == ("LVH",)
    assert why.case_only == ("LAFB", "1AVB")
    assert why.query_statements_are_read


def test_differences_are_case_minus_query() -> None:
    """Rate 70 against 80 is +10, and what either lacks is not compared."""
    query = Measurements(heart_rate_bpm=70.0, pr_ms=160.0, qrs_ms=92.0, qt_ms=400.0)
    case = Measurements(heart_rate_bpm=80.0, qrs_ms=90.0, qt_ms=380.0, qtc_ms=410.0)

    why = explain(set(), False, query, _case("", case))

    assert why.differences == {"heart_rate_bpm": 10.0, "qrs_ms": -2.0}
    assert not why.query_statements_are_read


@pytest.mark.parametrize(
    ("query", "case", "expected"),
    [
        (170, -170, 20),
        (-170, 170, -20),
        (0, 180, 180),
        (10, -170, 180),
        (30, 30, 0),
        (60, -30, -90),
    ],
)
def test_axes_differ_the_short_way_round(query: float, case: float, expected: float) -> None:
    """From 170 to -170 degrees it is 20, not -340."""
    ours = Measurements(qrs_axis_deg=query)

    why = explain(set(), False, ours, _case("", Measurements(qrs_axis_deg=case)))

    assert why.differences == {"qrs_axis_deg": expected}


def test_every_compared_measurement_exists() -> None:
    """The names compared are fields of Measurements, compared in the order shown."""
    values = dict.fromkeys(COMPARED, 1.0)
    measured = Measurements(**values)

    why = explain(set(), False, measured, _case("", measured))

    assert tuple(why.differences) == COMPARED
    assert set(why.differences.values()) == {0.0}


@pytest.mark.parametrize(
    ("report", "query", "expected"),
    [
        ("Sinusrhythmus, Linksschenkelblock.", "SR CLBBB", {"SR", "CLBBB"}),
        ("sinus rhythm. no left bundle branch block", "SR CLBBB", {"SR"}),
        ("old inferior infarct possible", "IMI", {"IMI"}),
        ("atrial fibrillation", "SR", set()),
        ("old infarct", "ASMI", {"ASMI"}),  # a word for the family
    ],
)
def test_words_that_fit(report: str, query: str, expected: set[str]) -> None:
    """What the report says and the query has; what is denied, or another's, fits nothing."""
    found = find_phrases(report, query.split())

    assert {phrase.statement for phrase in found} == expected


def test_phrases_are_offsets_and_never_overlap() -> None:
    """The words stand where the offsets say, in the order of the text."""
    report = "Vorhofflimmern mit Linksschenkelblock und ST-Senkung"

    found = find_phrases(report, ("AFIB", "CLBBB", "STD_"))

    assert [report[p.start : p.end].lower() for p in found][:2] == [
        "vorhofflimmern",
        "linksschenkelblock",
    ]
    assert all(a.end <= b.start for a, b in pairwise(found))
