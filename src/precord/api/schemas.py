"""What the API takes and answers: plain models that import nothing else of precord.

Units are the house's: millivolt, hertz, second, millimetre; the clinic's where a name says so.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict

DISCLAIMER = "Research use; not a medical device; the clinician decides."


class Shape(BaseModel):
    """Base of all answers: fields that are not known are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Answer(Shape):
    """Base of whatever the API answers: each says what it is not."""

    disclaimer: str = DISCLAIMER


class Problem(Shape):
    """An error, in the one shape that every route uses (RFC 9457).

    Attributes:
        missing: fields to state of an uploaded file of bare numbers, which does not say them:
            rate, unit, lead_order. Only where that is what is wrong.
        nearest: codes that an unknown statement may mean. Only where that is what is wrong.
    """

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    missing: list[Literal["rate", "unit", "lead_order"]] | None = None
    nearest: list[str] | None = None
    disclaimer: str = DISCLAIMER


class StatementOut(Shape):
    """An SCP-ECG statement in words."""

    code: str
    english: str
    german: str
    superclass: str | None = None


class MeasurementsOut(Shape):
    """What was measured; None where it could not be."""

    heart_rate_bpm: float | None = None
    pr_ms: float | None = None
    qrs_ms: float | None = None
    qt_ms: float | None = None
    qtc_ms: float | None = None
    p_axis_deg: float | None = None
    qrs_axis_deg: float | None = None
    t_axis_deg: float | None = None


class LeadOut(Shape):
    """One lead as it was read.

    Attributes:
        confidence: 0 to 1 where the lead was read from a picture, else None.
    """

    lead: str
    faults: list[str]
    missing_share: float
    is_usable: bool
    is_derived: bool
    confidence: float | None = None


class RecordOut(Shape):
    """What was read of an ECG; never whose it is."""

    name: str
    format: str
    leads: list[LeadOut]
    rate_hz: float
    duration_s: float
    scale: Literal["millivolt", "unknown"]
    is_digitised: bool
    age: float | None = None
    sex: Literal["F", "M"] | None = None
    time: str | None = None
    device: str | None = None
    notes: list[str]


class PhraseOut(Shape):
    """Words of a report that say what the query has: offsets into it, in Unicode characters."""

    start: int
    end: int
    statement: str


class RegionOut(Shape):
    """A part of the query that carries what made a match; no finding.

    Attributes:
        wave: "beat" is one beat as a whole.
        spans: begin and end, seconds.
        statement: the shared statement that it carries most.
        worth: to be compared within one match only.
    """

    wave: Literal["P", "QRS", "ST-T", "beat"]
    leads: list[str]
    spans: list[tuple[float, float]]
    statement: str
    worth: float


class ExplanationOut(Shape):
    """Why a case was found; differences are case minus query.

    Attributes:
        regions: only where a search asks why.
    """

    shared: list[str]
    query_only: list[str]
    case_only: list[str]
    query_statements_are_read: bool
    differences: dict[str, float]
    phrases: list[PhraseOut]
    regions: list[RegionOut]


class CaseOut(Shape):
    """A past case, without its signal and without its patient."""

    id: str
    corpus: str
    source: str
    report: str | None
    language: str | None
    statements: list[StatementOut]
    measurements: MeasurementsOut


class HitOut(CaseOut):
    """A case that a search found."""

    rank: int
    score: float
    ecg_score: float | None
    report_score: float | None
    overlap_score: float | None
    match_probability: float | None
    explanation: ExplanationOut | None


class QueryOut(Shape):
    """What was asked, and what was seen of it.

    Attributes:
        id: names the query's ECG for a while (`/v1/queries/{id}/ecg`); None for a text.
    """

    id: str | None
    kind: Literal["ecg", "text", "case"]
    text: str | None = None
    record: RecordOut | None = None
    statements: list[StatementOut]
    statements_are_read: bool
    measurements: MeasurementsOut
    earlier: list[str]
    notes: list[str]


class TrustOut(Shape):
    """Whether there is an answer at all, and the reasons against it."""

    verdict: Literal["answer", "doubtful", "none"]
    reasons: list[str]


class RaisedOut(Shape):
    """What must not be overlooked: raised, not diagnosed.

    Attributes:
        precedents: ids of the best cases that have it; empty if the library has none.
    """

    name: str
    codes: list[str]
    support: list[str]
    precedents: list[str]
    n_cases: int


class VoteOut(Shape):
    """How many of the nearest cases have a superclass or statement.

    Attributes:
        probability, low, high: calibrated, with its 95 % interval; None where it is not.
    """

    name: str
    n: int
    probability: float | None
    low: float | None
    high: float | None


class SeriousOut(Shape):
    """A serious finding, and how many of the nearest cases have it."""

    name: str
    n: int


class ConsensusOut(Shape):
    """What the nearest real cases of other patients have; no diagnosis, and excludes nothing.

    Attributes:
        serious: the most serious finding among them; None where none has one of the list.
    """

    of: int
    classes: list[VoteOut]
    statements: list[VoteOut]
    fitted_on: str
    serious: SeriousOut | None


class ScarceOut(Shape):
    """A critical statement of which the library has few cases."""

    code: str
    n: int


class SearchOut(Answer):
    """The answer to a search, best hit first."""

    format_version: int = 1
    query: QueryOut
    trust: TrustOut
    critical: list[RaisedOut]
    scarce: list[ScarceOut]
    consensus: ConsensusOut | None
    hits: list[HitOut]
    took_ms: int


class CaseAnswer(Answer):
    """One case, with what is known of its recording."""

    case: CaseOut
    record: RecordOut | None


class StripOut(Shape):
    """One stretch of one lead, in mm on the panel.

    Attributes:
        x: of the first sample, from the left edge.
        y: of the line of 0 mV, from the top edge.
        step: mm from sample to sample.
        up: mm above that line for each sample; None where one is missing.
    """

    lead: str
    label: str
    x: float
    y: float
    step: float
    start_s: float
    duration_s: float
    is_derived: bool
    up: list[float | None]


class BeatOut(Shape):
    """The median of the commonest kind of beat in one lead; R lies at 0 s."""

    lead: str
    start_s: float
    step_s: float
    values: list[float | None]


class EcgOut(Answer):
    """An ECG on its page: the geometry of `image.layout`, in millimetres.

    Attributes:
        mm_per_mv: None where the scale is unknown: then only time has a grid, and no
            amplitude may be compared, between leads either.
        beats: medians of the leads; values in mV, or in each lead's own standard deviations.
        filter: what was done to the signal before it was drawn.
        band: the same as a viewer asks for it: "", "40" or "0.5-40" (Hz).
    """

    record: RecordOut
    layout: str
    width: float
    height: float
    grid_left: float
    grid_top: float
    grid_width: float
    grid_height: float
    mm_per_s: float
    mm_per_mv: float | None
    pulse_width: float
    pulses: list[tuple[float, float]]
    strips: list[StripOut]
    r_peaks_s: list[float]
    beats: list[BeatOut]
    filter: str
    band: str
    seconds_shown: float


class AgeOut(Shape):
    """Cases of one decade of age, 40 for 40 to 49 years; None where the age is unknown."""

    decade: int | None
    n: int


class LibraryOut(Answer):
    """What a library holds.

    Attributes:
        statements: number of cases by statement; one that does not occur has 0.
        rare: those with fewer than `rare_below` cases that may be hits, and how many: without
            the simulated ones, unless there are no others.
        ages: number of cases by decade of age.
        rare_below: with fewer cases of a statement, the library cannot show it.
        feedback: number of verdicts, by verdict.
        new_encoder: which the library can be re-indexed with; None where there is none.
    """

    name: str
    cases: int
    patients: int
    by_corpus: dict[str, int]
    by_source: dict[str, int]
    statements: list[tuple[StatementOut, int]]
    rare: list[tuple[StatementOut, int]]
    ages: list[AgeOut]
    rare_below: int
    feedback: dict[str, int]
    encoder: str
    new_encoder: str | None
    precord: str


class HealthOut(Answer):
    """Whether the service runs."""

    status: Literal["ok"]


class FeedbackIn(Shape):
    """A person's verdict on one hit of a query that is still remembered."""

    query: str
    case: str
    verdict: Literal["relevant", "not relevant"]


class FeedbackOut(Answer):
    """What was kept."""

    case: str
    verdict: str


class CaseAdded(Answer):
    """A case that was added."""

    id: str


class Erased(Answer):
    """How many cases of a patient were erased."""

    cases: int
