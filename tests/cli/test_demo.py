"""Tests of `precord demo`, with the fake encoder and fewer cases."""

import shlex
from pathlib import Path

import pytest

from precord import demo
from tests.cli.conftest import Run


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the demonstration's library small."""
    draw = demo.draw_cases
    monkeypatch.setattr(demo, "draw_cases", lambda on_progress: draw(on_progress, 12))


@pytest.mark.usefixtures("few")
def test_demo_and_what_it_says_to_type_next(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two queries, five hits each, pictures; and every command printed at the end works."""
    monkeypatch.chdir(tmp_path)

    answer = run("demo")
    again = run("demo")

    assert (answer.status, again.status) == (0, 0)
    for text in (answer.out, again.out):
        assert text.count("SIMULATED") >= 10
        assert text.count("why:") == 10
        assert text.count("decision support, not a medical device") == 2
    assert (tmp_path / "demo" / "match.png").stat().st_size > 10_000
    assert (tmp_path / "demo" / "match-real.png").stat().st_size > 10_000

    offered, _, page = again.out.partition("What to type next:\n")[2].partition("Or see it all")
    assert "serve" in shlex.split(page.splitlines()[1])  # it would not end
    commands = offered.splitlines()
    assert len(commands) >= 4
    for command in commands:
        words = shlex.split(command)
        assert run(*words[words.index("precord") + 1 :]).status == 0


def test_demo_refuses_a_folder_of_others(run: Run, tmp_path: Path) -> None:
    """One line, status 1, nothing touched."""
    (tmp_path / "mine.txt").touch()

    answer = run("demo", "-o", tmp_path)

    assert (answer.status, answer.out) == (1, "")
    assert "holds other files" in answer.err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
