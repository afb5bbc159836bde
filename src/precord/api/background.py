"""Long jobs beside the requests: one after another, each with its progress.

Jobs write to the library, and only one can; so there is one thread. A job is known by a name
that nobody can guess. It ends with the service: what it committed by then stays.
"""

import logging
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Lock

from precord.api.problem import BusyError, NotThereError, on_one_line
from precord.errors import PrecordError

_KEPT, _WAITING = 100, 5  # jobs
_log = logging.getLogger("precord.api")

Facts = Mapping[str, str | int | list[str]]


class State(StrEnum):
    """How far a job is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(slots=True)
class Job:
    """One job.

    Attributes:
        kind: what is done.
        of: steps that there are; 0 while nobody knows.
        done: steps that are over.
        facts: what came of it.
        why: why it failed; empty otherwise.
        is_stopped: whether it is to end at its next step.
    """

    name: str
    kind: str
    state: State = State.WAITING
    of: int = 0
    done: int = 0
    facts: Facts = field(default_factory=dict)
    why: str = ""
    is_stopped: bool = False

    def advance(self, steps: int) -> None:
        """Count *steps* as over.

        Raises:
            PrecordError: The service ends; what was committed stays.
        """
        self.done += steps
        if self.is_stopped:
            raise PrecordError("the service was stopped; what was committed stays")

    @property
    def is_over(self) -> bool:
        """Tell whether nothing more will happen to it."""
        return self.state in {State.DONE, State.FAILED}


class Background:
    """The jobs of a service."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "precord-job")
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._lock = Lock()

    def start(self, kind: str, work: Callable[[Job], Facts]) -> Job:
        """Do *work* when those before it are over; return its job.

        Raises:
            BusyError: Too many wait already.
        """
        job = Job(secrets.token_urlsafe(12), kind)
        with self._lock:
            if sum(not one.is_over for one in self._jobs.values()) >= _WAITING:
                raise BusyError("too many jobs wait already; try again later")
            self._jobs[job.name] = job
            while len(self._jobs) > _KEPT:
                self._jobs.popitem(last=False)
        self._thread.submit(copy_context().run, _run, job, work)
        return job

    def get(self, name: str) -> Job:
        """Return the job *name*.

        Raises:
            NotThereError: There is none, or it is long over.
        """
        with self._lock:
            if name not in self._jobs:
                raise NotThereError("no such job, or one that is long over")
            return self._jobs[name]

    def close(self) -> None:
        """Leave out the jobs that wait, and end with the next step of the one that runs."""
        with self._lock:
            for job in self._jobs.values():
                job.is_stopped = True
        self._thread.shutdown(cancel_futures=True)


def _run(job: Job, work: Callable[[Job], Facts]) -> None:
    """Do *work*, and keep what came of it."""
    job.state = State.RUNNING
    try:
        job.facts = work(job)
        job.state = State.DONE
    except PrecordError as error:
        job.why, job.state = on_one_line(str(error)), State.FAILED
    except Exception as error:  # noqa: BLE001 - its words may hold a report
        _log.error("a fault of precord in a job: %s", type(error).__name__)
        job.why, job.state = "a fault of precord; its log names it", State.FAILED
