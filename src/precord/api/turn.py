"""Turns at heavy work: as many at once as there are cores, and first come, first served.

Python's own semaphore lets a newcomer overtake those that wait; with twenty users that made
some of them wait four times as long as the median.
"""

import os
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from precord.api.problem import BusyError

_PATIENCE = 30.0  # seconds to wait for a turn


class Turns:
    """So many threads work at once; the others wait in the order in which they came."""

    def __init__(self, n: int | None = None, *, patience: float = _PATIENCE) -> None:
        self._free = n or max(2, len(os.sched_getaffinity(0)))
        self._patience = patience
        self._waiting: deque[Lock] = deque()
        self._lock = Lock()

    @contextmanager
    def take(self) -> Iterator[None]:
        """Hold a turn.

        Raises:
            BusyError: None became free in time.
        """
        gate = None
        with self._lock:
            if self._free and not self._waiting:
                self._free -= 1
            else:
                gate = Lock()
                gate.acquire()
                self._waiting.append(gate)
        if gate is not None and not gate.acquire(timeout=self._patience):
            with self._lock:
                if gate in self._waiting:
                    self._waiting.remove(gate)
                    raise BusyError("too much at once; try again in a minute")
        try:
            yield
        finally:
            self._hand_over()

    def _hand_over(self) -> None:
        """Give the turn to whoever has waited longest."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1
