"""How many searches `precord serve` answers, how long each takes, and whether its memory grows.

Usage: python benchmarks/load.py [--requests 400] [--users 20] [--soak 10000] [--cases 10000]

A library of simulated ECGs and of filler cases, all called real so that consensus and
critical findings are worked out; a service on a free port of this machine; users that each
upload WFDB files that the library does not hold, one after another without a pause. Once
without the matching head, and once with it. The users are threads of this process: what they
take is taken from the same cores.

CPU time of the service per search says what a core could do, whatever else the machine was
doing; the searches a second belong to the load average printed beside them.
"""

import argparse
import http.client
import json
import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import numpy as np
from speed import fill, make_folder, write

from precord.corpora import open_corpus
from precord.encoder import Encoder
from precord.ingest import ingest
from precord.library.sqlite import SqliteLibrary
from precord.report import Source

STORED, ASKED = 60, 60  # simulated ECGs in the library, and those that are asked about
WARM = 20  # searches before the clock starts
_BOUNDARY = "precord-load"
_TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Print one line a measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--requests", type=int, default=400)
    parser.add_argument("--soak", type=int, default=0, help="searches of the memory run")
    asked = parser.parse_args()
    write(
        f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}, "
        f"{os.cpu_count()} cores, load average before {_load()}"
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bodies = make_library(folder, asked.cases)
        for title, matching in (("without re-ranking", 0.0), ("with re-ranking", 0.05)):
            weights = make_weights(folder / title.split()[0], matching)
            with serving(folder / "library.db", weights) as service:
                run(service, bodies, 1, WARM)
                alone = run(service, bodies, 1, asked.requests // 8)
                write(f"{title}, 1 user: {alone.line()}; load average {_load()}")
                many = run(service, bodies, asked.users, asked.requests)
                write(f"{title}, {asked.users} users: {many.line()}; load average {_load()}")
                if asked.soak and matching == 0.0:
                    soak(service, bodies, asked.users, asked.soak)


def soak(service: "Service", bodies: list[bytes], users: int, n: int) -> None:
    """Print the memory of the service over *n* searches."""
    done = run(service, bodies, users, n // 10)
    sizes = [service.memory_mb()]
    errors = done.errors
    for _ in range(9):
        errors += run(service, bodies, users, n // 10).errors
        sizes.append(service.memory_mb())
    shown = ", ".join(f"{size:.0f}" for size in sizes)
    write(f"memory in MB after each tenth of {n} searches: {shown}; {errors} errors")


@dataclass(slots=True)
class Run:
    """What a run of searches took.

    Attributes:
        seconds: of each search.
        wall: seconds from the first to the last.
        cpu: seconds of the service and its workers.
    """

    seconds: list[float] = field(default_factory=list)
    errors: int = 0
    wall: float = 0.0
    cpu: float = 0.0

    def line(self) -> str:
        """Return the run on one line."""
        p50, p95, top = np.percentile(self.seconds, [50, 95, 100])
        each = self.cpu / len(self.seconds)
        return (
            f"{len(self.seconds) / self.wall:.1f} searches/s, median {p50:.2f} s, "
            f"p95 {p95:.2f} s, longest {top:.2f} s, {self.errors} errors, "
            f"{1e3 * each:.0f} ms of CPU each ({1 / each:.1f}/s on one core to itself)"
        )


@dataclass(frozen=True, slots=True)
class Service:
    """A running service."""

    port: int
    key: str
    pid: int

    def pids(self) -> list[int]:
        """Return the service and its workers."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text("ascii").split()
        return [self.pid, *map(int, children)]

    def cpu(self) -> float:
        """Return the CPU seconds that it and its workers have taken, dead ones too."""
        total = 0
        for pid in self.pids():
            fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
            mine = fields[11:15] if pid == self.pid else fields[11:13]  # with ended children
            total += sum(map(int, mine))
        return total / _TICKS

    def memory_mb(self) -> float:
        """Return the resident memory of the service itself, without its workers."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text("ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def run(service: Service, bodies: list[bytes], users: int, n: int) -> Run:
    """Ask *n* times, *users* at once."""
    found, lock, numbers = Run(), threading.Lock(), count()

    def ask() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=120)
        headers = {
            "Authorization": f"Bearer {service.key}",
            "Content-Type": f"multipart/form-data; boundary={_BOUNDARY}",
        }
        while (number := next(numbers)) < n:
            started = time.perf_counter()
            connection.request(
                "POST", "/v1/search?k=10", bodies[number % len(bodies)], headers=headers
            )
            answer = connection.getresponse()
            answer.read()
            took = time.perf_counter() - started
            with lock:
                found.seconds.append(took)
                found.errors += answer.status != 200
        connection.close()

    started, before = time.perf_counter(), service.cpu()
    threads = [threading.Thread(target=ask) for _ in range(users)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found.wall, found.cpu = time.perf_counter() - started, service.cpu() - before
    return found


@contextmanager
def serving(library: Path, weights: Path) -> Iterator[Service]:
    """Run `precord serve` on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "precord", "serve", "--no-browser", "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--library", str(library), "--weights", str(weights)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None  # noqa: S101 - asked for above
        key = process.stdout.readline().strip().partition("key=")[2]
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield Service(port, key, process.pid)
    finally:
        process.terminate()
        process.wait()


def make_library(folder: Path, n_cases: int) -> list[bytes]:
    """Write the library; return the uploads of ECGs that it does not hold."""
    make_folder(folder / "ecgs", STORED + ASKED, Source.CLINICIAN)
    encoder = Encoder.load()
    with SqliteLibrary.create(
        folder / "library.db", encoder.fingerprint, encoder.precision, encoder.dim
    ) as library:
        ingest(open_corpus("folder", folder / "ecgs").entries()[:STORED], library, encoder)
        fill(library, encoder, n_cases, Source.CLINICIAN)
    headers = sorted((folder / "ecgs").glob("*.hea"))[STORED:]
    return [_to_body([header, header.with_suffix(".dat")]) for header in headers]


def make_weights(folder: Path, matching: float) -> Path:
    """Copy the weights that ship, with another say of the matching head."""
    import precord  # noqa: PLC0415 - for its place

    shutil.copytree(Path(precord.__file__).parent / "weights", folder)
    facts = json.loads((folder / "encoder.json").read_text("utf-8"))
    facts["score"]["matching"] = matching
    (folder / "encoder.json").write_text(json.dumps(facts), "utf-8")
    return folder


def _to_body(paths: list[Path]) -> bytes:
    """Return *paths* as a form."""
    parts = [
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; '
        f'filename="{path.name}"\r\n\r\n'.encode()
        + path.read_bytes()
        + b"\r\n"
        for path in paths
    ]
    return b"".join(parts) + f"--{_BOUNDARY}--\r\n".encode()


def _load() -> str:
    """Return how many processes wanted a core over the last minute."""
    return f"{os.getloadavg()[0]:.1f}"


if __name__ == "__main__":
    main()
