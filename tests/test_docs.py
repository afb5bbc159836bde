"""The README and the documentation say what the code does."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from precord.io import write_wfdb
from precord.simulate import simulate

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
COMMAND = re.compile(r"^\$ (precord .*)$", re.MULTILINE)


def _commands(page: Path) -> list[str]:
    """Return the commands of a page's console blocks."""
    blocks = re.findall(r"```console\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    return [line for block in blocks for line in COMMAND.findall(block)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of one ECG with its table, as the README describes it."""
    made = simulate(("AFIB",), np.random.default_rng(1))
    place = tmp_path / "folder"
    place.mkdir()
    write_wfdb(made.record, place / "one")
    row = "file,patient,statements,report,source\none.hea,7,AFIB,vorhofflimmern,clinician\n"
    (place / "table.csv").write_text(row)
    return place


@pytest.mark.data
def test_every_command_of_the_readme_works(shared_data: Path, folder: Path, tmp_path: Path) -> None:
    """In their order, on the real data sets; fold 1 stands for all, to be quick."""
    commands = _commands(ROOT / "README.md")
    assert len(commands) >= 6
    for command in commands:
        words = command.replace("path/to/folder", str(folder)).replace("--folds 1-8", "--folds 1")
        words = words.replace("path/to/", f"{shared_data}/")
        arguments = [sys.executable, "-m", "precord", *shlex.split(words)[1:]]
        done = subprocess.run(
            arguments, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300
        )
        assert done.returncode == 0, (command, done.stderr)
    assert (tmp_path / "ecg.png").stat().st_size > 10_000


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link and picture is there."""
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


def test_makefile_has_the_targets_that_are_written_of() -> None:
    """Whatever `make X` a page speaks of exists."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in PAGES:
        for name in re.findall(r"`make ([a-z-]+)", page.read_text("utf-8")):
            assert name in targets, (page.name, name)


def test_no_machine_is_named() -> None:
    """No tracked text names a registry's host or a folder of somebody's machine."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    hosts = [".".join(words) for words in (("pypi", "org"), ("pythonhosted", "org"))]
    home = os.path.expanduser("~")  # noqa: PTH111 - as it would be written
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if path.suffix in {".py", ".md", ".toml", ".cff", ""} and path.is_file():
            text = path.read_text("utf-8", errors="replace")
            assert not any(host in text for host in hosts), name
            assert home == "/" or f"{home}/" not in text, name
