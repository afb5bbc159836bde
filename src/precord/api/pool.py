"""The workers that parse uploads: started beforehand, replaced when used up, slow or dead.

To start one takes a second. One that is used up goes on until its successor is ready, so that
no upload waits for it.
"""

import json
import os
import subprocess
import sys
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from select import select
from threading import Lock, Timer
from typing import Self

from precord.api.frame import JPEG, STAGE, from_bytes, receive, send
from precord.api.turn import Turns
from precord.digitize.stage import OnStage, Stage, unwatched
from precord.errors import FormatError
from precord.io.stated import Stated
from precord.record import Record

MEMORY_BYTES = 2**30  # beyond what a worker needs to start
SECONDS = 20.0  # for one upload
_PICTURE = 4  # times as long for a picture: its page may be turned three times
_USES = 200  # of one worker; what a library leaks goes with it
_PATIENCE = 30.0  # seconds to wait for a free worker
_START_SECONDS = 60.0
_STAGES = {one.encode(): one for one in Stage}  # a worker that was taken over may say anything


class ParserPool:
    """Processes that turn untrusted files into records; use it as a context manager."""

    def __init__(
        self,
        n_workers: int = 2,
        *,
        memory_bytes: int = MEMORY_BYTES,
        seconds: float = SECONDS,
        patience: float = _PATIENCE,
    ) -> None:
        self._memory_bytes = memory_bytes
        self._seconds = seconds
        self._turns = Turns(n_workers, patience=patience)
        self._lock = Lock()
        self._is_closed = False
        self._spare: _Worker | None = None  # is getting ready
        self._free = deque(_Worker(memory_bytes) for _ in range(n_workers))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop the workers that are free."""
        for worker in (*self._free, *([self._spare] if self._spare else [])):
            worker.stop()
        self._free.clear()
        self._is_closed = True

    def read(
        self, path: Path, on_stage: OnStage = unwatched, stated: Stated | None = None
    ) -> Record:
        """Return the record at *path*, of which *stated* is stated, read by a worker.

        As each stage of reading a picture begins, *on_stage* is called; whatever it raises ends
        the worker and comes through.

        Raises:
            UnstatedError: The file leaves out what is not stated.
            FormatError: The file is refused, or took more time or memory than allowed.
            BusyError: No worker became free in time.
        """
        facts = asdict(stated) if stated else {}
        return from_bytes(self._do(path, {"path": str(path), "stated": facts}, on_stage))

    def digitize(
        self, path: Path, told: Mapping[str, object], on_stage: OnStage = unwatched
    ) -> Record:
        """Return the record in the picture at *path*, of which a person told *told*.

        The keys of *told* are those of `digitize.Options`; corners are shares of width and
        height. Tells *on_stage* and raises as `read` does.
        """
        return from_bytes(self._do(path, {"path": str(path), "told": dict(told)}, on_stage))

    def show(self, path: Path, page: int | None) -> bytes:
        """Return the picture at *path*, set upright, as a JPEG that any browser shows.

        Raises as `read` does.
        """
        answer = self._do(path, {"path": str(path), "show": True, "page": page})
        if not answer.startswith(JPEG):
            from_bytes(answer)  # says why not
        return answer

    def _do(self, path: Path, job: dict[str, object], on_stage: OnStage = unwatched) -> bytes:
        """Return what a worker answers to *job*."""
        with self._turns.take():
            worker = self._free.popleft()
            try:
                answer = worker.ask(json.dumps(job).encode(), self._seconds, on_stage)
            finally:
                self._free.append(self._succeed(worker))
        if answer is None:
            raise FormatError(
                f"{path.name}: reading it took more time or memory than one upload may take"
            )
        return answer

    @property
    def is_alive(self) -> bool:
        """Tell whether an upload could be read; a pool that was closed has no worker left."""
        return not self._is_closed

    def _succeed(self, worker: "_Worker") -> "_Worker":
        """Return *worker*, or another where it is dead, or used up and its successor ready."""
        with self._lock:
            if worker.is_alive and not worker.is_used_up:
                return worker
            if self._spare is None:
                self._spare = _Worker(self._memory_bytes)
            if worker.is_alive and not self._spare.is_ready:
                return worker
            worker.stop()
            worker, self._spare = self._spare, None
            return worker


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
        self._has_said_so = False  # that it is ready

    @property
    def is_alive(self) -> bool:
        """Tell whether it may be asked at all."""
        return self._process.poll() is None

    @property
    def is_used_up(self) -> bool:
        """Tell whether another one should take its place."""
        return self._uses >= _USES

    @property
    def is_ready(self) -> bool:
        """Tell whether it answers at once."""
        source = self._process.stdout
        return self._has_said_so or (source is not None and bool(select([source], [], [], 0)[0]))

    def ask(self, job: bytes, seconds: float, on_stage: OnStage) -> bytes | None:
        """Return what it says of *job*, or None where it ended, by itself or by the clock."""
        self._uses += 1
        if not self._has_said_so and self._exchange(None, _START_SECONDS, unwatched) is None:
            return None
        self._has_said_so = True
        return self._exchange(job, seconds, on_stage)

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    def _exchange(self, frame: bytes | None, seconds: float, on_stage: OnStage) -> bytes | None:
        """Send *frame*, if any, and return the next answer; kill a process that takes too long."""
        answer = None
        source, target = self._process.stdout, self._process.stdin
        if source is None or target is None:
            return None
        clocks = [Timer(k * seconds, self._process.kill) for k in (1, _PICTURE)]
        try:
            for clock in clocks:
                clock.start()
            if frame is not None:
                send(target, frame)
            while (got := receive(source)) is not None and got.startswith(STAGE):
                stage = _STAGES.get(got.removeprefix(STAGE))
                if stage is Stage.GRID:
                    clocks[0].cancel()
                if stage is not None:
                    on_stage(stage)
            answer = got
        except OSError:
            pass
        finally:
            for clock in clocks:
                clock.cancel()
            if answer is None:
                self._process.kill()
                self._process.wait()
        return answer
