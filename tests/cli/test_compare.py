"""Tests of `precord compare`: runs in, one table out."""

from pathlib import Path

import numpy as np
import pytest

from precord.evaluate.cross import CrossValidated
from tests.cli.conftest import Run


def _save(folder: Path, shift: float, ids: str = "abcd") -> Path:
    """Write a cross-validation of four queries."""
    folder.mkdir()
    values = np.array([[0.1], [0.2], [0.3], [0.4]]) + shift
    CrossValidated(
        np.array(list(ids)), np.array(list("pqrs")), np.zeros(4, bool), {"mAP": values}
    ).save(folder)
    return folder


def test_runs_are_compared_with_the_first(run: Run, tmp_path: Path) -> None:
    """Values, and paired differences with their intervals."""
    answer = run("compare", _save(tmp_path / "one", 0.0), _save(tmp_path / "two", 0.05))
    assert answer.status == 0, answer.err
    assert "| mAP | two | 0.300" in answer.out
    assert "+0.050 [+0.050, +0.050]" in answer.out


@pytest.mark.parametrize("kind", ["missing", "other queries"])
def test_what_cannot_be_compared(run: Run, tmp_path: Path, kind: str) -> None:
    """One line, status 1."""
    one = _save(tmp_path / "one", 0.0)
    two = tmp_path / "none" if kind == "missing" else _save(tmp_path / "two", 0.0, ids="abcx")
    answer = run("compare", one, two)
    assert answer.status == 1
    assert ("no cross-validation" if kind == "missing" else kind) in answer.err
    assert len(answer.err.strip().splitlines()) == 1
