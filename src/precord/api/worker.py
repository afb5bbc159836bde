"""A process that parses uploads, one after another: `python -m precord.api.worker`.

It gets a job on standard input, JSON with a path, and answers on standard output with what it
read: a record, or a picture to look at. Before that it says at which stage the reading of a
picture is. It may take so much more memory than it needed to start, may write no file and
start no process; whoever started it keeps the clock. Both directions carry frames.
"""

import json
import re
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from precord.api.frame import STAGE, receive, refusal, send
from precord.api.job import do
from precord.errors import PrecordError, UnstatedError

_OPTIONS = re.compile(r" \(--[^)]*\)")  # what the command line would be told to add


def serve(memory_bytes: int) -> None:
    """Answer on standard output what comes on standard input, until that ends."""
    source, target = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # a reader that prints must not damage a frame
    _limit(memory_bytes)
    send(target, b"ready")

    def on_stage(stage: str) -> None:
        send(target, STAGE + stage.encode())

    for frame in _frames(source):
        try:
            answer = do(json.loads(frame), on_stage)
        except UnstatedError as error:
            answer = refusal(_OPTIONS.sub("", str(error)), error.missing)
        except PrecordError as error:
            answer = refusal(str(error))
        except MemoryError:
            answer = refusal("the file needs more memory to read than one upload may take")
        except Exception:  # noqa: BLE001 - whatever a reader lets slip ends here, as one line
            answer = refusal("the file cannot be read: it is damaged, or of an unknown kind")
        send(target, answer)


def _frames(source: IO[bytes]) -> Iterator[bytes]:
    """Yield the frames of *source* until it ends."""
    while (frame := receive(source)) is not None:
        yield frame


def _limit(memory_bytes: int) -> None:
    """Limit this process from here on."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    room = pages * resource.getpagesize() + memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (room, room))
    for what in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
        resource.setrlimit(what, (0, 0))


if __name__ == "__main__":
    serve(int(sys.argv[1]))
