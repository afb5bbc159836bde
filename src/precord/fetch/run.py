"""Many files over several connections: one list, worked off until it is done or must stop.

A file that the server refuses is noted, and the others go on; an unreachable server, a full
disc or an interruption stops all. Threads, because they wait for the network and for SHA-256,
which both release the interpreter's lock; daemons, because an interruption must not wait for
a server that keeps silent.
"""

import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import httpx

from precord import __version__
from precord.errors import FetchError, FileRefusedError
from precord.fetch.transfer import Download, Patience, fetch_file

_MAX_REFUSED = 10  # files, after which the rest is not worth asking for
_LOOK = 0.1  # seconds between looks at the workers
_FAREWELL = 2.0  # seconds that a worker has to leave in


@dataclass(frozen=True, slots=True)
class Fetched:
    """How many files a run brought, and how many were there before it."""

    fetched: int
    already_there: int


@dataclass(slots=True)
class _Round:
    """What the workers of one run share; the lock guards the counts and lists."""

    todo: "queue.SimpleQueue[Download]" = field(default_factory=queue.SimpleQueue)
    stop: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    fetched: int = 0
    already_there: int = 0
    refused: list[FileRefusedError] = field(default_factory=list)
    fatal: list[BaseException] = field(default_factory=list)


def open_client(connections: int, patience: Patience) -> httpx.Client:
    """Return a client; it obeys HTTPS_PROXY, NO_PROXY and SSL_CERT_FILE of the environment."""
    return httpx.Client(
        limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
        timeout=httpx.Timeout(patience.timeout),
        follow_redirects=True,
        headers={"User-Agent": f"precord/{__version__}"},
    )


def fetch_all(
    client: httpx.Client,
    downloads: Sequence[Download],
    *,
    connections: int,
    patience: Patience,
    on_progress: Callable[[int], object],
) -> Fetched:
    """Fetch every one of *downloads* that is not there yet.

    Args:
        client: has as many connections as are asked for.
        downloads: in the order in which they are begun.
        connections: files at a time.
        patience: for each file.
        on_progress: called with 1 for each file that is there, from several threads.

    Raises:
        FetchError: Some files could not be fetched; those that could are there.
    """
    shared = _Round()
    for download in downloads:
        shared.todo.put(download)

    def work() -> None:
        while not shared.stop.is_set():
            try:
                download = shared.todo.get_nowait()
            except queue.Empty:
                return
            if _fetch_one(client, download, patience, shared):
                on_progress(1)

    workers = [threading.Thread(target=work, daemon=True) for _ in range(connections)]
    try:
        for worker in workers:
            worker.start()
        while any(worker.is_alive() for worker in workers) and not shared.stop.wait(_LOOK):
            pass
    finally:
        shared.stop.set()
        for worker in workers:
            worker.join(_FAREWELL)
    _judge(shared, len(downloads))
    return Fetched(shared.fetched, shared.already_there)


def _fetch_one(
    client: httpx.Client, download: Download, patience: Patience, shared: _Round
) -> bool:
    """Fetch one file, note how it went, and tell whether the file is there."""
    try:
        is_new = fetch_file(client, download, patience, shared.stop)
    except FileRefusedError as error:
        with shared.lock:
            shared.refused.append(error)
            if len(shared.refused) >= _MAX_REFUSED:
                shared.stop.set()
        return False
    except BaseException as error:  # noqa: BLE001 - the main thread raises it again
        with shared.lock:
            if not shared.stop.is_set():  # else it is this run's own stop that is complained of
                shared.fatal.append(error)
            shared.stop.set()
        return False
    with shared.lock:
        shared.fetched += is_new
        shared.already_there += not is_new
    return True


def _judge(shared: _Round, n_files: int) -> None:
    """Raise what went wrong, if anything did."""
    if shared.fatal:
        raise shared.fatal[0]
    if not shared.refused:
        return
    n_here = shared.fetched + shared.already_there
    first = shared.refused[0]
    if n_files == 1:
        raise first
    raise FetchError(
        f"{n_here} of {n_files} files are there, {len(shared.refused)} were refused, "
        f"the first: {first}"
    ) from first
