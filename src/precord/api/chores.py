"""The routes of long jobs: a folder into the library, a backup, a check, new vectors; progress."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Annotated

from fastapi import APIRouter, File, UploadFile
from fastapi.responses import StreamingResponse

from precord.api import schemas_admin as out
from precord.api.archive import list_entries, unpack
from precord.api.background import Facts, Job
from precord.api.language import say
from precord.api.problem import TooLargeError, on_one_line
from precord.api.search import PROBLEMS, ServiceOf
from precord.api.state import Service
from precord.errors import QueryError
from precord.ingest import ingest
from precord.library.backup import back_up
from precord.library.check import verify
from precord.library.sqlite import SqliteLibrary
from precord.reindex import reindex

router = APIRouter(tags=["jobs"])

_REFUSED_SHOWN = 20
_TICK, _BEAT = 0.2, 15.0  # seconds between looks at a job, and between signs of life
_BATCH = 16  # cases committed at once, so that searches in between are not held up

EVENTS = PROBLEMS | {200: {"content": {"text/event-stream": {}}}}


@router.post("/v1/ingests", responses=PROBLEMS, status_code=202)
def ingest_folder(
    service: ServiceOf,
    file: Annotated[UploadFile, File(description="A zip of ECG files and their table.csv.")],
) -> out.JobOut:
    """Begin to add the cases of a zip as `precord ingest folder` does; what is there is skipped."""
    folder = Path(mkdtemp(prefix="precord-ingest-"))
    try:
        unpack(file.file, folder)
        service.audit.write("ingest")

        def work(job: Job) -> Facts:
            try:
                return _ingest(service, folder, job)
            finally:
                shutil.rmtree(folder, ignore_errors=True)

        return _to_job(service.background.start("ingest", work))
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise TooLargeError(f"the zip does not fit on the disk: {error.strerror}") from error
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


@router.post("/v1/backups", responses=PROBLEMS, status_code=202)
def back_up_library(service: ServiceOf) -> out.JobOut:
    """Begin a checked copy of the library beside it, without the keys of its pseudonyms."""
    path = service.library.path
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
    to = path.with_name(f"{path.stem}-backup-{stamp}{path.suffix}")
    service.audit.write("backup")

    def work(_: Job) -> Facts:
        back_up(path, to)
        return {"name": to.name, "bytes": to.stat().st_size}

    return _to_job(service.background.start("backup", work))


@router.post("/v1/checks", responses=PROBLEMS, status_code=202)
def check_library(service: ServiceOf) -> out.JobOut:
    """Begin to read every signal, vector and report of the library."""
    path = service.library.path

    def work(job: Job) -> Facts:
        with SqliteLibrary.open(path) as library:  # searches go on meanwhile
            job.of = len(library)
            verify(library, job.advance)
            return {"cases": job.of}

    return _to_job(service.background.start("check", work))


@router.post("/v1/reindexes", responses=PROBLEMS, status_code=202)
def reindex_library(service: ServiceOf) -> out.JobOut:
    """Begin to make all vectors anew with the weights of `precord serve --new-weights`.

    Searches use the old ones until all are made, then the new; what was stopped goes on where
    it was.
    """
    if (new := service.new_weights) is None:
        raise QueryError(
            "there are no new weights to re-index with; name them by `precord serve --new-weights`"
        )
    service.audit.write("reindex")

    def work(job: Job) -> Facts:
        job.of = len(service.library)
        reindex(service.library.path, new.encoder, job.advance)
        service.change_over()
        return {"cases": job.of, "encoder": new.encoder.fingerprint[:16]}

    return _to_job(service.background.start("reindex", work))


@router.get("/v1/jobs/{job_id}", responses=PROBLEMS)
def job(job_id: str, service: ServiceOf) -> out.JobOut:
    """Return how far a job is."""
    return _to_job(service.background.get(job_id))


@router.get("/v1/jobs/{job_id}/events", responses=EVENTS, response_class=StreamingResponse)
async def job_events(job_id: str, service: ServiceOf) -> StreamingResponse:
    """Send how far a job is whenever that changes, as server-sent events, until it is over."""
    return StreamingResponse(
        _events(service.background.get(job_id)), media_type="text/event-stream"
    )


async def _events(job: Job) -> AsyncIterator[str]:
    """Yield an event for each change of *job*; the stream ends with the job."""
    said, quiet = "", 0.0
    while True:
        is_over = job.is_over  # looked at first: what is sent after it is the last word
        now = json.dumps(_to_job(job).model_dump())
        if now != said:
            yield f"event: job\ndata: {now}\n\n"
            said, quiet = now, 0.0
        elif quiet >= _BEAT:
            yield ": still here\n\n"
            quiet = 0.0
        if is_over:
            return
        await asyncio.sleep(_TICK)
        quiet += _TICK


def _ingest(service: Service, folder: Path, job: Job) -> Facts:
    """Add the cases of an unpacked zip; return what became of them."""
    entries = list_entries(folder, service.parsers)
    job.of = len(entries)
    found = ingest(entries, service.library, service.encoder, batch=_BATCH, on_progress=job.advance)
    service.counts["case_added"] += found.added
    refused = [f"{one.case_id}: {one.reason}" for one in found.refused]
    return {
        "added": found.added,
        "already_there": found.already_there,
        "refused": len(refused),
        "reasons": [on_one_line(reason) for reason in refused[:_REFUSED_SHOWN]],
    }


def _say(fact: str | list[str]) -> str | list[str]:
    """Return what came of a job in the language of whoever asks."""
    return say(fact) if isinstance(fact, str) else [say(one) for one in fact]


def _to_job(job: Job) -> out.JobOut:
    """Return *job* as the API shows it."""
    return out.JobOut.model_validate(
        {
            "id": job.name,
            "kind": job.kind,
            "state": job.state.value,
            "of": job.of,
            "done": job.done,
            "facts": {k: v if isinstance(v, int) else _say(v) for k, v in job.facts.items()},
            "why": say(job.why),
        }
    )
