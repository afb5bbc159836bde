"""The routes of the library as a whole: what it holds, what goes in and out, verdicts, health."""

import secrets
from dataclasses import dataclass
from importlib.resources import files
from typing import Annotated, cast

import numpy as np
from fastapi import APIRouter, File, Form, Query, Request, UploadFile
from fastapi.responses import PlainTextResponse, Response

from precord import __version__
from precord.api import schemas as out
from precord.api import schemas_admin as admin
from precord.api.markdown import to_html
from precord.api.metrics import Meter
from precord.api.problem import BusyError, NotThereError
from precord.api.search import PROBLEMS, ServiceOf, read_uploads
from precord.api.shape import to_statement
from precord.api.stated import StatedOf
from precord.corpora.entry import Entry
from precord.errors import QueryError
from precord.ingest import ingest
from precord.library.ages import count_ages
from precord.library.feedback import count_verdicts, keep_verdict, list_verdicts, to_csv
from precord.library.protocol import Library
from precord.record import Record
from precord.report import Language, Report, Source
from precord.retrieve.plane import project
from precord.statements import CODES, STATEMENTS, parse_statements

router = APIRouter(tags=["library"])

RARE_BELOW = 10  # cases of a statement; with fewer the library cannot show it
MAX_POINTS = 1000  # of the map; more are a blot
_MAX_REPORT = 20_000

CSV = PROBLEMS | {200: {"content": {"text/csv": {}}}}


@dataclass(frozen=True, slots=True)
class _Held:
    """The signal of an entry that is in memory already."""

    record: Record

    def __call__(self) -> Record:
        """Return the record."""
        return self.record


@router.get("/v1/library", responses=PROBLEMS)
def library(service: ServiceOf) -> out.LibraryOut:
    """Return what the library holds, and what it cannot show."""
    stats = service.library.stats()
    counts, real = _count_statements(service.library) if stats.cases else 2 * ([0] * len(CODES),)
    return out.LibraryOut(
        name=service.library.path.name,
        cases=stats.cases,
        patients=stats.patients,
        by_corpus=dict(stats.by_corpus),
        by_source={source.value: n for source, n in stats.by_source.items()},
        statements=[(to_statement(c), n) for c, n in zip(CODES, counts, strict=True)],
        rare=[(to_statement(c), n) for c, n in zip(CODES, real, strict=True) if n < RARE_BELOW],
        ages=[out.AgeOut(decade=decade, n=n) for decade, n in count_ages(service.library).items()],
        rare_below=RARE_BELOW,
        feedback=count_verdicts(service.library),
        encoder=service.library.meta["encoder"][:16],
        new_encoder=service.new_weights.encoder.fingerprint[:16] if service.new_weights else None,
        precord=__version__,
    )


def _count_statements(library: Library) -> tuple[list[int], list[int]]:
    """Return how many cases have each statement, and how many of those that may be hits.

    Simulated ones are left out of hits, unless the library holds nothing else.
    """
    vectors = library.vectors()
    present, is_simulated = vectors.statements.present, vectors.is_simulated
    shown = present if is_simulated.all() else present[~is_simulated]
    return present.sum(axis=0).tolist(), shown.sum(axis=0).tolist()


@router.post("/v1/feedback", responses=PROBLEMS)
def feedback(service: ServiceOf, given: out.FeedbackIn) -> out.FeedbackOut:
    """Keep a verdict on one hit; a later verdict on the same replaces it."""
    asked = service.queries.get(given.query)
    case = service.find_case(given.case)
    service.audit.write("feedback", case=case.id, query=asked.digest[:16], verdict=given.verdict)
    keep_verdict(service.library, asked.digest, case.id, given.verdict)
    return out.FeedbackOut(case=case.id, verdict=given.verdict)


@router.get("/v1/feedback", responses=CSV, response_class=Response)
def verdicts(service: ServiceOf) -> Response:
    """Return all verdicts as CSV, for evaluation and training; of a query there is only a hash."""
    return Response(
        to_csv(list_verdicts(service.library)),
        media_type="text/csv",
        headers={
            "Content-Disposition": 'attachment; filename="verdicts.csv"',
            "X-Disclaimer": out.DISCLAIMER,
        },
    )


@router.post("/v1/cases", responses=PROBLEMS, status_code=201)
def add_case(  # noqa: PLR0913 - one argument per part of the form
    service: ServiceOf,
    file: Annotated[list[UploadFile], File(description="The files of one ECG.")],
    source: Annotated[Source, Form(description="Who or what wrote the report.")],
    *,
    stated: StatedOf,
    patient: Annotated[str, Form(max_length=200)] = "",
    report: Annotated[str, Form(max_length=_MAX_REPORT)] = "",
    language: Annotated[Language, Form()] = Language.UNKNOWN,
    statements: Annotated[str, Form(max_length=1000)] = "",
) -> out.CaseAdded:
    """Add one case to the library; the patient's id is kept as a keyed pseudonym only."""
    record = read_uploads(service, file, stated)
    name = patient or record.acquisition.patient_id
    if not report.strip() and source is not Source.STATEMENTS:
        raise QueryError(f"source {source.value!r} without a report, expected a report")
    entry = Entry(
        case_id=f"added/{secrets.token_hex(8)}",
        corpus="added",
        patient=name or None,
        fold=None,
        statements=parse_statements(statements.split(",")),
        report=Report(report, language, source) if report.strip() else None,
        source=_Held(record),
        age=record.acquisition.age,
        sex=record.acquisition.sex,
        time=record.acquisition.time,
    )
    service.audit.write("add", case=entry.case_id)
    found = ingest([entry], service.library, service.encoder)
    if found.refused:
        raise QueryError(found.refused[0].reason)
    service.counts["case_added"] += 1
    return out.CaseAdded(id=entry.case_id)


@router.delete("/v1/patients/{patient:path}", responses=PROBLEMS)
def erase_patient(patient: str, service: ServiceOf) -> out.Erased:
    """Erase every case of a patient without a trace, and the key of the pseudonym.

    Backups made earlier still hold the cases, to which nothing leads from the patient's id.
    """
    pseudonym = service.library.find_pseudonym(patient) if service.library.has_keys() else None
    service.audit.write("erase patient", patient=service.sign(pseudonym))
    n_cases = service.library.erase_patient(patient)
    service.queries.forget()
    if not n_cases:
        raise NotThereError("the library holds no case of this patient")
    service.counts["patient_erased"] += 1
    return out.Erased(cases=n_cases)


@router.get("/v1/library/map", responses=PROBLEMS)
def library_map(
    service: ServiceOf, n: Annotated[int, Query(ge=2, le=MAX_POINTS)] = MAX_POINTS
) -> admin.MapOut:
    """Return cases on the plane of the two principal components of their ECG vectors."""
    vectors = service.library.vectors()
    with service.turns.take():
        plane = project(vectors, n)
    present = vectors.statements.present[plane.rows]
    points = []
    for row, (x, y), has in zip(plane.rows, plane.places, present, strict=True):
        codes = [code for code, is_there in zip(CODES, has, strict=True) if is_there]
        superclass = next((c for code in codes if (c := STATEMENTS[code].superclass)), None)
        place = {"x": round(float(x), 4), "y": round(float(y), 4)}
        facts = {"id": vectors.ids[row], "superclass": superclass, "label": ", ".join(codes)}
        points.append(admin.PointOut.model_validate(place | facts))
    n_cases = int((~np.isnan(vectors.ecg[:, 0])).sum())
    return admin.MapOut(points=points, share=plane.share, of=n_cases)


@router.get("/v1/model-card", responses=PROBLEMS)
def model_card(service: ServiceOf) -> admin.ModelCardOut:
    """Return what the weights are."""
    card = files("precord.web") / "model-card.md"
    text = card.read_text("utf-8") if service.weights is None else ""
    return admin.ModelCardOut(
        encoder=service.library.meta["encoder"][:16], markdown=text, html=to_html(text)
    )


@router.get("/v1/health", responses=PROBLEMS)
async def health() -> out.HealthOut:
    """Say that the service runs; answered beside whatever else goes on."""
    return out.HealthOut(status="ok")


@router.get("/v1/ready", responses=PROBLEMS)
def ready(service: ServiceOf) -> out.HealthOut:
    """Say that the library answers, and that an upload could be read."""
    len(service.library)
    if not service.parsers.is_alive:
        raise BusyError("no worker reads uploads")
    return out.HealthOut(status="ok")


@router.get("/metrics", response_class=PlainTextResponse, responses=PROBLEMS)
def metrics(request: Request) -> str:
    """Return counters in the text format of Prometheus."""
    return cast("Meter", request.app.state.meter).text()
