"""Tests of one file's way over an unsteady line; the oracle is the file on the server."""

import contextlib
import hashlib
import random
import threading
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from precord.errors import FetchError, FileRefusedError
from precord.fetch.transfer import Download, fetch_file
from tests.contracts import is_one_line
from tests.fetch.conftest import QUICK, Server

CONTENT = random.Random(0).randbytes(200_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
RUNNING = threading.Event()  # never set


@pytest.fixture
def asked(server: Server, tmp_path: Path) -> Download:
    """Return the download of a file that the server has."""
    server.root.mkdir()
    (server.root / "one.dat").write_bytes(CONTENT)
    return Download(f"{server.url}one.dat", tmp_path / "new" / "one.dat", SHA256)


def test_file_comes_whole(client: httpx.Client, asked: Download, server: Server) -> None:
    """Its bytes are those on the server, nothing else is left, and it comes only once."""
    assert fetch_file(client, asked, QUICK, RUNNING)
    assert asked.path.read_bytes() == CONTENT
    assert list(asked.path.parent.iterdir()) == [asked.path]

    assert not fetch_file(client, asked, QUICK, RUNNING)
    assert server.counts() == {"one.dat": 1}


@pytest.mark.parametrize("n_drops", [1, 5])
def test_dropped_connection_is_resumed(
    client: httpx.Client, asked: Download, server: Server, n_drops: int
) -> None:
    """Each request begins where the last broke off: after 1/2, 3/4, 7/8 ... of the file."""
    server.faults["one.dat"] = ["drop"] * n_drops

    assert fetch_file(client, asked, QUICK, RUNNING)

    starts = [len(CONTENT) - len(CONTENT) // 2**n for n in range(1, n_drops + 1)]
    assert server.ranges("one.dat") == [None, *(f"bytes={start}-" for start in starts)]
    assert asked.path.read_bytes() == CONTENT


def test_server_without_ranges_sends_it_again(
    client: httpx.Client, asked: Download, server: Server
) -> None:
    """The half that is here is skipped in the second answer, which is the whole file."""
    server.has_ranges = False
    server.faults["one.dat"] = ["drop"]

    assert fetch_file(client, asked, QUICK, RUNNING)

    assert asked.path.read_bytes() == CONTENT


def test_server_without_ranges_that_always_breaks_is_named(
    client: httpx.Client, asked: Download, server: Server
) -> None:
    """Nothing can be resumed there, and the message says so; the half stays."""
    server.has_ranges = False
    server.faults["one.dat"] = ["drop"] * 50

    with pytest.raises(FetchError, match="no ranges") as caught:
        fetch_file(client, asked, QUICK, RUNNING)

    assert is_one_line(caught.value)
    assert server.counts()["one.dat"] == QUICK.attempts
    assert asked.part.read_bytes() == CONTENT[: len(CONTENT) // 2]


@pytest.mark.parametrize("n_here", [1, 100_000, 199_999, 200_000])
@pytest.mark.parametrize("has_ranges", [True, False])
def test_part_of_an_earlier_run_is_used(
    client: httpx.Client, asked: Download, server: Server, n_here: int, has_ranges: bool
) -> None:
    """Whatever its length; where it is whole, nothing is asked for."""
    server.has_ranges = has_ranges
    asked.path.parent.mkdir()
    asked.part.write_bytes(CONTENT[:n_here])

    assert fetch_file(client, asked, QUICK, RUNNING)

    assert asked.path.read_bytes() == CONTENT
    assert server.ranges("one.dat") == [f"bytes={n_here}-"][: n_here < len(CONTENT)]


@pytest.mark.parametrize("part", [b"another", bytes(200_000), bytes(300_000)])
@pytest.mark.parametrize("has_ranges", [True, False])
def test_part_of_another_file_is_thrown_away(
    client: httpx.Client, asked: Download, server: Server, part: bytes, has_ranges: bool
) -> None:
    """Shorter, as long, or longer than the file: the sum finds it, and it comes anew."""
    server.has_ranges = has_ranges
    asked.path.parent.mkdir()
    asked.part.write_bytes(part)

    assert fetch_file(client, asked, QUICK, RUNNING)

    assert asked.path.read_bytes() == CONTENT


def test_wrong_bytes_once_are_fetched_anew(
    client: httpx.Client, asked: Download, server: Server
) -> None:
    """The second copy is right."""
    server.faults["one.dat"] = ["wrong"]

    assert fetch_file(client, asked, QUICK, RUNNING)

    assert asked.path.read_bytes() == CONTENT
    assert server.ranges("one.dat") == [None, None]


def test_wrong_bytes_always_are_refused(
    client: httpx.Client, asked: Download, server: Server
) -> None:
    """After three copies; nothing that could be taken for the file stays."""
    server.faults["one.dat"] = ["wrong"] * 50

    with pytest.raises(FileRefusedError, match=r"SHA-256 .*expected") as caught:
        fetch_file(client, asked, QUICK, RUNNING)

    assert is_one_line(caught.value)
    assert server.counts()["one.dat"] == 3
    assert not list(asked.path.parent.iterdir())


def test_another_range_than_asked_for_is_refused(
    client: httpx.Client, asked: Download, server: Server
) -> None:
    """Its bytes would land in the wrong place."""
    server.faults["one.dat"] = ["drop", "shift"]

    with pytest.raises(FileRefusedError, match=r"range 'bytes 100007-.*expected from byte 100000"):
        fetch_file(client, asked, QUICK, RUNNING)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_passing_status_is_waited_out(
    client: httpx.Client, asked: Download, server: Server, status: int
) -> None:
    """Twice refused, then served."""
    server.faults["one.dat"] = [status] * 2

    assert fetch_file(client, asked, QUICK, RUNNING)

    assert server.counts()["one.dat"] == 3


def test_passing_status_that_does_not_pass(
    client: httpx.Client, asked: Download, server: Server
) -> None:
    """The server counts as out of reach, which stops a run."""
    server.faults["one.dat"] = [503] * 50

    with pytest.raises(FetchError, match="given up, 3 tries: HTTP 503") as caught:
        fetch_file(client, asked, QUICK, RUNNING)

    assert not isinstance(caught.value, FileRefusedError)


@pytest.mark.parametrize("status", [401, 403, 404, 410, 416])
def test_final_status_is_not_asked_again(
    client: httpx.Client, asked: Download, server: Server, status: int
) -> None:
    """One request, one line with the status."""
    server.faults["one.dat"] = [status] * 50

    with pytest.raises(FileRefusedError, match=f"one.dat: HTTP {status}") as caught:
        fetch_file(client, asked, QUICK, RUNNING)

    assert is_one_line(caught.value)
    assert server.counts()["one.dat"] == 1


def test_no_server_is_one_line(client: httpx.Client, tmp_path: Path) -> None:
    """Nobody listens on the port."""
    nowhere = Download("http://127.0.0.1:9/one.dat", tmp_path / "one.dat", SHA256)

    with pytest.raises(FetchError, match=r"given up, 3 tries: .*refused") as caught:
        fetch_file(client, nowhere, QUICK, RUNNING)

    assert is_one_line(caught.value)


def test_own_file_is_left_alone(client: httpx.Client, asked: Download, server: Server) -> None:
    """A file with other content under the same name is named, not replaced."""
    asked.path.parent.mkdir()
    asked.path.write_bytes(b"my own notes")

    with pytest.raises(FileRefusedError, match="left alone"):
        fetch_file(client, asked, QUICK, RUNNING)

    assert asked.path.read_bytes() == b"my own notes"
    assert not server.asked


def test_folder_in_the_way_is_one_line(client: httpx.Client, asked: Download) -> None:
    """What the disc refuses is said with the name of the file."""
    asked.path.mkdir(parents=True)

    with pytest.raises(FetchError, match=r"one\.dat: Is a directory") as caught:
        fetch_file(client, asked, QUICK, RUNNING)

    assert is_one_line(caught.value)


def test_stop_keeps_what_has_arrived(client: httpx.Client, asked: Download) -> None:
    """A run that is to stop asks for no further byte."""
    stopped = threading.Event()
    stopped.set()
    asked.path.parent.mkdir()
    asked.part.write_bytes(CONTENT[:1000])

    with pytest.raises(FetchError, match="stopped"):
        fetch_file(client, asked, QUICK, stopped)

    assert asked.part.read_bytes() == CONTENT[:1000]
    assert not asked.path.exists()


FAULTS: list[int | str] = ["drop", "wrong", "html", "shift", 404, 416, 503]


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None
)
@given(
    faults=st.lists(st.sampled_from(FAULTS), max_size=5),
    n_here=st.integers(0, len(CONTENT)),
    has_ranges=st.booleans(),
)
def test_whole_or_refused(
    client: httpx.Client,
    asked: Download,
    server: Server,
    *,
    faults: list[int | str],
    n_here: int,
    has_ranges: bool,
) -> None:
    """Whatever goes wrong: the right file under its name, or none; and the next run gets it."""
    server.has_ranges, server.faults["one.dat"] = has_ranges, list(faults)
    asked.path.parent.mkdir(exist_ok=True)
    asked.path.unlink(missing_ok=True)
    asked.part.write_bytes(CONTENT[:n_here])

    for _ in range(len(faults) + 1):
        with contextlib.suppress(FetchError):
            fetch_file(client, asked, QUICK, RUNNING)
            break
        assert not asked.path.exists()

    assert asked.path.read_bytes() == CONTENT
    assert not asked.part.exists()
