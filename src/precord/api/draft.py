"""The routes of report drafts: one is made from precedents, and leaves only when confirmed."""

from datetime import UTC, datetime

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from precord.api import schemas_page as out
from precord.api.report_words import words_of
from precord.api.schemas import DISCLAIMER
from precord.api.search import PROBLEMS, ServiceOf
from precord.draft import Draft, Query, ask_model, draft_report
from precord.errors import DraftError
from precord.report import Language
from precord.retrieve.critical import HEAD_LIMIT
from precord.signal.measure import measure
from precord.statements import CODES

router = APIRouter(prefix="/v1", tags=["drafts"])

RHYTHMS = ("AFIB", "AFLT", "SVTAC", "PSVT", "PACE")  # raised as `retrieve.critical` raises them
TEXT = PROBLEMS | {200: {"content": {"text/plain": {}}}}


@router.post("/draft", responses=PROBLEMS)
def draft(asked: out.DraftIn, service: ServiceOf) -> out.DraftOut:
    """Return a draft of a report for a query, every sentence with its precedents.

    It holds no number, date, name or comparison of a precedent, nothing that the query's
    measurements contradict, and never says that something is normal, absent or unchanged.
    """
    record = service.queries.record(asked.query)
    cases = [service.find_case(case_id) for case_id in dict.fromkeys(asked.cases)]
    encoder = service.retriever.encoder
    with service.turns.take():
        probabilities = encoder.encode_query(record).statements
        measured = measure(record)
    read = encoder.likely_statements(probabilities)
    raised = frozenset(c for c in RHYTHMS if probabilities[CODES.index(c)] >= HEAD_LIMIT)
    query = Query(measured, read, record.is_calibrated, raised)
    model, language = service.language_model, Language(asked.language)
    if asked.by_model and model is None:
        raise DraftError("no language model; start the service with --llm URL")
    digest = service.queries.get(asked.query).digest[:16]
    service.audit.write("draft", query=digest, kind="model" if asked.by_model else "extract")
    if asked.by_model and model is not None:
        return _shape(ask_model(model, query, cases, language), has_model=True)
    return _shape(draft_report(query, cases, language), has_model=model is not None)


@router.post("/draft/export", responses=TEXT, response_class=PlainTextResponse)
def export(asked: out.DraftExport, service: ServiceOf) -> PlainTextResponse:
    """Return a confirmed draft as text, with its sources and who confirmed it."""
    kept = service.queries.get(asked.query)
    service.audit.write("draft-export", query=kept.digest[:16])
    headers = {
        "Content-Disposition": 'attachment; filename="report.txt"',
        "X-Disclaimer": DISCLAIMER,
    }
    return PlainTextResponse(to_text(asked), headers=headers)


def to_text(asked: out.DraftExport) -> str:
    """Return a confirmed draft: sentences with numbered sources, who confirmed it, what it is."""
    sources = list(dict.fromkeys(c for one in asked.sentences for c in one.citations))
    lines = []
    for one in asked.sentences:
        marks = "".join(f"[{sources.index(cited) + 1}]" for cited in one.citations)
        lines.append(f"{' '.join(one.text.split())} {marks}".rstrip())
    now = datetime.now(UTC).isoformat(" ", "minutes").removesuffix("+00:00")
    words = words_of(asked.language)
    named = {"query": words.drafted_query}
    listed = [f"[{n}] {named.get(source, source)}" for n, source in enumerate(sources, 1)]
    who = " ".join(asked.confirmed_by.split())
    confirmed = words.drafted_by.format(who=who, when=now)
    parts = [*lines, "", f"{words.drafted_from}:", *listed, "", confirmed, DISCLAIMER]
    return "\n".join(parts) + "\n"


def _shape(made: Draft, *, has_model: bool) -> out.DraftOut:
    """Return *made* as the API gives it."""
    return out.DraftOut.model_validate(
        {
            "language": made.language.value,
            "sentences": [
                {"text": s.text, "kind": s.kind.value, "citations": list(s.citations)}
                for s in made.sentences
            ],
            "struck": [
                {
                    "text": s.text,
                    "case": s.case,
                    "reason": s.reason.value,
                    "measurement": s.measurement,
                    "value": s.value,
                }
                for s in made.struck
            ],
            "written_by": made.written_by,
            "has_model": has_model,
        }
    )
