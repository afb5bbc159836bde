"""A slow reading as server-sent events: each stage as it begins, at last the reading or why not.

Who asks with `Accept: text/event-stream` gets `event: stage` with `{"stage": ...}`, then one
`event: reading` with what the route answers otherwise, or `event: problem` with what it would
answer then. A reading that nobody waits for any more ends with its next stage.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable

from fastapi import Request
from fastapi.responses import Response, StreamingResponse
from starlette.concurrency import run_in_threadpool

from precord.api.problem import to_problem
from precord.api.schemas_page import ReadingOut
from precord.digitize.stage import OnStage, Stage, unwatched
from precord.errors import PrecordError

EVENTS = "text/event-stream"


class UnwantedError(PrecordError):
    """Nobody waits for the reading any more."""


def follow(request: Request, read: Callable[[OnStage], ReadingOut]) -> ReadingOut | Response:
    """Return what *read* makes, as events with its stages where *request* asks for them."""
    if EVENTS not in request.headers.get("accept", ""):
        return read(unwatched)
    return StreamingResponse(_events(read), media_type=EVENTS)


async def _events(read: Callable[[OnStage], ReadingOut]) -> AsyncIterator[str]:
    """Yield an event for each stage of *read*, which runs in a thread, and one for its end."""
    loop, stages = asyncio.get_running_loop(), asyncio.Queue[Stage | None]()
    is_wanted = True

    def on_stage(stage: Stage) -> None:
        if not is_wanted:
            raise UnwantedError("nobody waits for this reading any more")
        loop.call_soon_threadsafe(stages.put_nowait, stage)

    def end(done: asyncio.Task[ReadingOut]) -> None:
        if not done.cancelled():
            done.exception()  # looked at, also where nobody waits for it
        stages.put_nowait(None)

    work = asyncio.create_task(run_in_threadpool(read, on_stage))
    work.add_done_callback(end)
    try:
        while (stage := await stages.get()) is not None:
            yield _event("stage", json.dumps({"stage": stage}))
    finally:
        is_wanted = False
    try:
        yield _event("reading", work.result().model_dump_json())
    except Exception as error:  # noqa: BLE001 - said as on any other route
        yield _event("problem", bytes(to_problem(error).body).decode())


def _event(kind: str, data: str) -> str:
    """Return one event."""
    return f"event: {kind}\ndata: {data}\n\n"
