"""The workers that parse uploads: started beforehand, replaced when used up, slow or dead."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from queue import Empty, Queue
from threading import Timer
from typing import Self

from precord.api.problem import BusyError
from precord.api.worker import from_bytes, receive, send
from precord.errors import FormatError
from precord.record import Record

MEMORY_BYTES = 2**30  # beyond what a worker needs to start
SECONDS = 20.0  # for one upload
_USES = 50  # of one worker; what a library leaks goes with it
_PATIENCE = 30.0  # seconds to wait for a free worker
_START_SECONDS = 60.0


class ParserPool:
    """Processes that turn untrusted files into records; use it as a context manager."""

    def __init__(
        self, n_workers: int = 2, *, memory_bytes: int = MEMORY_BYTES, seconds: float = SECONDS
    ) -> None:
        self._memory_bytes = memory_bytes
        self._seconds = seconds
        self._free: Queue[_Worker] = Queue()
        for _ in range(n_workers):
            self._free.put(_Worker(memory_bytes))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop the workers that are free."""
        while True:
            try:
                self._free.get_nowait().stop()
            except Empty:
                return

    def read(self, path: Path) -> Record:
        """Return the record at *path*, read by a worker.

        Raises:
            FormatError: The file is refused, or took more time or memory than allowed.
            BusyError: No worker became free in time.
        """
        try:
            worker = self._free.get(timeout=_PATIENCE)
        except Empty:
            raise BusyError("too many uploads at once; try again in a minute") from None
        try:
            answer = worker.ask(path, self._seconds)
        finally:
            if not worker.is_usable:
                worker.stop()
                worker = _Worker(self._memory_bytes)
            self._free.put(worker)
        if answer is None:
            raise FormatError(
                f"{path.name}: reading it took more than {self._seconds:g} seconds or more memory "
                "than one upload may take"
            )
        return from_bytes(answer)


class _Worker:
    """One process; it starts at once and is ready when first asked."""

    def __init__(self, memory_bytes: int) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - this very program
            [sys.executable, "-m", "precord.api.worker", str(memory_bytes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )
        self._uses = 0
        self._is_ready = False

    @property
    def is_usable(self) -> bool:
        """Tell whether it may be asked again."""
        return self._uses < _USES and self._process.poll() is None

    def ask(self, path: Path, seconds: float) -> bytes | None:
        """Return what it says of *path*, or None where it ended, by itself or by the clock."""
        self._uses += 1
        if not self._is_ready and self._exchange(None, _START_SECONDS) is None:
            return None
        self._is_ready = True
        return self._exchange(str(path).encode(), seconds)

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    def _exchange(self, frame: bytes | None, seconds: float) -> bytes | None:
        """Send *frame*, if any, and return the next answer; kill the process after *seconds*."""
        source, target = self._process.stdout, self._process.stdin
        if source is None or target is None:
            return None
        clock = Timer(seconds, self._process.kill)
        clock.start()
        try:
            if frame is not None:
                send(target, frame)
            answer = receive(source)
        except OSError:
            answer = None
        finally:
            clock.cancel()
        if answer is None:
            self._process.kill()
            self._process.wait()
        return answer
