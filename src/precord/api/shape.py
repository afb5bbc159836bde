"""From precord's own nouns to the API's answers. Nothing here names a patient."""

from collections.abc import Collection, Sequence
from dataclasses import asdict

from precord.api import schemas as out
from precord.api.language import say
from precord.case import Case, Explanation, Hit
from precord.record import Measurements, Record
from precord.retrieve import SearchResult
from precord.retrieve.consensus import Vote
from precord.signal.quality import LeadQuality, assess
from precord.statements import CODES, STATEMENTS


def to_statements(codes: Collection[str]) -> list[out.StatementOut]:
    """Return *codes* in words, in the order of the table."""
    return [to_statement(code) for code in CODES if code in codes]


def to_statement(code: str) -> out.StatementOut:
    """Return the statement *code* in words."""
    known = STATEMENTS[code]
    return out.StatementOut(
        code=code, english=known.english, german=known.german, superclass=known.superclass
    )


def to_record(record: Record, quality: Sequence[LeadQuality] = ()) -> out.RecordOut:
    """Return what was read of *record*; *quality* is that of its leads, where it is known."""
    taken, origin = record.acquisition, record.provenance
    confidence = origin.confidence or (None,) * len(record.leads)
    leads = [
        out.LeadOut(
            lead=quality.lead,
            faults=sorted(quality.faults),
            missing_share=quality.missing_share,
            is_usable=quality.is_usable,
            is_derived=quality.lead in origin.derived,
            confidence=sure,
        )
        for quality, sure in zip(quality or assess(record), confidence, strict=True)
    ]
    return out.RecordOut(
        name=origin.name,
        format=say(origin.format),
        leads=leads,
        rate_hz=record.rate,
        duration_s=record.duration,
        scale=record.scale.value,
        is_digitised=origin.is_digitised,
        age=taken.age,
        sex=taken.sex.value if taken.sex else None,
        time=taken.time.isoformat(" ", "minutes") if taken.time else None,
        device=taken.device,
        notes=[say(note) for note in origin.notes],
    )


def to_measurements(measurements: Measurements) -> out.MeasurementsOut:
    """Return *measurements* as the API shows them."""
    return out.MeasurementsOut(**asdict(measurements))


def to_case(case: Case) -> out.CaseOut:
    """Return *case* without its signal and without its patient."""
    return out.CaseOut.model_validate(_case_fields(case))


def to_hit(hit: Hit) -> out.HitOut:
    """Return *hit* with its case."""
    scores = {
        "rank": hit.rank,
        "score": hit.score,
        "ecg_score": hit.ecg_score,
        "report_score": hit.report_score,
        "overlap_score": hit.overlap_score,
        "match_probability": hit.match_probability,
        "explanation": _to_explanation(hit.explanation),
    }
    return out.HitOut.model_validate(_case_fields(hit.case) | scores)


def to_trust(result: SearchResult) -> out.TrustOut:
    """Return whether *result* is an answer."""
    return out.TrustOut(
        verdict=result.trust.verdict.value,
        reasons=[say(reason) for reason in result.trust.reasons],
    )


def to_critical(result: SearchResult) -> list[out.RaisedOut]:
    """Return what must not be overlooked."""
    return [
        out.RaisedOut.model_validate(asdict(raised) | {"support": [say(s) for s in raised.support]})
        for raised in result.critical
    ]


def to_consensus(result: SearchResult) -> out.ConsensusOut | None:
    """Return what the nearest cases have, or None where none was asked."""
    found = result.consensus
    if found is None:
        return None
    return out.ConsensusOut(
        of=found.of,
        classes=[_to_vote(vote) for vote in found.classes],
        statements=[_to_vote(vote) for vote in found.statements],
        fitted_on=found.fitted_on,
        serious=out.SeriousOut(name=found.serious[0], n=found.serious[1])
        if found.serious
        else None,
    )


def _to_vote(vote: Vote) -> out.VoteOut:
    """Return one vote."""
    p = vote.probability
    return out.VoteOut(
        name=vote.name,
        n=vote.n,
        probability=p.value if p else None,
        low=p.low if p else None,
        high=p.high if p else None,
    )


def to_query(
    result: SearchResult,
    *,
    query_id: str | None = None,
    kind: str = "text",
    text: str | None = None,
    record: Record | None = None,
) -> out.QueryOut:
    """Return what was asked, and what *result* saw of it."""
    return out.QueryOut.model_validate(
        {
            "id": query_id,
            "kind": kind,
            "text": text,
            "record": to_record(record, result.query_quality) if record else None,
            "statements": to_statements(result.query_statements),
            "statements_are_read": result.query_statements_are_read,
            "measurements": to_measurements(result.query_measurements),
            "earlier": list(result.earlier),
            "notes": [say(note) for note in result.notes],
        }
    )


def _case_fields(case: Case) -> dict[str, object]:
    """Return the fields of `CaseOut`."""
    return {
        "id": case.id,
        "corpus": case.corpus,
        "source": case.source.value,
        "report": case.report.text if case.report else None,
        "language": case.report.language.value if case.report else None,
        "statements": to_statements(case.statements),
        "measurements": to_measurements(case.measurements),
    }


def _to_explanation(why: Explanation | None) -> out.ExplanationOut | None:
    """Return *why*, or None where there is no reason to give."""
    if why is None:
        return None
    return out.ExplanationOut(
        shared=list(why.shared),
        query_only=list(why.query_only),
        case_only=list(why.case_only),
        query_statements_are_read=why.query_statements_are_read,
        differences=why.differences,
        phrases=[out.PhraseOut.model_validate(asdict(phrase)) for phrase in why.phrases],
        regions=[out.RegionOut.model_validate(asdict(region)) for region in why.regions],
    )
