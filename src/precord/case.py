"""A past case, and what a search says of it: plain data."""

from dataclasses import dataclass, field
from enum import StrEnum

from precord.record import Measurements, Record
from precord.report import Report, Source


@dataclass(frozen=True, slots=True)
class Case:
    """One past ECG with what is known of it.

    Attributes:
        id: unique within a library, such as "ptb-xl/1".
        patient: pseudonym; the same for all cases of one patient; None where unknown.
        statements: SCP-ECG codes that are present.
        statements_are_read: whether precord read them from the report, as nobody coded them.
        record: None where only a reference was stored, or where it was not loaded.
        fold: the data set's own fold, for evaluation; None where it has none.
    """

    id: str
    patient: str | None
    statements: frozenset[str]
    report: Report | None
    measurements: Measurements = field(default_factory=Measurements)
    record: Record | None = None
    corpus: str = ""
    fold: int | None = None
    statements_are_read: bool = False

    @property
    def source(self) -> Source:
        """Return who or what wrote the report; a case without one has statements only."""
        return self.report.source if self.report else Source.STATEMENTS


class Wave(StrEnum):
    """A part of the ECG that a reader has a name for."""

    P = "P"
    QRS = "QRS"
    ST_T = "ST-T"
    BEAT = "beat"  # one, as a whole


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the query that carries what made a match.

    Attributes:
        leads: in which it lies.
        spans: begin and end, seconds from the start of the query.
        statement: SCP-ECG code of the shared statement that it carries most.
        worth: in log-odds; `retrieve.where` says of what.
    """

    wave: Wave
    leads: tuple[str, ...]
    spans: tuple[tuple[float, float], ...]
    statement: str
    worth: float


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words of a report that fit the query.

    Attributes:
        start, end: offsets into the report's text.
        statement: SCP-ECG code of the query that the words are of.
    """

    start: int
    end: int
    statement: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a case was found.

    Attributes:
        shared: statements that query and case have in common.
        query_only, case_only: statements that only one of them has.
        query_statements_are_read: whether the query's statements were read from its signal
            by the model (True), or came with the query (False).
        differences: case minus query, per measurement that both have, in its own unit;
            the keys are those of `Measurements`.
        phrases: words of the case's report that say what the query has, in their order.
        regions: parts of the query that carry the statements shared, the best first; empty
            where they were not asked for.
    """

    shared: tuple[str, ...]
    query_only: tuple[str, ...]
    case_only: tuple[str, ...]
    query_statements_are_read: bool
    differences: dict[str, float]
    phrases: tuple[Phrase, ...] = ()
    regions: tuple[Region, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """One case that a search found.

    Attributes:
        rank: 1 is the best.
        score: what hits are ordered by; `score` says how it comes about.
        ecg_score: cosine of the query and the case's ECG; None where the case has no vector.
        report_score: cosine of the query and the case's report or statements; None where
            it has neither.
        overlap_score: expected overlap of the query's statements, as the model reads them,
            with the case's; None for a text.
        match_probability: that the case's text says the same as the query's ECG, by the
            matching head; None where it did not judge.
    """

    case: Case
    rank: int
    score: float
    ecg_score: float | None
    report_score: float | None
    overlap_score: float | None = None
    match_probability: float | None = None
    explanation: Explanation | None = None
