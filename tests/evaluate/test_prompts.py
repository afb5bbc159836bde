"""Tests of precord.evaluate.prompts: which of two prompts an ECG is nearer to, by hand."""

import numpy as np
import pytest

from precord.evaluate.prompts import _against_other, _nearest
from precord.statements import CODES, STATEMENTS, SUPERCLASSES, Superclass

COLUMN = {code: i for i, code in enumerate(CODES)}


def _cosines(**values: float) -> np.ndarray:
    """Return (1, S) cosines, 0 where not given."""
    found = np.zeros((1, len(CODES)), np.float32)
    for code, value in values.items():
        found[0, COLUMN[code]] = value
    return found


def test_each_kind_has_its_own_other() -> None:
    """A finding against normal, normal against the nearest diagnosis, a rhythm against rhythms."""
    pairs = _against_other(_cosines(NORM=0.3, IMI=0.5, LVH=0.4, AFIB=0.6, SR=0.2))[0]
    n_rhythms = sum("r" in s.kinds for s in STATEMENTS.values())
    assert pairs[COLUMN["IMI"]] == pytest.approx(0.2)
    assert pairs[COLUMN["NORM"]] == pytest.approx(0.3 - 0.5)
    assert pairs[COLUMN["AFIB"]] == pytest.approx(0.6 - 0.2 / (n_rhythms - 1))
    assert pairs[COLUMN["SR"]] == pytest.approx(0.2 - 0.6 / (n_rhythms - 1))
    assert pairs[COLUMN["LOWT"]] == pytest.approx(-0.3), "a form, too, is held against normal"


def test_an_offset_common_to_all_prompts_changes_nothing() -> None:
    """An ECG that is near to every text is near to none in particular."""
    rng = np.random.default_rng(0)
    cosines = rng.normal(size=(5, len(CODES))).astype(np.float32)
    shifted = cosines + rng.normal(size=(5, 1)).astype(np.float32)
    np.testing.assert_allclose(_against_other(cosines), _against_other(shifted), atol=1e-5)


def test_nothing_is_held_against_what_was_withheld() -> None:
    """A rhythm and a diagnosis whose names the weights cannot know are no others."""
    cosines = _cosines(NORM=0.3, IMI=0.5, LVH=0.4, AFIB=0.6, SR=0.2)
    pairs = _against_other(cosines, frozenset({"AFIB", "IMI"}))[0]
    n_rhythms = sum("r" in s.kinds for s in STATEMENTS.values())
    assert pairs[COLUMN["NORM"]] == pytest.approx(0.3 - 0.4)
    assert pairs[COLUMN["SR"]] == pytest.approx(0.2)
    assert pairs[COLUMN["AFIB"]] == pytest.approx(0.6 - 0.2 / (n_rhythms - 1))
    assert pairs[COLUMN["IMI"]] == pytest.approx(0.2)


def test_a_superclass_is_its_nearest_statement() -> None:
    """The mean would let a rare statement hide a plain one."""
    found = _nearest(_cosines(IMI=0.5, ASMI=0.1, LVH=0.2, CLBBB=-0.1))[0]
    by_class = dict(zip(SUPERCLASSES, found.tolist(), strict=True))
    assert by_class[Superclass.MI] == pytest.approx(0.5)
    assert by_class[Superclass.HYP] == pytest.approx(0.2)
    assert by_class[Superclass.CD] == pytest.approx(0.0)
