"""Tests of the arguments that commands share."""

from datetime import date
from pathlib import Path

import pytest
import typer

from precord.cli.argument import parse_codes, parse_criteria, parse_folds
from precord.cli.evaluate import parse_corpora
from precord.criteria import Criteria, Range
from precord.record import Sex
from precord.report import Source


@pytest.mark.parametrize(
    ("text", "folds"),
    [("9", (9,)), ("1-3", (1, 2, 3)), ("1,3, 9", (1, 3, 9)), ("8,1-2,2", (1, 2, 8)), ("4-4", (4,))],
)
def test_folds(text: str, folds: tuple[int, ...]) -> None:
    """Ranges and lists, in ascending order, none twice."""
    assert parse_folds(text) == folds


@pytest.mark.parametrize("text", ["", "8-1", "one", "1-", "-1", "1..3", "1,,2", "99999"])
def test_bad_folds(text: str) -> None:
    """Anything else is wrong usage."""
    with pytest.raises(typer.BadParameter, match="expected folds such as"):
        parse_folds(text)


def test_codes() -> None:
    """Commas or semicolons; unknown codes are refused."""
    assert parse_codes("CLBBB, SR") == parse_codes("SR;CLBBB") == {"CLBBB", "SR"}
    with pytest.raises(typer.BadParameter, match="NOPE"):
        parse_codes("NOPE")


def test_corpora_come_in_pairs() -> None:
    """Kind and folder, kind and folder."""
    pairs = parse_corpora(["ptb-xl", "a", "ptb-xl-zscored", "b"])

    assert pairs == [("ptb-xl", Path("a")), ("ptb-xl-zscored", Path("b"))]
    with pytest.raises(typer.BadParameter, match="'b' has no folder"):
        parse_corpora(["a", "x", "b"])


def criteria(**options: str | list[str]) -> Criteria:
    """Return the criteria of these options alone."""
    names = ("age", "sex", "has", "lacks", "source", "where", "since", "until")
    return parse_criteria(**(dict.fromkeys(names) | options))  # type: ignore[arg-type]


def test_criteria() -> None:
    """Each option in its own form; none of them is every case."""
    assert criteria().is_empty
    assert criteria(age="50-70").age == Range(50, 70)
    assert criteria(age="50-").age == Range(50)
    assert criteria(age="-70").age == Range(0, 70)
    assert criteria(age="50").age == Range(50, 50)
    assert criteria(sex="f").sex is Sex.FEMALE
    assert criteria(source="clinician, machine").sources == {Source.CLINICIAN, Source.MACHINE}
    assert criteria(has="SR,AFIB", lacks="LVH").has == {"SR", "AFIB"}
    assert criteria(where=["qrs_ms >= 120"]).measured == {"qrs_ms": Range(120)}
    assert criteria(since="1985-01-31").since == date(1985, 1, 31)


@pytest.mark.parametrize(
    ("option", "text", "expected"),
    [
        ("age", "old", "expected years such as 50-70"),
        ("age", "-", "expected years such as 50-70"),
        ("sex", "x", "expected one of F, M"),
        ("source", "doctor", "expected one of clinician, machine, "),
        ("age", "70-50", "a range from 70 to 50 holds nothing"),
        ("has", "NOPE", "unknown SCP-ECG statement 'NOPE'"),
        ("until", "31.1.1985", "expected a day such as 2026-01-31"),
    ],
)
def test_bad_criteria(option: str, text: str, expected: str) -> None:
    """Wrong usage, with the form that is expected."""
    with pytest.raises(typer.BadParameter, match=expected):
        criteria(**{option: text})


def test_refused_measurements() -> None:
    """What is no measurement, and no condition, is wrong usage too."""
    with pytest.raises(typer.BadParameter, match="no measurement 'charm'"):
        criteria(where=["charm >= 1"])
