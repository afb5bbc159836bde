"""Tests of the arguments that commands share."""

from pathlib import Path

import pytest
import typer

from precord.cli.argument import parse_codes, parse_folds
from precord.cli.evaluate import parse_corpora
from precord.errors import CorpusError


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
    with pytest.raises(CorpusError, match="NOPE"):
        parse_codes("NOPE")


def test_corpora_come_in_pairs() -> None:
    """Kind and folder, kind and folder."""
    pairs = parse_corpora(["ptb-xl", "a", "ptb-xl-zscored", "b"])

    assert pairs == [("ptb-xl", Path("a")), ("ptb-xl-zscored", Path("b"))]
    with pytest.raises(typer.BadParameter, match="'b' has no folder"):
        parse_corpora(["a", "x", "b"])
