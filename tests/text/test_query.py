"""Tests of precord.text.query: what a query asks for and rules out, worked by hand."""

import pytest

from precord.evaluate.textsearch import read_queries
from precord.statements import STATEMENTS
from precord.text import clean_report, read_query

INFARCTS = "IMI ILMI IPMI IPLMI AMI ASMI ALMI LMI PMI"
BUNDLES = "CLBBB CRBBB ILBBB IRBBB"


@pytest.mark.parametrize(
    ("typed", "text", "wanted", "unwanted"),
    [
        ("AF without infarct", "af", ["AFIB"], INFARCTS),
        ("Vorhofflimmern ohne Schenkelblock", "vorhofflimmern", ["AFIB"], BUNDLES),
        ("LBBB, no AF, no LVH", "lbbb", ["CLBBB"], "AFIB LVH VCLVH"),
        ("sinus rhythm, neither LBBB nor RBBB", "sinus rhythm", ["SR"], "CLBBB CRBBB"),
        ("LSB und LVH", "lsb und lvh", ["CLBBB", "LVH VCLVH"], ""),
        ("Förmaksflimmer utan infarkt", "förmaksflimmer", ["AFIB"], INFARCTS),
        ("possible infarct", "possible infarct", [INFARCTS], ""),
        ("Herzinfarkt", "herzinfarkt", [INFARCTS], ""),
        ("heart attack", "heart attack", [INFARCTS], ""),
        ("inferior STEMI", "inferior stemi", ["IMI ILMI IPMI IPLMI"], ""),
        ("Herzblock", "herzblock", ["1AVB 2AVB 3AVB"], ""),
        ("Infarkt nicht auszuschließen", "infarkt nicht auszuschliessen", [INFARCTS], ""),
        ("cannot rule out LVH", "cannot rule out lvh", ["LVH VCLVH"], ""),
        ("axis deviation", "axis deviation", [], ""),
        ("no AV block, sinus bradycardia", "sinus bradycardia", ["SBRAD"], "1AVB 2AVB 3AVB"),
        ("wolff-parkinson-white", "wolff-parkinson-white", ["WPW"], ""),
        ("posterior infarct", "posterior infarct", ["PMI IPMI IPLMI"], ""),
        (
            "inferior infarct, no anterior infarct",
            "inferior infarct",
            ["IMI ILMI IPMI IPLMI"],
            "AMI ASMI ALMI",
        ),
        ("AF edit: ASMI 100", "af", ["AFIB"], ""),
        ("  LBBB\n without  AF. ", "lbbb", ["CLBBB"], "AFIB"),
    ],
)
def test_queries_by_hand(typed: str, text: str, wanted: list[str], unwanted: str) -> None:
    """Words, groups of which a case needs one code each, and codes that no case may have.

    What is only doubtful is looked for: a report that hedges is an answer to one who does.
    """
    query = read_query(typed)

    assert query.text == text
    assert set(query.wanted) == {frozenset(group.split()) for group in wanted}
    assert query.unwanted == set(unwanted.split())


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("no infarct or LVH, AF", "af"),
        ("AF without infarct or LVH", "af"),
        ("Vorhofflimmern ohne Infarkt und ohne Schenkelblock", "vorhofflimmern"),
        ("AF but no infarct", "af"),
        ("Kein Infarkt, aber Linksschenkelblock", "linksschenkelblock"),
        ("infarct and LBBB", "infarct and lbbb"),
    ],
)
def test_words_that_joined_what_is_cut_go_with_it(typed: str, text: str) -> None:
    """A lone "or" would find every report that hedges; between two that stay, it stays."""
    assert read_query(typed).text == text


def test_a_query_that_only_rules_out_keeps_its_words() -> None:
    """There is nothing else to rank by; the codes leave out whom its words would attract."""
    query = read_query("kein Hinweis auf Infarkt")

    assert (query.text, query.wanted) == ("kein hinweis auf infarkt", ())
    assert query.unwanted == set(INFARCTS.split())


def test_what_is_asked_for_is_never_ruled_out() -> None:
    """A denied family rules out its other kinds; a contradiction rules out nothing."""
    other = read_query("LVH, keine Hypertrophie")
    same = read_query("LBBB, no LBBB")

    assert other.wanted == (frozenset({"LVH", "VCLVH"}),)
    assert other.unwanted == {"RVH", "SEHYP"}
    assert same.wanted == (frozenset({"CLBBB"}),)
    assert same.unwanted == frozenset()


def test_what_is_named_twice_is_asked_for_once() -> None:
    """Else a synonym would count double among the findings."""
    assert read_query("AF, Vorhofflimmern").wanted == (frozenset({"AFIB"}),)


def test_nothing_is_nothing() -> None:
    """Empty, or nothing but a tail of codes."""
    for typed in ("", " \n ", "edit: ASMI 100"):
        query = read_query(typed)
        assert (query.text, query.wanted, query.unwanted) == ("", (), frozenset())


def test_no_fixed_query_rules_out_less_than_it_says() -> None:
    """All 72 with a negation: a code missed here would be an error in the ten hits.

    And no query without a negation rules anything out.
    """
    for fixed in read_queries():
        query = read_query(fixed.text)
        assert fixed.unwanted <= query.unwanted, fixed.text
        assert bool(query.unwanted) == bool(fixed.unwanted), fixed.text


def test_the_words_left_are_words_of_the_query_and_name_nothing_denied() -> None:
    """Whatever is cut, nothing is added, the order stays, and reading again rules out nothing."""
    for fixed in read_queries():
        query = read_query(fixed.text)
        words = iter(clean_report(fixed.text).replace(",", " ").split())
        assert all(word in words for word in query.text.replace(",", " ").split()), fixed.text
        assert query.wanted == () or not read_query(query.text).unwanted, fixed.text
        assert query.unwanted <= STATEMENTS.keys()


def test_words_of_the_ruled_out_are_not_searched() -> None:
    """They would attract the very cases that must not be shown."""
    for typed in (
        "sinusrhythmus ohne hinweis auf infarkt",
        "sinus rhythm with no evidence of infarction",
        "sinusrhythmus, kein infarkt",
    ):
        query = read_query(typed)
        assert "inf" not in query.text
        assert {"IMI", "ASMI", "PMI"} <= query.unwanted
        assert query.text.startswith("sinus")


def test_doubt_is_not_denial() -> None:
    """A finding that is only possible is asked for; a bare question mark denies nothing."""
    for typed in ("possible inferior infarct", "inferiorer infarkt möglich", "hinterwandinfarkt?"):
        query = read_query(typed)
        assert any("IMI" in group for group in query.wanted), typed
        assert not query.unwanted
