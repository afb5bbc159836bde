"""Why a case was found: the statements it shares with the query, and how the two differ.

The words of its report that fit are those that `text.parse_report` reads as present, or as
possible, and that the query has as well. Words for a family ("infarct") fit any of it.

Differences are case minus query in the measurements' own units. An axis is an angle, so
its difference is taken the short way round, -180 (exclusive) to 180 degrees.
"""

from collections.abc import Collection

from precord.case import Case, Explanation, Phrase
from precord.record import Measurements
from precord.statements import CODES
from precord.text import State, parse_report
from precord.text.family import widen

COMPARED = ("heart_rate_bpm", "pr_ms", "qrs_ms", "qtc_ms", "qrs_axis_deg")
"""The measurements compared, in the order in which they are shown."""

_ANGLES = frozenset({"qrs_axis_deg"})
_ORDER = {code: i for i, code in enumerate(CODES)}


def explain(
    query_statements: Collection[str],
    are_read: bool,
    query_measurements: Measurements,
    case: Case,
) -> Explanation:
    """Return why *case* answers a query.

    Args:
        query_statements: SCP-ECG codes of the query.
        are_read: whether a model read them from the signal.
        query_measurements: of the query; what is None there is not compared.
        case: the case found.
    """
    query = frozenset(query_statements)
    return Explanation(
        shared=_in_order(query & case.statements),
        query_only=_in_order(query - case.statements),
        case_only=_in_order(case.statements - query),
        query_statements_are_read=are_read,
        differences=_differences(query_measurements, case.measurements),
        phrases=find_phrases(case.report.text, query) if case.report else (),
    )


def find_phrases(report: str, query_statements: Collection[str]) -> tuple[Phrase, ...]:
    """Return the words of *report* that say what the query has; none that another's hold.

    What is denied fits nothing: that neither has it is true of most things.
    """
    found: list[Phrase] = []
    for finding in parse_report(report, with_families=True):
        meant = widen(finding.statement).intersection(query_statements)
        if finding.state is State.NEGATED or not meant:
            continue
        code = finding.statement if finding.statement in meant else _in_order(meant)[0]
        if found and finding.start < found[-1].end:  # of overlapping words the longer
            if finding.end - finding.start <= found[-1].end - found[-1].start:
                continue
            found.pop()
        found.append(Phrase(finding.start, finding.end, code))
    return tuple(found)


def _in_order(codes: Collection[str]) -> tuple[str, ...]:
    """Return *codes* in the order of `statements.CODES`: diagnoses, then form, then rhythm."""
    return tuple(sorted(codes, key=_ORDER.__getitem__))


def _differences(query: Measurements, case: Measurements) -> dict[str, float]:
    """Return case minus query for each compared measurement that both have."""
    differences = {}
    for name in COMPARED:
        ours, theirs = getattr(query, name), getattr(case, name)
        if ours is not None and theirs is not None:
            difference = float(theirs - ours)
            differences[name] = _to_half_turn(difference) if name in _ANGLES else difference
    return differences


def _to_half_turn(degrees: float) -> float:
    """Return the same direction within -180 (exclusive) to 180."""
    return 180.0 - (180.0 - degrees) % 360.0
