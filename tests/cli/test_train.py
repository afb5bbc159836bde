"""Tests of `precord train`: what the command adds to the run itself."""

from importlib import import_module
from pathlib import Path

import pytest

from tests.cli.conftest import Run


def test_without_pytorch_one_line_says_how_to_get_it(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plain install lacks PyTorch: not a traceback, but what to type."""
    monkeypatch.setattr(import_module("precord.cli.train"), "find_spec", lambda _: None)

    answer = run("train", tmp_path / "any.py")

    assert (answer.status, answer.out, answer.err.count("\n")) == (1, "", 1)
    assert "pip install 'precord[train]'" in answer.err


@pytest.mark.parametrize("text", [None, "", "CONFIG = 3\n", "this is no Python\n"])
def test_bad_configuration_is_one_line(run: Run, tmp_path: Path, text: str | None) -> None:
    """Missing, empty, of another type, or not Python."""
    path = tmp_path / "run.py"
    if text is not None:
        path.write_text(text)

    answer = run("train", path, "--out", tmp_path / "out")

    assert (answer.status, answer.out, answer.err.count("\n")) == (1, "", 1)
    assert "run.py" in answer.err
    assert not (tmp_path / "out").exists()
