"""Tests of precord.criteria."""

from datetime import date

import pytest

from precord.criteria import Criteria, Range, parse_conditions
from precord.errors import QueryError


def test_conditions() -> None:
    """Bounds of one measurement are joined; spaces do not count."""
    found = parse_conditions(["qrs_ms>=120", "qrs_ms <= 160", "t_axis_deg<= -30.5"])

    assert found == {"qrs_ms": Range(120, 160), "t_axis_deg": Range(most=-30.5)}


@pytest.mark.parametrize("text", ["", "qrs_ms", "qrs_ms > 120", "qrs_ms >= wide", "120 <= qrs_ms"])
def test_bad_conditions(text: str) -> None:
    """One line that shows a good one."""
    with pytest.raises(QueryError, match="expected a condition such as 'qrs_ms >= 120'"):
        parse_conditions([text])


def test_what_no_case_can_meet_is_refused() -> None:
    """An empty range, an unknown measurement, a contradiction, days the wrong way round."""
    with pytest.raises(QueryError, match="from 160 to 120 holds nothing"):
        parse_conditions(["qrs_ms >= 160", "qrs_ms <= 120"])
    with pytest.raises(QueryError, match="no measurement 'qrs'; expected one of heart_rate_bpm"):
        Criteria(measured={"qrs": Range()})
    with pytest.raises(QueryError, match="AFIB is both asked for and ruled out"):
        Criteria(has=frozenset({"AFIB"}), lacks=frozenset({"AFIB", "SR"}))
    with pytest.raises(QueryError, match="no day from 2026-02-01 to 2026-01-31"):
        Criteria(since=date(2026, 2, 1), until=date(2026, 1, 31))
