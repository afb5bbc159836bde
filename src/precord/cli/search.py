"""`precord search`: one ECG file or a text in, similar cases with their reports out."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from precord.cli.argument import (
    Age,
    Corners,
    Has,
    Lacks,
    LeadOrder,
    LibraryAt,
    PageNumber,
    PaperGain,
    PaperLayout,
    PaperSpeed,
    RateIs,
    Rotate,
    SexIs,
    Since,
    Sources,
    UnitIs,
    Until,
    WeightsAt,
    Where,
    check_choice,
    parse_criteria,
    parse_paper,
    parse_stated,
    wrong_usage,
)

if TYPE_CHECKING:  # these import NumPy
    from precord.digitize import Options
    from precord.io import Stated
    from precord.record import Record
    from precord.retrieve import Retriever, SearchResult
    from precord.retrieve.focus import Focus
    from precord.retrieve.steer import Aspect

Ecg = Annotated[
    Path | None,
    typer.Argument(
        metavar="[ECG]",
        exists=False,
        help="An ECG file (WFDB, DICOM, MATLAB, NumPy, HDF5, Parquet or CSV), or a picture of one.",
    ),
]
Words = Annotated[
    str | None, typer.Option("--text", help="Search by words instead; - reads standard input.")
]
Top = Annotated[int, typer.Option("-k", "--top", min=1, help="So many cases.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Patient = Annotated[
    str | None,
    typer.Option(help="The patient's id as the data set wrote it; the patient is left out."),
]
WithSimulated = Annotated[
    bool, typer.Option("--include-simulated", help="Let simulated cases stand among real ones.")
]
Anyway = Annotated[
    bool, typer.Option("--anyway", help="Search even with what does not look like an ECG.")
]
Like = Annotated[
    str | None,
    typer.Option(metavar="ASPECT", help="Stress rhythm, conduction, st-t or voltage."),
]
Leads = Annotated[
    str | None, typer.Option(metavar="V1,V2,...", help="Stress what these leads show.")
]
Window = Annotated[
    str | None,
    typer.Option(metavar="BEGIN-END", help="Stress what is seen then, in seconds: 3.2-4.0."),
]
Why = Annotated[
    bool, typer.Option("--why", help="Say which waves or beats of ECG made each match.")
]
Picture = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="Draw ECG above its best match: .png, .pdf or .svg.", exists=False
    ),
]

_ASPECTS = ("rhythm", "conduction", "st-t", "voltage")


def search(  # noqa: PLR0913 - one argument per option of the command
    ecg: Ecg = None,
    *,
    library: LibraryAt,
    text: Words = None,
    top: Top = 10,
    as_json: AsJson = False,
    patient: Patient = None,
    age: Age = None,
    sex: SexIs = None,
    has: Has = None,
    lacks: Lacks = None,
    source: Sources = None,
    where: Where = None,
    since: Since = None,
    until: Until = None,
    include_simulated: WithSimulated = False,
    anyway: Anyway = False,
    like: Like = None,
    leads: Leads = None,
    window: Window = None,
    why: Why = False,
    picture: Picture = None,
    rate: RateIs = None,
    unit: UnitIs = None,
    lead_order: LeadOrder = None,
    corners: Corners = None,
    layout: PaperLayout = None,
    speed: PaperSpeed = None,
    gain: PaperGain = None,
    rotate: Rotate = 0,
    page: PageNumber = None,
    weights: WeightsAt = None,
) -> None:
    """Print the cases most like ECG, or most like a text, best first.

    Options such as --age narrow the cases before they are ranked; a case of which something
    is not known does not meet a criterion of it. The answer goes to standard output,
    everything else to standard error. Exit status: 0 done, 1 the file or the library cannot
    be used, 2 wrong usage.
    """
    if (ecg is None) == (text is None):
        raise typer.BadParameter("give either an ECG file or --text")
    if text is not None and (picture or patient or like or leads or window or why):
        options = "--picture, --patient, --like, --leads, --window and --why"
        raise typer.BadParameter(f"{options} need an ECG file")
    check_choice("--like", like, _ASPECTS)
    if like and (leads or window):
        raise typer.BadParameter("give either --like or --leads and --window")
    criteria = parse_criteria(
        age=age,
        sex=sex,
        has=has,
        lacks=lacks,
        source=source,
        where=where,
        since=since,
        until=until,
    )

    from precord.cli.terminal import waiting  # here, so that `precord --help` stays fast

    steering = _steer(like, leads, window)
    told = (
        parse_stated(rate, unit, lead_order),
        parse_paper(
            corners=corners, layout=layout, speed=speed, gain=gain, rotate=rotate, page=page
        ),
    )
    with waiting("searching"), _open(library, ecg, told, weights) as (retriever, record):
        if record is None:
            words = _read_text(text or "")
            query: dict[str, str | int] = {"text": words, "k": top}
            title = f"text: {words[:200]}"
            result = retriever.by_text(
                words, k=top, criteria=criteria, include_simulated=include_simulated
            )
        else:
            result = retriever.by_record(
                record,
                k=top,
                patient=retriever.library.find_pseudonym(patient) if patient else None,
                criteria=criteria,
                include_simulated=include_simulated,
                anyway=anyway,
                like=steering,
            )
            if why or picture:
                result = retriever.locate(record, result)
            query = {"ecg": str(ecg), "k": top}
            asked = {"like": like, "leads": leads, "window": window}
            query |= {name: value for name, value in asked.items() if value}
            title = _describe(record, str(ecg))
        if record is not None and picture is not None:
            _draw(record, result, retriever, picture)
    _print(result, query, title, as_json=as_json)


def _steer(like: str | None, leads: str | None, window: str | None) -> "Aspect | Focus | None":
    """Return what the order of the hits is to stress."""
    from precord.retrieve.focus import parse_focus
    from precord.retrieve.steer import Aspect

    if leads is not None or window is not None:
        with wrong_usage():
            return parse_focus(leads or "", window or "")
    return Aspect(like) if like else None


@contextmanager
def _open(
    library: Path, ecg: Path | None, told: "tuple[Stated, Options]", weights: Path | None
) -> "Iterator[tuple[Retriever, Record | None]]":
    """Open what a search needs; the ECG first, because it is the likeliest to be refused."""
    from precord.encoder import Encoder
    from precord.io import read
    from precord.library.sqlite import SqliteLibrary
    from precord.retrieve import Calibration, Retriever

    record = read(ecg, *told) if ecg is not None else None
    encoder = Encoder.load(weights)
    with SqliteLibrary.open(library, encoder=encoder) as cases:
        yield Retriever(cases, encoder, Calibration.load(encoder.fingerprint, weights)), record


def _read_text(text: str) -> str:
    """Return *text*, or standard input where it is a dash, no longer than needed to refuse."""
    from precord.retrieve import MAX_TEXT

    return sys.stdin.read(MAX_TEXT + 1) if text == "-" else text


def _print(
    result: "SearchResult", query: dict[str, str | int], title: str, *, as_json: bool
) -> None:
    """Print *result* for programs or for people."""
    from precord.cli.answer import print_answer, to_json

    if as_json:
        typer.echo(json.dumps(to_json(result, query), ensure_ascii=False))
    else:
        print_answer(result, title)


def _describe(record: "Record", name: str) -> str:
    """Return what the query is, on one line."""
    words = (
        f"{name}: {len(record.leads)} leads, {record.rate:g} Hz, {record.duration:.1f} s, "
        f"scale {record.scale}"
    )
    confidence = record.provenance.confidence
    if not confidence:
        return words
    least = min(range(len(confidence)), key=lambda k: confidence[k])
    return (
        f"{words}, read from a {record.provenance.format} with confidence "
        f"{sorted(confidence)[len(confidence) // 2]:.2f}, least in {record.leads[least]} "
        f"({confidence[least]:.2f})"
    )


def _draw(record: "Record", result: "SearchResult", retriever: "Retriever", path: Path) -> None:
    """Draw *record* above its best match, and say where the picture is."""
    from precord.cli.answer import draw_match
    from precord.cli.terminal import say

    if not result.hits:
        say("no picture: there is no match")
        return
    draw_match(record, record.provenance.name, result, retriever.library, path)
    say(f"picture: {path}")
