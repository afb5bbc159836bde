"""The whole answer to a search as a file: a PDF to keep or print, or a picture of the best match.

The search is made again, so that the file says what the service found, not what a page claims.
"""

from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

from fastapi import APIRouter, Form, Query
from fastapi.responses import Response

from precord.api.ecg import DRAWING
from precord.api.language import say
from precord.api.report_words import Words, words_of
from precord.api.schemas import DISCLAIMER
from precord.api.schemas_page import Language as PageLanguage
from precord.api.search import PROBLEMS, AsksOf, ServiceOf, SteeringOf, find_like, find_said
from precord.api.state import Service
from precord.case import Hit
from precord.errors import QueryError
from precord.image.paper import save_match
from precord.image.report import EcgPage, TextPage, write_report
from precord.record import Measurements, Record
from precord.retrieve import MAX_TEXT, SearchResult
from precord.statements import CODES, STATEMENTS

router = APIRouter(prefix="/v1", tags=["search"])

Section = tuple[str, tuple[str, ...]]
_MOST_ECGS = 10  # precedents that get a page of their own
_STATEMENTS = 8  # of the nearest cases, as on the page
FILE = PROBLEMS | {200: {"content": {"application/pdf": {}, "image/png": {}}}}


class ReportForm(StrEnum):
    """What the answer is written as."""

    PDF = "pdf"
    PNG = "png"


@router.post("/report", responses=FILE, response_class=Response)
def report(  # noqa: PLR0913 - one argument per field of the form
    service: ServiceOf,
    asks: AsksOf,
    like: SteeringOf,
    *,
    query: Annotated[str, Form(max_length=64, description="The id of an earlier query.")] = "",
    text: Annotated[str, Form(max_length=MAX_TEXT, description="Or a text.")] = "",
    language: Annotated[PageLanguage, Form()] = "en",
    form: Annotated[ReportForm, Query()] = ReportForm.PDF,
    ecgs: Annotated[int, Query(ge=0, le=_MOST_ECGS, description="Precedents drawn.")] = 3,
) -> Response:
    """Return the answer to a search as a PDF, or the query above its best match as a PNG.

    The PDF holds the query on ECG paper, what was measured and read, what speaks against the
    answer, and the precedents, each with its source, report, and the best of them drawn.
    """
    if bool(query) == bool(text):
        raise QueryError("give one of: the id of an earlier query, a text")
    record = None
    if query:
        asked, record = service.queries.get(query), service.queries.record(query)
        service.audit.write("report", query=asked.digest[:16])
        with service.turns.take():
            result = find_like(service, asks, asked, like)
    else:
        with service.turns.take():
            result = find_said(service, asks, text)
        service.audit.write("report", kind="text")
    words = words_of(language)
    if form is ReportForm.PNG:
        return _file(_draw_match(service, record, result, words), "png", "image/png")
    pages = _pages(service, record, text, result, (words, ecgs))
    with DRAWING:
        data = write_report(pages, words.title)
    return _file(data, "pdf", "application/pdf")


def _pages(
    service: Service,
    record: Record | None,
    text: str,
    result: SearchResult,
    how: tuple[Words, int],
) -> list[EcgPage | TextPage]:
    """Return the pages of the PDF."""
    words, ecgs = how
    pages: list[EcgPage | TextPage] = []
    if record is not None:
        title = f"{words.query}: {record.provenance.name}"
        pages.append(EcgPage(record, title, (_measured(result.query_measurements, words),)))
    pages.append(TextPage(words.title, tuple(_sections(text, result, words))))
    for hit in result.hits[:ecgs]:
        found = service.find_case(hit.case.id, with_record=True).record
        if found is not None:
            pages.append(EcgPage(found, _title(hit), tuple(_lines(hit, words))))
    return pages


def _sections(text: str, result: SearchResult, words: Words) -> list[Section]:
    """Return what is said of the query, and the list of all hits; empty sections left out."""
    german = words.language == "de"
    read = [_name(c, is_german=german) for c in CODES if c in result.query_statements]
    sections: list[Section] = [(words.disclaimer, ())]
    if text:
        sections.append((words.asked, (text,)))
    else:
        sections += [
            (words.measured, (_measured(result.query_measurements, words),)),
            (words.read, ("; ".join(read) or words.nothing, words.read_caveat)),
        ]
    if result.trust.reasons:
        reasons = tuple(say(reason, words.language) for reason in result.trust.reasons)
        sections.append((words.verdict[result.trust.verdict.value], reasons))
    critical = tuple(
        f"{say(c.name, words.language)}: {'; '.join(say(s, words.language) for s in c.support)}"
        for c in result.critical
    )
    scarce = ", ".join(f"{_name(code, is_german=german)} ({n})" for code, n in result.scarce)
    sections += [
        (words.critical, critical),
        (*_count(result, words, is_german=german),),
        (words.scarce, (scarce,) if scarce else ()),
        (words.earlier, result.earlier),
        (words.notes, tuple(say(note, words.language) for note in result.notes)),
        (words.hits, (words.hits_caveat,)),
    ]
    sections += [(_title(hit), tuple(_lines(hit, words))) for hit in result.hits]
    return [one for one in sections if one[1] or one[0] == words.disclaimer]


def _count(result: SearchResult, words: Words, *, is_german: bool) -> Section:
    """Return what the nearest cases have; no line where none was asked."""
    found = result.consensus
    if found is None:
        return "", ()
    lines = [
        words.counted.format(name=_name(vote.name, is_german=is_german), n=vote.n, of=found.of)
        for vote in (*found.classes, *found.statements[:_STATEMENTS])
    ]
    return words.neighbours.format(n=found.of), (*lines, words.caveat)


def _title(hit: Hit) -> str:
    """Return rank, case, and who or what wrote the report."""
    return f"{hit.rank} · {hit.case.id} · {hit.case.source.value}"


def _lines(hit: Hit, words: Words) -> list[str]:
    """Return report, statements, measurements and differences of one hit."""
    case, why = hit.case, hit.explanation
    german = words.language == "de"
    codes = "; ".join(_name(code, is_german=german) for code in CODES if code in case.statements)
    lines = [case.report.text if case.report else "", codes, _measured(case.measurements, words)]
    if why is not None and why.differences:
        parts = [
            f"{name} {why.differences[key]:+.0f}{unit}"
            for key, name, unit in words.measurements
            if key in why.differences
        ]
        lines.append(f"{words.difference}: {', '.join(parts)}" if parts else "")
    if why is not None and why.shared:
        shared = "; ".join(_name(code, is_german=german) for code in why.shared)
        lines.append(f"{words.shared}: {shared}")
    return [line for line in lines if line]


def _measured(values: Measurements, words: Words) -> str:
    """Return measurements on one line."""
    found = [(name, getattr(values, key), unit) for key, name, unit in words.measurements]
    return ", ".join(
        f"{name} {'–' if value is None else f'{value:.0f}{unit}'}" for name, value, unit in found
    )


def _name(code: str, *, is_german: bool) -> str:
    """Return the name of a statement; of a superclass its letters."""
    known = STATEMENTS.get(code)
    if known is None or code == "NORM":
        return code
    return known.german if is_german else known.english


def _draw_match(
    service: Service, record: Record | None, result: SearchResult, words: Words
) -> bytes:
    """Return the query above its best match as a PNG."""
    best = result.hits[0] if result.hits else None
    found = service.find_case(best.case.id, with_record=True).record if best else None
    if record is None or best is None or found is None:
        raise QueryError("a picture needs an ECG as the query, and a case with a signal")
    with TemporaryDirectory(prefix="precord-") as folder, DRAWING:
        path = Path(folder) / "match.png"
        save_match(
            record,
            found,
            path,
            query_title=f"{words.query}: {record.provenance.name} · {words.disclaimer}",
            hit_title=_title(best),
            hit_text=best.case.report.text if best.case.report else "",
        )
        return path.read_bytes()


def _file(data: bytes, ending: str, media: str) -> Response:
    """Return *data* to be saved."""
    headers = {
        "Content-Disposition": f'attachment; filename="precord.{ending}"',
        "X-Disclaimer": DISCLAIMER,
    }
    return Response(data, media_type=media, headers=headers)
