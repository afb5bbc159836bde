"""Tests of what narrows a search: criteria, and where cases come from."""

from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from precord.case import Case
from precord.criteria import Criteria, Range
from precord.library.sqlite import SqliteLibrary
from precord.record import Measurements, Record
from precord.report import Source
from precord.retrieve import Retriever
from tests.retrieve.planted import DIM, ChosenEncoder, on, plant, planted


def test_criteria_come_before_the_ranking(library: SqliteLibrary, noise_record: Record) -> None:
    """As many hits as asked for, if so many cases meet them, however far down they stand."""
    rows = [
        (planted(f"a/{i}", statements="LVH" if i % 10 == 9 else "SR"), on(i), on(i))
        for i in range(60)
    ]
    plant(library, *rows)
    retriever = Retriever(library, ChosenEncoder())
    criteria = Criteria(has=frozenset({"LVH"}))
    wanted = [f"a/{i}" for i in range(9, 60, 10)]

    by_ecg = retriever.by_record(noise_record, k=6, criteria=criteria)
    by_text = retriever.by_text("sinus rhythm", k=6, criteria=criteria)

    assert [hit.case.id for hit in by_ecg.hits] == wanted
    assert sorted(hit.case.id for hit in by_text.hits) == sorted(wanted)
    for result in (by_ecg, by_text):
        assert "6 of 60 cases meet the criteria" in result.notes
        assert not any("asked for" in note for note in result.notes)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_filters_always_return_k_if_k_exist(
    tmp_path: Path, noise_record: Record, data: st.DataObject
) -> None:
    """Whatever the library, the criteria and k: a slow loop counts those that may come."""
    words = st.sampled_from(["", "SR", "LVH", "AFIB", "SR LVH"])
    sources = st.sampled_from([Source.CLINICIAN, Source.MACHINE, Source.SIMULATED])
    drawn = data.draw(st.lists(st.tuples(words, sources, st.floats(60, 180)), min_size=1))
    codes = st.frozensets(st.sampled_from(["SR", "LVH", "AFIB"]), max_size=1)
    has = data.draw(codes)
    criteria = Criteria(
        has=has,
        lacks=data.draw(codes) - has,
        sources=data.draw(st.frozensets(sources, max_size=2)),
        measured=data.draw(st.sampled_from([{}, {"qrs_ms": Range(least=120)}])),
    )
    k = data.draw(st.integers(1, 12))
    path = tmp_path / f"{uuid4()}.db"
    with SqliteLibrary.create(path, "chosen", "fp32", DIM) as library:
        rows = [
            planted(f"a/{i}", statements=held, source=who, measurements=Measurements(qrs_ms=qrs))
            for i, (held, who, qrs) in enumerate(drawn)
        ]
        plant(library, *((case, on(3 * i), on(5 * i)) for i, case in enumerate(rows)))
        retriever = Retriever(library, ChosenEncoder(fitting="sinus"))
        may_come = {case.id for case in rows if _may_come(case, criteria, rows)}
        for result in (
            retriever.by_record(noise_record, k=k, criteria=criteria),
            retriever.by_text("tremor", k=k, criteria=criteria),
        ):
            hits = [hit.case.id for hit in result.hits]
            assert len(hits) == len(set(hits)) == min(k, len(may_come))
            assert set(hits) <= may_come


def _may_come(case: Case, criteria: Criteria, cases: Sequence[Case]) -> bool:
    """Tell the same, one condition after the other."""
    qrs = criteria.measured.get("qrs_ms", Range())
    simulated = Source.SIMULATED
    return (
        criteria.has <= case.statements
        and not criteria.lacks & case.statements
        and (not criteria.sources or case.source in criteria.sources)
        and qrs.least <= (case.measurements.qrs_ms or 0) <= qrs.most
        and (
            case.source is not simulated
            or simulated in criteria.sources
            or all(other.source is simulated for other in cases)
        )
    )


def test_simulated_cases_that_are_asked_for_by_source(library: SqliteLibrary) -> None:
    """Asking for the source is asking for them."""
    plant(
        library,
        (planted("a/1"), on(0), on(0)),
        (planted("a/2", source=Source.SIMULATED), on(0), on(0)),
    )
    retriever = Retriever(library, ChosenEncoder())

    found = retriever.by_text("x", criteria=Criteria(sources=frozenset({Source.SIMULATED})))

    assert [hit.case.id for hit in found.hits] == ["a/2"]
