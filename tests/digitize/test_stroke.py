"""Tests of precord.digitize.stroke: how far samples are apart."""

import numpy as np
import pytest

from precord.digitize.stroke import sample_spacing


def test_points_that_were_left_out_do_not_widen_the_spacing() -> None:
    """Software that simplifies lines keeps a third of 2 ms samples, at 25 mm/s 0.05 mm apart."""
    rng = np.random.default_rng(0)
    lines = []
    for _ in range(6):
        numbers = np.cumsum(rng.choice([1, 2, 3, 5], 400, p=[0.3, 0.4, 0.2, 0.1]))
        lines.append(np.stack([12.0 + 0.05 * numbers, np.zeros(400)], 1))

    assert sample_spacing(lines) == pytest.approx(0.05, rel=1e-6)


def test_points_at_no_even_places_are_as_far_apart_as_most() -> None:
    """Points anywhere tell no spacing; the usual gap is kept."""
    x = np.cumsum(np.random.default_rng(1).uniform(0.02, 0.1, 2000))

    assert 0.04 < sample_spacing([np.stack([x, np.zeros(x.size)], 1)]) < 0.08
