"""The README and the documentation say what the code does."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pydicom.data import get_testdata_file

from precord.io import write_wfdb
from precord.simulate import simulate
from tests.fetch.conftest import Server, official, official_once, server
from tests.published import write_arrays, write_challenge

__all__ = ["official", "official_once", "server"]  # fixtures

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
COMMAND = re.compile(r"^\$ (precord .*)$", re.MULTILINE)


def _commands(page: Path) -> list[str]:
    """Return the commands of a page's console blocks."""
    blocks = re.findall(r"```console\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    return [line for block in blocks for line in COMMAND.findall(block)]


def _run(commands: list[str], place: Path) -> None:
    """Run *commands* in their order; each must succeed."""
    for command in commands:
        arguments = [sys.executable, "-m", "precord", *shlex.split(command)[1:]]
        done = subprocess.run(
            arguments, cwd=place, capture_output=True, text=True, check=False, timeout=300
        )
        assert done.returncode == 0, (command, done.stderr)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of two ECGs with their table, as the README describes it."""
    place = tmp_path / "folder"
    place.mkdir()
    rows = ["file,patient,statements,report,source,age"]
    for seed, (name, patient) in enumerate({"one": 42, "two": 43}.items()):
        made = simulate(("AFIB",), np.random.default_rng(seed))
        write_wfdb(made.record, place / name)
        rows.append(f"{name}.hea,{patient},AFIB,vorhofflimmern,clinician,60")
    (place / "table.csv").write_text("\n".join(rows) + "\n")
    return place


@pytest.fixture
def other_weights(tmp_path: Path) -> Path:
    """Return the weights that ship, in other bytes, so that they count as new ones."""
    place = tmp_path / "weights"
    shutil.copytree(ROOT / "src" / "precord" / "weights", place)
    with (place / "tokenizer.json").open("a", encoding="utf-8") as file:
        file.write("\n")
    return place


@pytest.fixture
def others(tmp_path: Path) -> Path:
    """Return a folder with bare numbers in two formats, and the data sets beside PTB-XL."""
    place = tmp_path / "others"
    record = simulate(("CLBBB",), np.random.default_rng(9)).record.to_standard()
    write_challenge(record, place / "challenge" / "georgia")
    for kind, name in {"sph": "sph", "chapman": "chapman", "code-15": "code15"}.items():
        write_arrays(kind, place / name, record.signal)
    np.save(place / "ecg.npy", record.signal * 1e3)
    head = ",".join(record.leads)
    np.savetxt(place / "ecg.csv", record.signal.T, delimiter=",", header=head, comments="")
    return place


@pytest.mark.slow
@pytest.mark.data
def test_every_command_of_the_readme_works(shared_data: Path, folder: Path, tmp_path: Path) -> None:
    """In their order, on the real data sets; fold 1 stands for all, to be quick."""
    commands = _commands(ROOT / "README.md")
    assert len(commands) >= 6
    commands = [c.replace("path/to/folder", str(folder)) for c in commands]
    commands = [c.replace("--folds 1-8", "--folds 1") for c in commands]
    _run([c.replace("path/to/", f"{shared_data}/") for c in commands], tmp_path)
    assert (tmp_path / "ecg.png").stat().st_size > 10_000


@pytest.mark.slow
def test_every_command_of_the_tutorial_works(tmp_path: Path) -> None:
    """From the first simulated ECG to the erased patient, with the table that it prints."""
    page = ROOT / "docs" / "tutorial.md"
    table = re.findall(r"```csv\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    assert len(table) == 1
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "table.csv").write_text(table[0], "utf-8")

    _run(_commands(page), tmp_path)

    assert (tmp_path / "lbbb.png").stat().st_size > 10_000


@pytest.mark.slow
def test_every_command_of_the_howto_works(
    server: Server,
    official: Path,
    folder: Path,
    other_weights: Path,
    others: Path,
    tmp_path: Path,
) -> None:
    """PTB-XL stands for three simulated ECGs on a server of this machine; training is left out."""
    commands = _commands(ROOT / "docs" / "howto.md")
    assert len(commands) >= 15
    assert official.is_dir()
    ecg = get_testdata_file("waveform_ecg.dcm", download=False)
    for written, meant in {
        "path/to/folder": folder,
        "path/to/weights": other_weights,
        "path/to/ecg.dcm": ecg,
        **{f"path/to/{path.name}": path for path in others.iterdir()},
        "path/to/ptb-xl": "ptb-xl",
        "precord get ptb-xl ": f"precord get ptb-xl --base-url {server.url} ",
    }.items():
        commands = [command.replace(written, str(meant)) for command in commands]

    _run(commands, tmp_path)

    assert (tmp_path / "match.png").stat().st_size > 10_000


def _options() -> dict[str, set[str]]:
    """Return the options of each command, as the generated reference has them."""
    text = (ROOT / "docs" / "cli.md").read_text("utf-8")
    chapters = re.split(r"^#+ `(precord[^`]*)`$", text, flags=re.MULTILINE)[1:]
    pairs = zip(chapters[::2], chapters[1::2], strict=True)
    return {name: set(re.findall(r"--?[a-z][a-z-]*", chapter)) for name, chapter in pairs}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_commands_and_options_exist(page: Path) -> None:
    """Whatever `precord X --option` a page speaks of is in the generated reference."""
    known = _options()
    assert {"precord search", "precord library erase-patient"} <= known.keys()
    text = page.read_text("utf-8").replace("\\\n", " ")
    for line in re.findall(r"(?:^|[`$ /])(precord [a-z][^`\n]*)", text, re.MULTILINE):
        words = line.split()
        command = max((c for c in known if f"{line} ".startswith(f"{c} ")), key=len)
        if words[1] in {c.split()[1] for c in known if " " in c}:
            options = {w.partition("=")[0] for w in words if re.match(r"--?[a-z]", w)}
            assert options <= known[command] | {"-h", "--help"}, (line, options - known[command])


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


def test_model_card_describes_the_weights_that_ship() -> None:
    """New weights cannot come without a look at their card."""
    card = (ROOT / "docs" / "model-card.md").read_text("utf-8")
    folder = ROOT / "src" / "precord" / "weights"
    facts = json.loads((folder / "encoder.json").read_text("utf-8"))
    assert f"| width of a vector | {facts['dim']} |" in card
    assert f"`{facts['preparation']}`" in card
    assert f"| statements that the head knows | {len(facts['statements'])} |" in card
    assert f"| statements with a threshold | {len(facts['thresholds'])};" in card
    for name, value in facts["score"].items():
        assert f"`{name}` {value}" in card
    for name in ("ecg", "text"):
        size_mb = (folder / f"{name}.onnx").stat().st_size / 1e6
        assert f"`{name}.onnx` {size_mb:.1f} MB" in card
    assert ("| matching head | not in" in card) != (folder / "match.onnx").exists()
