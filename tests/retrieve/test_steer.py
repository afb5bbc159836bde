"""Tests of precord.retrieve.steer."""

import numpy as np
import pytest

from precord.relevance import StatementTable
from precord.retrieve.steer import Aspect, codes_of, stress
from precord.statements import CODES

SETS = [frozenset(s.split()) for s in ("AFIB NORM", "SR IMI", "SR CLBBB LVH", "SR NDT", "SR")]


@pytest.mark.parametrize(
    ("aspect", "best"),
    [
        (Aspect.RHYTHM, "AFIB NORM"),
        (Aspect.CONDUCTION, "SR CLBBB LVH"),
        (Aspect.ST_T, "SR NDT"),
        (Aspect.VOLTAGE, "SR CLBBB LVH"),
    ],
)
def test_an_aspect_brings_its_own_case_first(aspect: Aspect, best: str) -> None:
    """The query has one statement of each kind; all cases are equally near in all."""
    read = np.array([[float(c in {"AFIB", "CLBBB", "LVH", "NDT"}) for c in CODES]], np.float32)

    scores = stress(np.full((1, 5), 0.5), read, StatementTable.fit(SETS), aspect)

    assert SETS[int(scores[0].argmax())] == frozenset(best.split())


def test_equal_shares_are_ordered_by_likeness_in_all() -> None:
    """Two sinus rhythms: the nearer first; what may not be found stays unfound."""
    read = np.array([[float(c == "SR") for c in CODES]], np.float32)
    total = np.array([[np.nan, 0.1, 0.2, 0.4, 0.3]])

    scores = stress(total, read, StatementTable.fit(SETS), Aspect.RHYTHM)[0]

    assert np.isnan(scores[0])
    assert np.argsort(-scores[1:]).tolist() == [2, 3, 1, 0]


def test_codes_are_of_their_kind() -> None:
    """Every aspect has statements, and none of an infarction or of another's superclass."""
    assert "AFIB" in codes_of(Aspect.RHYTHM)
    assert {"CLBBB", "1AVB", "LPR"} <= codes_of(Aspect.CONDUCTION)
    assert {"NDT", "LNGQT", "INVT"} <= codes_of(Aspect.ST_T)
    assert {"LVH", "LVOLT"} <= codes_of(Aspect.VOLTAGE)
    assert not any({"IMI", "NORM"} & codes_of(aspect) for aspect in Aspect)
    assert not codes_of(Aspect.CONDUCTION) & codes_of(Aspect.VOLTAGE)
