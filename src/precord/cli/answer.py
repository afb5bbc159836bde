"""A search's answer for people and for programs: tables and one JSON object."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from precord.cli.consensus import print_consensus, print_critical, print_trust
from precord.cli.terminal import DISCLAIMER, cell, grid, output

if TYPE_CHECKING:  # these import NumPy
    from precord.case import Explanation, Hit, Region
    from precord.image.paper import Mark
    from precord.library.protocol import Library
    from precord.record import Measurements, Record
    from precord.retrieve import SearchResult

MEASURED = {  # measurement -> name, unit
    "heart_rate_bpm": ("rate", "/min"),
    "pr_ms": ("PR", " ms"),
    "qrs_ms": ("QRS", " ms"),
    "qt_ms": ("QT", " ms"),
    "qtc_ms": ("QTc", " ms"),
    "p_axis_deg": ("P axis", "°"),
    "qrs_axis_deg": ("axis", "°"),
    "t_axis_deg": ("T axis", "°"),
}


def to_json(result: "SearchResult", query: dict[str, Any]) -> dict[str, Any]:
    """Return *result* as one JSON object.

    Args:
        result: what a search found.
        query: what was asked, to which the search's own findings are added.
    """
    found = {
        "statements": sorted(result.query_statements),
        "statements_are_read": result.query_statements_are_read,
        "measurements": asdict(result.query_measurements),
        "earlier": list(result.earlier),
        "notes": list(result.notes),
    }
    consensus = asdict(result.consensus) if result.consensus else None
    hits = [_hit_to_json(h) for h in result.hits]
    return {
        "schema": 1,
        "query": query | found,
        "trust": asdict(result.trust),
        "critical": [asdict(raised) for raised in result.critical],
        "scarce": dict(result.scarce),
        "consensus": consensus,
        "hits": hits,
    }


def _hit_to_json(hit: "Hit") -> dict[str, Any]:
    """Return one hit; never the pseudonym of its patient."""
    case = hit.case
    why = hit.explanation
    return {
        "rank": hit.rank,
        "case": case.id,
        "score": hit.score,
        "ecg_score": hit.ecg_score,
        "report_score": hit.report_score,
        "overlap_score": hit.overlap_score,
        "match_probability": hit.match_probability,
        "source": case.source,
        "report": case.report.text if case.report else None,
        "language": case.report.language if case.report else None,
        "statements": sorted(case.statements),
        "statements_are_read": case.statements_are_read,
        "measurements": asdict(case.measurements),
        "explanation": None
        if why is None
        else {
            "shared": list(why.shared),
            "query_only": list(why.query_only),
            "case_only": list(why.case_only),
            "differences": why.differences,
            "phrases": [asdict(phrase) for phrase in why.phrases],
            "regions": [asdict(region) for region in why.regions],
        },
    }


def print_answer(result: "SearchResult", query: str) -> None:
    """Print *result*, best hit first.

    Args:
        result: what a search found.
        query: what was asked, on one line.
    """
    console = output()
    console.print(cell(query, "bold"))
    for line in _describe_query(result):
        console.print(cell(line))
    for note in result.notes:
        console.print(cell(f"note: {note}", "yellow"))
    console.print()
    print_trust(console, result.trust)
    print_critical(console, result)
    if result.consensus:
        print_consensus(console, result.consensus)
    if result.hits:
        console.print(_hit_table(result.hits))
    console.print(cell(DISCLAIMER, "italic"))


def _describe_query(result: "SearchResult") -> list[str]:
    """Return what was found out about the query, one line each."""
    lines = []
    if measured := describe_measurements(result.query_measurements):
        lines.append(f"measured: {measured}")
    if result.query_statements:
        whence = "read by the model" if result.query_statements_are_read else "given"
        lines.append(f"{whence}: {' '.join(sorted(result.query_statements))}")
    elif result.query_statements_are_read:
        lines.append("read by the model: no statement")
    return lines


def _hit_table(hits: "tuple[Hit, ...]") -> Table:
    """Return the hits, each with its report and why it was found."""
    table = grid("#", "score", "case, source", "report, and why it was found")
    table.columns[3].ratio = 1
    table.expand = True
    for hit in hits:
        case, report = hit.case, hit.case.report
        who = [cell(case.id), cell(case.source, "magenta")]
        who += [cell(line, "dim") for line in _describe_scores(hit)]
        body = [cell(report.text) if report else cell("no report", "dim")]
        whence = " read from the report" if case.statements_are_read else ""
        codes = " ".join(sorted(case.statements)) or "none"
        body.append(cell(f"statements{whence}: {codes}", "dim"))
        if why := describe_explanation(hit.explanation):
            body.append(cell(f"why: {why}", "green"))
        body += [cell(line, "green") for line in _describe_places(hit)]
        lines = Text("\n")
        table.add_row(str(hit.rank), f"{hit.score:.3f}", lines.join(who), lines.join(body))
        table.add_row()
    return table


def _describe_places(hit: "Hit") -> list[str]:
    """Return where in the report, and where in the query, what was shared is."""
    why, report = hit.explanation, hit.case.report
    lines = []
    if why and report and why.phrases:
        words = (f"“{report.text[p.start : p.end]}” ({p.statement})" for p in why.phrases)
        lines.append(f"fits: {', '.join(words)}")
    if why and why.regions:
        lines.append(f"seen in the query: {describe_regions(why.regions)}")
    return lines


def describe_regions(regions: "tuple[Region, ...]") -> str:
    """Return parts of the query on one line: "IMI in II III aVF (ST-T, QRS) and V1 V2 (QRS)"."""
    found: dict[str, dict[str, list[str]]] = {}  # statement -> place -> waves
    for region in regions:
        begin, end = region.spans[0]
        is_beat = region.wave == "beat"
        place = f"the beat at {(begin + end) / 2:.1f} s" if is_beat else " ".join(region.leads)
        waves = found.setdefault(region.statement, {}).setdefault(place, [])
        waves += [] if is_beat else [region.wave]
    lines = (
        (code, " and ".join(f"{p} ({', '.join(w)})" if w else p for p, w in places.items()))
        for code, places in found.items()
    )
    return ", ".join(f"{code} in {where}" for code, where in lines)


def _describe_scores(hit: "Hit") -> list[str]:
    """Return what the score of a hit is made of, two parts a line."""
    scores = (
        ("ECG", hit.ecg_score),
        ("report", hit.report_score),
        ("statements", hit.overlap_score),
        ("match", hit.match_probability),
    )
    parts = [f"{name} {score:.2f}" for name, score in scores if score is not None]
    return [", ".join(parts[i : i + 2]) for i in range(0, len(parts), 2)]


def describe_measurements(measurements: "Measurements") -> str:
    """Return what was measured, on one line, such as "rate 71/min, PR 160 ms"."""
    values = asdict(measurements)
    return ", ".join(
        f"{name} {values[key]:.0f}{unit}"
        for key, (name, unit) in MEASURED.items()
        if values[key] is not None
    )


def describe_explanation(why: "Explanation | None") -> str:
    """Return an explanation on one line; empty where there is none."""
    if why is None:
        return ""
    is_compared = bool(why.shared or why.query_only)  # else nothing is known of the query
    parts = [
        f"{name} {' '.join(codes)}"
        for name, codes in (
            ("shared", why.shared),
            ("only in the query", why.query_only),
            ("only here", why.case_only),
        )
        if codes and is_compared
    ]
    differences = ", ".join(
        f"{MEASURED[key][0]} {_signed(value)}{MEASURED[key][1]}"
        for key, value in why.differences.items()
    )
    return "; ".join([*parts, differences] if differences else parts)


def _signed(value: float) -> str:
    """Return *value* as a whole number with its sign."""
    return f"{value:+.0f}" if round(value) else "±0"


def draw_match(
    query: "Record", name: str, result: "SearchResult", library: "Library", path: Path
) -> None:
    """Draw *query* above its best match, each titled with where it comes from.

    Shaded are the regions that `Retriever.locate` has found.

    Args:
        query: the ECG that was searched with.
        name: what it is called.
        result: of that search, with at least one hit.
        library: that was searched.
        path: where to; its ending says how.

    Raises:
        LibraryError: The library holds no signal of the case, or is damaged.
        QueryError: *path* has another ending than a picture's, or cannot be written.
    """
    from precord.errors import LibraryError
    from precord.image.paper import save_match

    hit = result.hits[0]
    case = library.case(hit.case.id, with_record=True)
    if case.record is None:
        raise LibraryError(f"{case.id}: the library holds no signal of it, only a reference")
    statements = " ".join(sorted(case.statements))
    regions = hit.explanation.regions if hit.explanation else ()
    about = _describe_query(result)
    if regions:
        about.append(f"shaded: what the match rests on ({describe_regions(regions)}), no finding")
    save_match(
        query,
        case.record,
        path,
        query_title=f"Query: {name}",
        query_text="; ".join(about),
        hit_title=f"Best match: {case.id} · score {hit.score:.3f} · {case.source}",
        hit_text=f"{case.report.text if case.report else 'no report'} [{statements}]",
        marks=_to_marks(regions),
    )


def _to_marks(regions: "tuple[Region, ...]") -> "list[Mark]":
    """Return what to shade, the region that is worth most darkest."""
    from precord.image.paper import Mark

    return [
        Mark(lead, *span, strength=region.worth / regions[0].worth)
        for region in regions
        for lead in region.leads
        for span in region.spans
    ]
