"""Tests of `precord get`: as a process, against a server on this machine."""

import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from precord.corpora.ptbxl import PtbXl
from tests.cli.conftest import Run
from tests.fetch.conftest import CODES, Server, official, official_once, server

__all__ = ["official", "official_once", "server"]  # fixtures
N_FILES = len(CODES) * 2 + 4


def _command(server: Server, dest: Path, *words: str) -> list[str]:
    """Return the words of a process."""
    options = ["--base-url", server.url, *words]
    return [sys.executable, "-m", "precord", "get", "ptb-xl", str(dest), *options]


def test_fetches_and_says_what_is_next(
    run: Run, server: Server, official: Path, tmp_path: Path
) -> None:
    """The answer counts, the hint goes to standard error; the second time all is there."""
    dest = tmp_path / "dest"

    first = run("get", "ptb-xl", dest, "--base-url", server.url)
    second = run("get", "ptb-xl", dest, "--base-url", server.url, "--rate", "500")

    assert (first.status, second.status) == (0, 0)
    assert first.out == f"{dest}: {N_FILES - 1} files fetched, 1 already there\n"
    assert second.out == f"{dest}: 0 files fetched, {N_FILES} already there\n"
    assert f"precord ingest ptb-xl {dest}" in first.err
    assert len(PtbXl(dest).entries()) == len(CODES)
    assert official.is_dir()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("mimic", "x"), "expected ptb-xl"),
        (("ptb-xl", "x", "--rate", "250"), "expected 500, 100, both"),
        (("ptb-xl", "x", "--base-url", "ftp://host/"), "expected http:// or https://"),
        (("ptb-xl", "x", "--base-url", "host"), "expected http:// or https://"),
        (("ptb-xl", "x", "--connections", "0"), "connections"),
    ],
)
def test_wrong_usage(run: Run, words: tuple[str, ...], message: str) -> None:
    """Status 2, and nothing is asked for."""
    answer = run("get", *words)

    assert answer.status == 2
    assert message in answer.err


def test_no_network_is_one_line(run: Run, tmp_path: Path) -> None:
    """Nobody listens: one line, status 1."""
    answer = run("get", "ptb-xl", tmp_path / "dest", "--base-url", "http://127.0.0.1:9/")

    assert (answer.status, answer.out) == (1, "")
    assert answer.err.startswith("precord: http://127.0.0.1:9/SHA256SUMS.txt: given up")
    assert answer.err.count("\n") == 1


def test_full_disc_is_one_line_and_the_next_run_goes_on(
    server: Server, official: Path, tmp_path: Path
) -> None:
    """A limit on the size of files stands for the disc's: both refuse a write in the middle."""
    dest = tmp_path / "dest"
    size = 50_000
    full = subprocess.run(
        _command(server, dest),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
    )
    parts = [path.stat().st_size for path in dest.rglob("*.part")]
    again = subprocess.run(_command(server, dest), capture_output=True, check=False)

    assert (full.returncode, full.stdout) == (1, "")
    last = full.stderr.strip().splitlines()[-1]
    assert last.startswith(f"precord: {dest}/records500/00000/")
    assert "File too large; what has arrived is kept" in last
    assert max(parts) == size
    assert again.returncode == 0
    assert f"bytes={size}-" in {span for _, span in server.asked}
    assert len(PtbXl(dest).entries()) == len(CODES)
    assert official.is_dir()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_interrupted_run_goes_on(
    server: Server, official: Path, tmp_path: Path, how: signal.Signals
) -> None:
    """Stopped or killed while a server makes it wait: nothing that had come is lost."""
    dest = tmp_path / "dest"
    name = "records500/00000/00003_hr.dat"
    server.faults[name] = ["drop", *["busy"] * 50]
    process = subprocess.Popen(
        _command(server, dest),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        # whoever runs the tests in the background may have had this signal ignored
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    deadline = time.monotonic() + 120
    while len(server.ranges(name)) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(how)
    errors = process.communicate(timeout=120)[1]
    n_here = (dest / f"{name}.part").stat().st_size
    server.faults.clear()
    server.asked.clear()

    again = subprocess.run(_command(server, dest), capture_output=True, check=False)

    if how is signal.SIGINT:
        assert process.returncode == 130
        assert "Traceback" not in errors
    assert n_here == (official / name).stat().st_size // 2
    assert again.returncode == 0
    assert server.asked.count((name, f"bytes={n_here}-")) == 1
    assert max(server.counts().values()) == 1
    assert len(PtbXl(dest).entries()) == len(CODES)
