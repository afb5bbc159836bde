"""Tests of precord.library.select: SQL against a slow loop over the cases."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from precord.case import Case
from precord.criteria import Criteria, Range
from precord.leads import Lead
from precord.library.sqlite import SqliteLibrary
from precord.record import Acquisition, Measurements, Record, Sex
from precord.report import Language, Report, Source

_CODES = ("SR", "AFIB", "LAO/LAE", "LVH", "VCLVH")  # one is part of another's name
_ZONE = timezone(timedelta(hours=-6))  # the day as written is not the day in UTC
_DAYS = [date(1985, 1, d) for d in (1, 2, 3)]


def _draw_case(number: int) -> Case:
    """Return a case of which, now and then, something is not known."""
    rng = np.random.default_rng(number)
    known = rng.random(4) < 0.8
    acquisition = Acquisition(
        time=datetime(1985, 1, int(rng.integers(1, 4)), 23, 59, tzinfo=_ZONE) if known[0] else None,
        age=float(rng.integers(40, 60)) if known[1] else None,
        sex=Sex(rng.choice([*Sex])) if known[2] else None,
    )
    source = Source(rng.choice([Source.CLINICIAN, Source.MACHINE, Source.SIMULATED]))
    return Case(
        id=f"a/{number}",
        patient=None,
        statements=frozenset(rng.choice(_CODES, rng.integers(0, 4)).tolist()),
        report=Report("x", Language.ENGLISH, source) if rng.random() < 0.8 else None,
        measurements=Measurements(qrs_ms=float(rng.integers(80, 160)) if known[3] else None),
        record=Record(
            rng.normal(size=(1, 50)).astype(np.float32), (Lead.II,), 50.0, acquisition=acquisition
        ),
    )


CASES = [_draw_case(number) for number in range(80)]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteLibrary]:
    """Return a library of the drawn cases."""
    path = tmp_path_factory.mktemp("select") / "lib.db"
    with SqliteLibrary.create(path, "x", "fp32", 2) as library:
        vectors = np.tile(np.array([1, 0], np.float32), (len(CASES), 1))
        library.add(CASES, vectors, vectors)
        yield library


def _meets(case: Case, criteria: Criteria) -> bool:
    """Tell the same, one criterion after the other."""
    assert case.record is not None
    known = case.record.acquisition

    def within(value: float | None, wanted: Range | None) -> bool:
        if wanted is None:
            return True
        return value is not None and wanted.least <= value <= wanted.most

    day = known.time.date() if known.time else None
    return (
        within(known.age, criteria.age)
        and criteria.sex in {None, known.sex}
        and criteria.has <= case.statements
        and not criteria.lacks & case.statements
        and (not criteria.sources or case.source in criteria.sources)
        and within(case.measurements.qrs_ms, criteria.measured.get("qrs_ms"))
        and (criteria.since is None or (day is not None and day >= criteria.since))
        and (criteria.until is None or (day is not None and day <= criteria.until))
    )


def _ranges(least: int, most: int) -> st.SearchStrategy[Range]:
    """Return ranges within bounds, some of them open."""
    numbers = st.integers(least, most).map(float)
    both = st.tuples(numbers, numbers).map(lambda pair: Range(min(pair), max(pair)))
    return both | numbers.map(lambda bound: Range(least=bound)) | st.just(Range())


@settings(
    max_examples=200,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    age=st.none() | _ranges(40, 60),
    sex=st.none() | st.sampled_from(Sex),
    split=st.lists(st.sampled_from("hl-"), min_size=len(_CODES), max_size=len(_CODES)),
    sources=st.frozensets(st.sampled_from(Source)),
    qrs=st.none() | _ranges(80, 160),
    since=st.none() | st.sampled_from(_DAYS[:2]),
    until=st.none() | st.sampled_from(_DAYS[1:]),
)
def test_select_equals_a_slow_loop(  # noqa: PLR0913, PLR0917 - one argument per criterion
    library: SqliteLibrary,
    age: Range | None,
    sex: Sex | None,
    split: list[str],
    sources: frozenset[Source],
    qrs: Range | None,
    since: date | None,
    until: date | None,
) -> None:
    """Whatever is asked, the same cases."""
    criteria = Criteria(
        age=age,
        sex=sex,
        has=frozenset(code for code, side in zip(_CODES, split, strict=True) if side == "h"),
        lacks=frozenset(code for code, side in zip(_CODES, split, strict=True) if side == "l"),
        sources=sources,
        measured={"qrs_ms": qrs} if qrs is not None else {},
        since=since,
        until=until,
    )

    assert library.select(criteria) == {case.id for case in CASES if _meets(case, criteria)}


def test_every_criterion_leaves_some_and_drops_some(library: SqliteLibrary) -> None:
    """So that the test above compares more than empty sets."""
    for criteria in (
        Criteria(age=Range(50)),
        Criteria(sex=Sex.FEMALE),
        Criteria(has=frozenset({"LVH"})),
        Criteria(lacks=frozenset({"LVH"})),
        Criteria(sources=frozenset({Source.STATEMENTS})),
        Criteria(measured={"qrs_ms": Range(most=120)}),
        Criteria(since=_DAYS[1]),
        Criteria(until=_DAYS[1]),
    ):
        assert 0 < len(library.select(criteria)) < len(CASES)
