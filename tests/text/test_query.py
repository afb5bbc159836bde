"""Tests of precord.text.query and precord.text.family: what a text asks for and rules out.

Queries and what they mean were written by hand; none is of the fixed list in
`precord.evaluate`.
"""

import pytest

from precord.statements import STATEMENTS, Superclass
from precord.text import read_query
from precord.text.family import FAMILIES, widen, widen_all

ALL_AV = frozenset({"1AVB", "2AVB", "3AVB"})


@pytest.mark.parametrize(
    ("typed", "text", "wanted", "unwanted"),
    [
        ("Vorhofflimmern", "vorhofflimmern", [{"AFIB"}], set()),
        ("vorhofflimmern ohne schrittmacher", "vorhofflimmern", [{"AFIB"}], {"PACE"}),
        ("LBBB without AF", "lbbb", [{"CLBBB"}], {"AFIB"}),
        ("no AV block, sinus bradycardia", "sinus bradycardia", [{"SBRAD"}], ALL_AV),
        ("kein Linksschenkelblock", "kein linksschenkelblock", [], {"CLBBB"}),
        ("wolff-parkinson-white", "wolff-parkinson-white", [{"WPW"}], set()),
        ("posterior infarct", "posterior infarct", [{"PMI", "IPMI", "IPLMI"}], set()),
        ("shortness of breath", "shortness of breath", [], set()),
    ],
)
def test_queries_by_hand(typed: str, text: str, wanted: list[set[str]], unwanted: set[str]) -> None:
    """What is looked for, in words and codes, and what is ruled out."""
    query = read_query(typed)
    assert query.text == text
    assert list(query.wanted) == [frozenset(group) for group in wanted]
    assert query.unwanted == unwanted


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


def test_what_is_asked_for_is_never_ruled_out() -> None:
    """An inferior infarct without any other: the family leaves out what was asked for."""
    query = read_query("inferior infarct, no anterior infarct")
    assert query.wanted == (frozenset({"IMI", "ILMI", "IPMI", "IPLMI"}),)
    assert query.unwanted == {"AMI", "ASMI", "ALMI"}
    assert not query.unwanted & frozenset().union(*query.wanted)


def test_doubt_is_not_denial() -> None:
    """A finding that is only possible is asked for; a bare question mark denies nothing."""
    for typed in ("possible inferior infarct", "inferiorer infarkt möglich", "hinterwandinfarkt?"):
        query = read_query(typed)
        assert any("IMI" in group for group in query.wanted), typed
        assert not query.unwanted


def test_families_are_those_of_the_statements() -> None:
    """Every code exists; infarctions are MI but for injuries; a code holds itself."""
    for family in FAMILIES.values():
        assert family
        assert family <= STATEMENTS.keys()
    of_mi = {c for c, s in STATEMENTS.items() if s.superclass is Superclass.MI}
    assert FAMILIES["-MI"] | FAMILIES["-INJ"] == of_mi
    assert not FAMILIES["-MI"] & FAMILIES["-INJ"]
    for code in STATEMENTS:
        assert code in widen(code)
        assert widen(code) <= STATEMENTS.keys()
    assert widen_all(["IMI", "-AVB"]) == widen("IMI") | ALL_AV
