"""The routes that search: by an ECG, by one asked about before, by a case, by words."""

import hashlib
import time
from dataclasses import replace
from typing import Annotated, cast

from fastapi import APIRouter, Depends, File, Form, Query, Request, UploadFile

from precord.api import schemas as out
from precord.api.criterion import Asks, read_asks, read_steering
from precord.api.problem import NotThereError
from precord.api.shape import to_consensus, to_critical, to_hit, to_query, to_trust
from precord.api.state import Asked, Service
from precord.api.stated import StatedOf
from precord.api.upload import Part, laid_out
from precord.digitize.stage import OnStage, unwatched
from precord.errors import QueryError
from precord.io.stated import Stated
from precord.record import Record
from precord.retrieve import MAX_TEXT, SearchResult
from precord.retrieve.focus import Focus
from precord.retrieve.steer import Aspect

router = APIRouter(prefix="/v1", tags=["search"])

PROBLEMS: dict[int | str, dict[str, object]] = {
    status: {"model": out.Problem, "content": {"application/problem+json": {}}}
    for status in (400, 401, 403, 404, 413, 421, 422, 503)
}


def get_service(request: Request) -> Service:
    """Return what the application was started with."""
    return cast("Service", request.app.state.service)


ServiceOf = Annotated[Service, Depends(get_service)]
AsksOf = Annotated[Asks, Depends(read_asks)]
SteeringOf = Annotated[Aspect | Focus | None, Depends(read_steering)]


@router.post("/search", responses=PROBLEMS)
def search(  # noqa: PLR0913 - one argument per part of the form
    service: ServiceOf,
    asks: AsksOf,
    file: Annotated[list[UploadFile] | None, File(description="The files of one ECG.")] = None,
    query: Annotated[str, Form(max_length=64, description="The id of an earlier query.")] = "",
    case: Annotated[str, Form(max_length=200, description="The id of a case.")] = "",
    patient: Annotated[str, Form(max_length=200, description="Whose cases to leave out.")] = "",
    *,
    stated: StatedOf,
    like: SteeringOf = None,
    why: Annotated[bool, Query(description="Whether to say which waves made each match.")] = False,
) -> out.SearchOut:
    """Return the cases most like an ECG, best first.

    The ECG is uploaded (one file, several of one record, or a zip of them), or is that of an
    earlier query, or that of a case. A plain `def`: reading and encoding belong in the thread
    pool, not on the loop.
    """
    started = time.perf_counter()
    uploads = [one for one in file or () if one.filename]
    if bool(uploads) + bool(query) + bool(case) != 1:
        raise QueryError("give one of: files of an ECG, the id of an earlier query, a case's id")
    if not uploads and not stated.is_empty:
        raise QueryError("rate, unit and lead_order are stated of uploaded files alone")
    kind = "case" if case else "ecg"
    if uploads:
        record = read_uploads(service, uploads, stated, patient)
        asked = Asked(record.digest(), record)
        name = service.queries.keep(asked)
    elif query:
        asked, name = service.queries.get(query), query
        record = service.queries.record(query)
    else:
        record, owner = _read_case(service, case)
        asked = Asked(record.digest(), record, owner)
        name = service.queries.keep(asked)
    service.audit.write("search", kind=kind, query=asked.digest[:16])
    with service.turns.take():
        result = find_like(service, asks, asked, like)
        if why:
            result = service.retriever.locate(record, result)
    service.counts[f"search_{kind}"] += 1
    return _answer(to_query(result, query_id=name, kind=kind, record=record), result, started)


@router.get("/search", responses=PROBLEMS)
def search_text(
    service: ServiceOf,
    asks: AsksOf,
    text: Annotated[str, Query(min_length=1, max_length=MAX_TEXT)],
) -> out.SearchOut:
    """Return the cases that a sentence in German or English describes best."""
    started = time.perf_counter()
    with service.turns.take():
        result = find_said(service, asks, text)
    digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
    name = service.queries.keep(Asked(digest, None))
    service.audit.write("search", kind="text", query=digest[:16])
    service.counts["search_text"] += 1
    return _answer(to_query(result, query_id=name, kind="text", text=text), result, started)


def find_like(
    service: Service, asks: Asks, asked: Asked, like: Aspect | Focus | None
) -> SearchResult:
    """Return what is found for an ECG, as *asks* narrow and *like* steers it.

    Raises:
        NotThereError: What was asked was a text.
    """
    if asked.record is None:
        raise NotThereError("this query was a text; it has no ECG")
    result = service.retriever.by_record(
        asked.record,
        k=asks.k + len(asks.without),
        patient=asked.patient,
        criteria=asks.criteria,
        include_simulated=asks.include_simulated,
        like=like,
    )
    return _put_aside(result, asks)


def find_said(service: Service, asks: Asks, text: str) -> SearchResult:
    """Return what is found for a text; raises QueryError where it has no word."""
    if not any(c.isalnum() for c in text) or "\0" in text:
        raise QueryError("the text has no word, expected such as 'atrial fibrillation'")
    result = service.retriever.by_text(
        text,
        k=asks.k + len(asks.without),
        criteria=asks.criteria,
        include_simulated=asks.include_simulated,
    )
    return _put_aside(result, asks)


def _put_aside(result: SearchResult, asks: Asks) -> SearchResult:
    """Return *result* without the cases that were put aside; others take their ranks."""
    kept = [hit for hit in result.hits if hit.case.id not in asks.without][: asks.k]
    hits = tuple(replace(hit, rank=rank) for rank, hit in enumerate(kept, 1))
    return replace(result, hits=hits)


def read_uploads(
    service: Service,
    uploads: list[UploadFile],
    stated: Stated,
    patient: str = "",
    on_stage: OnStage = unwatched,
) -> Record:
    """Return the record in *uploads*, of which *stated* is stated, read by a worker.

    It is of *patient*, if that is said, whatever the files say. Who that is to the library is
    looked up at each search: the patient may have been added or erased meanwhile.
    """
    parts = [Part(one.filename or "", one.file) for one in uploads]
    with laid_out(parts) as path:
        record = service.parsers.read(path, on_stage, stated)
    if not patient:
        return record
    return replace(record, acquisition=replace(record.acquisition, patient_id=patient))


def _read_case(service: Service, case_id: str) -> tuple[Record, str | None]:
    """Return the ECG of a case, and whose it is."""
    case = service.find_case(case_id, with_record=True)
    if case.record is None:
        raise QueryError(f"case {case.id}: the library holds a reference only, no signal")
    return case.record, case.patient


def _answer(query: out.QueryOut, result: SearchResult, started: float) -> out.SearchOut:
    """Return the whole answer."""
    took = round(1000 * (time.perf_counter() - started))
    return out.SearchOut(
        query=query,
        trust=to_trust(result),
        critical=to_critical(result),
        scarce=[out.ScarceOut(code=code, n=n) for code, n in result.scarce],
        consensus=to_consensus(result),
        hits=[to_hit(hit) for hit in result.hits],
        took_ms=took,
    )
