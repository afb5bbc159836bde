"""Tests of the command line as a whole: speed of help, exit status, and refusals."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pydicom.data import get_testdata_file

from precord import __version__
from precord.cli import app, main
from precord.errors import QueryError
from precord.io import write_wfdb
from precord.leads import LEADS
from precord.library.sqlite import SqliteLibrary
from precord.record import Record
from tests.cli.conftest import Run

HEAVY = {
    *("numpy", "scipy", "onnxruntime", "tokenizers", "matplotlib", "torch", "pydicom", "wfdb"),
    *("PIL", "sqlite3", "httpx", "fastapi", "uvicorn", "precord.record", "precord.encoder"),
}
COMMANDS = (
    *(
        "search",
        "serve",
        "show",
        "render",
        "digitize",
        "encode",
        "ingest",
        "get",
        "demo",
        "simulate",
        "codes",
    ),
    *("train", "cross-validate", "compare", "evaluate", "gates"),
)
HEADER = "r 1 500 3\nr.dat 16 1000(0)/mV 16 0 1 6 0 II\n"


def _precord(*words: str, timeout: float = 60.0) -> subprocess.CompletedProcess[str]:
    """Run `python -m precord` as a process of its own."""
    command = [sys.executable, "-m", "precord", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)


def test_help_imports_nothing_heavy() -> None:
    """`precord --help` and each command's help leave the heavy modules alone."""
    script = (
        "import sys\n"
        "from precord.cli import app\n"
        "for words in [['--help'], *([c, '--help'] for c in sys.argv[1:])]:\n"
        "    app(words, standalone_mode=False)\n"
        "print('LOADED', *sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *COMMANDS], capture_output=True, text=True, check=True
    )

    loaded = set(done.stdout.rpartition("LOADED")[2].split())
    assert "typer" in loaded
    assert not HEAVY & loaded


def test_help_lists_every_command() -> None:
    """One line a command, and what precord is not."""
    done = _precord("--help")

    assert all(f"\n  {name} " in done.stdout for name in COMMANDS)
    assert "not a medical device" in done.stdout


def test_version() -> None:
    """The version is that of the package."""
    assert _precord("--version").stdout == f"precord {__version__}\n"


def test_refusal_of_a_process_is_one_line() -> None:
    """As a process of its own: one line on standard error, nothing else, status 1."""
    done = _precord("show", "no/such/file.hea")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("precord: file.hea: no such file")
    assert done.stderr.count("\n") == 1


def _empty(folder: Path) -> Path:
    path = folder / "empty.dcm"
    path.touch()
    return path


def _truncated(folder: Path) -> Path:
    path = write_wfdb(_flat(folder), folder / "cut")
    signal = path.with_suffix(".dat")
    signal.write_bytes(signal.read_bytes()[:-100])
    return path


def _truncated_dicom(folder: Path) -> Path:
    whole = Path(str(get_testdata_file("waveform_ecg.dcm", download=False))).read_bytes()
    path = folder / "cut.dcm"
    path.write_bytes(whole[: len(whole) // 2])
    return path


def _all_missing(folder: Path) -> Path:
    (folder / "r.dat").write_bytes(np.full(3, -(2**15), "<i2").tobytes())
    path = folder / "r.hea"
    path.write_text(HEADER.replace(" 6 0 II", f" {-3 * 2**15 % 2**16} 0 II"))
    return path


def _rate_zero(folder: Path) -> Path:
    (folder / "r.dat").write_bytes(np.array([1, 2, 3], "<i2").tobytes())
    path = folder / "r.hea"
    path.write_text(HEADER.replace(" 500 ", " 0 "))
    return path


def _no_lead(folder: Path) -> Path:
    path = folder / "r.hea"
    path.write_text("r 0 500 0\n")
    return path


def _flat(_: Path) -> Record:
    return Record(np.zeros((12, 5000), np.float32), LEADS, 500.0)


def _flat_lines(folder: Path) -> Path:
    return write_wfdb(_flat(folder), folder / "flat")


BAD_FILES = [
    (lambda folder: folder / "nothing.hea", "no such file"),
    (lambda folder: folder, "folder"),
    (_empty, "empty"),
    (_truncated, "cut"),
    (_truncated_dicom, "cut.dcm"),
    (_all_missing, "missing"),
    (_rate_zero, "rate"),
    (_no_lead, "lead"),
    (_flat_lines, "no usable lead"),
]


@pytest.mark.parametrize(("make", "message"), BAD_FILES)
def test_bad_ecg_is_one_line(
    run: Run, library: Path, tmp_path: Path, make: object, message: str
) -> None:
    """Whatever is wrong with a file: one line that says so, status 1, the library unchanged."""
    folder = tmp_path / "bad"
    folder.mkdir()
    before = library.read_bytes()

    answer = run("search", make(folder), "--library", library)  # type: ignore[operator]

    assert answer.status == 1
    assert answer.out == ""
    assert answer.err.startswith("precord: ")
    assert answer.err.count("\n") == 1
    assert message in answer.err
    assert library.read_bytes() == before


def _other_encoder(folder: Path) -> Path:
    SqliteLibrary.create(folder / "other.db", "another", "fp32", 16).close()
    return folder / "other.db"


def _no_library(folder: Path) -> Path:
    path = folder / "no.db"
    path.write_text("this is no library, whatever its name says\n" * 100)
    return path


def _empty_library(folder: Path) -> Path:
    SqliteLibrary.create(folder / "none.db", "fake-encoder", "fp32", 16).close()
    return folder / "none.db"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: folder / "nothing.db", "no such library"),
        (_other_encoder, "encoder"),
        (_no_library, "no.db"),
        (_empty_library, "empty"),
    ],
)
def test_bad_library_is_one_line(
    run: Run, ecg: Path, tmp_path: Path, make: object, message: str
) -> None:
    """A library that is missing, another encoder's, something else, or empty."""
    answer = run("search", ecg, "--library", make(tmp_path))  # type: ignore[operator]

    assert (answer.status, answer.out) == (1, "")
    assert answer.err.startswith("precord: ")
    assert answer.err.count("\n") == 1
    assert message in answer.err


@pytest.mark.parametrize(
    "words",
    [
        ["search"],
        ["search", "--library", "lib.db"],
        ["search", "a.hea", "--text", "b", "--library", "lib.db"],
        ["search", "--text", "b", "--picture", "p.png", "--library", "lib.db"],
        ["search", "a.hea", "-k", "0", "--library", "lib.db"],
        ["search", "a.hea", "-k", "many", "--library", "lib.db"],
        ["ingest", "ptb-xl", "dir", "--folds", "8-1", "--library", "lib.db"],
        ["ingest", "ptb-xl", "dir", "--folds", "one", "--library", "lib.db"],
        ["ingest", "ptb-xl", "dir", "--table", "t.csv", "--library", "lib.db"],
        ["search", "a.hea", "--unit", "parsec", "--library", "lib.db"],
        ["search", "a.hea", "--lead-order", "I,X9", "--library", "lib.db"],
        ["search", "a.hea", "--leads", "X9", "--library", "lib.db"],
        ["search", "a.hea", "--window", "9-3", "--library", "lib.db"],
        ["search", "a.hea", "--has", "NOPE", "--library", "lib.db"],
        ["show", "a.hea", "--layout", "3x9"],
        ["render", "a.hea", "-o", "a.png", "--layout", "3x9"],
        ["render", "a.hea", "-o", "a.png", "--grid", "pink"],
        ["render", "a.hea", "-o", "a.png", "--speed", "30"],
        ["simulate", "-o", "out", "--statement", "NOPE"],
        ["simulate", "-o", "out", "--sex", "X"],
        ["simulate", "-o", "out", "-n", "0"],
        ["evaluate", "ptb-xl", "--fold", "9", "--library", "lib.db"],
        ["sing"],
    ],
)
def test_wrong_usage_exits_with_2(run: Run, words: list[str]) -> None:
    """Wrong usage is told apart from bad files, and touches nothing."""
    answer = run(*words)

    assert (answer.status, answer.out) == (2, "")
    assert "Usage: precord" in answer.err


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (QueryError("first line\nsecond line"), 1, "precord: first line second line\n"),
        (OSError(28, "No space left on device", "x.png"), 1, "x.png: No space left on device\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_errors_become_a_line_and_a_status(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    status: int,
    line: str,
) -> None:
    """An error of precord, a full disk and an interruption; never a traceback."""

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("precord.io.read", fail)
    monkeypatch.setattr(sys, "argv", ["precord", "show", "x.hea"])
    with pytest.raises(SystemExit) as left:
        main()

    assert left.value.code == status
    assert capsys.readouterr().err.endswith(line)


def test_every_command_is_there() -> None:
    """The commands are those that the help lists."""
    names = {command.callback.__name__ for command in app.registered_commands if command.callback}
    assert {name.replace("_", "-") for name in names} == {*COMMANDS}
