"""Tests of precord.digitize.heart: what no heart does at 50 mm/s was printed at 25."""

from dataclasses import replace

import numpy as np
import pytest

from precord.digitize.heart import rule_out_fast
from precord.simulate import simulate


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_usual_heart_was_not_printed_at_50(seed: int) -> None:
    """Its complexes would last half as long; printed at 50 and read at 25, nothing is told."""
    record = simulate(("SR",), np.random.default_rng(seed)).record
    why = rule_out_fast(record)
    assert why is not None
    assert "at 50 mm/s its rate would be" in why
    assert rule_out_fast(replace(record, rate=record.rate / 2)) is None


@pytest.mark.parametrize("statements", [("CLBBB",), ("SR", "CLBBB"), ("STACH",)])
def test_what_could_be_either_is_not_told(statements: tuple[str, ...]) -> None:
    """Printed at 50, wide complexes and a fast rhythm are never taken for 25."""
    for seed in range(4):
        record = simulate(statements, np.random.default_rng(seed)).record
        assert rule_out_fast(replace(record, rate=record.rate / 2)) is None


def test_wide_complexes_tell_nothing() -> None:
    """At 50 they would be narrow ones."""
    for seed in range(4):
        record = simulate(("SR", "CLBBB"), np.random.default_rng(seed)).record
        assert rule_out_fast(record) is None
