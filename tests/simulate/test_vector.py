"""Tests of precord.simulate.vector: waves, projection, derived leads."""

import numpy as np
import pytest

from precord.simulate.vector import Torso, Wave, derive_leads, draw_waves


def test_a_wave_is_a_gaussian_with_two_flanks() -> None:
    """Against the formula, written out: rise 20 ms, held 30 ms, fall 40 ms."""
    times = np.arange(500) / 500
    row = Wave(0.1, 0.02, 0.04, (1.0, -2.0, 0.5), 0.03).row(0.3)

    dipole = draw_waves([row], 500, 500.0)

    rising, falling = (times - 0.4) / 0.02, (times - 0.43) / 0.04
    height = np.where(times < 0.4, np.exp(-(rising**2) / 2), np.exp(-(falling**2) / 2))
    height[(times >= 0.4) & (times <= 0.43)] = 1.0
    np.testing.assert_allclose(dipole, np.outer((1.0, -2.0, 0.5), height), atol=2e-3)


def test_waves_add_up_and_may_lie_outside() -> None:
    """Two waves are the sum of each; what lies before or behind the recording is cut."""
    rows = [Wave(0.0, 0.02, 0.02, (1, 0, 0)).row(at) for at in (-5.0, 0.0, 0.5, 1.0, 9.0)]

    together = draw_waves(rows, 100, 100.0)

    np.testing.assert_allclose(together, sum(draw_waves([row], 100, 100.0) for row in rows))
    assert together[0, 0] == pytest.approx(1.0)
    assert not draw_waves([], 100, 100.0).any()


def test_a_narrow_wave_keeps_its_area() -> None:
    """A spike of 1 ms has the same integral at 100 Hz as at 2000 Hz."""
    row = Wave(0.0, 0.001, 0.001, (1, 0, 0)).row(0.5)
    areas = [draw_waves([row], round(rate), rate)[0].sum() / rate for rate in (100.0, 2000.0)]

    assert areas[0] == pytest.approx(areas[1], rel=0.02)


def test_leads_of_a_known_vector() -> None:
    """A vector of 1 mV along each axis, by the rows of Dower's matrix (hand-worked)."""
    left, down, back = derive_leads(Torso.standard().ventricles @ np.eye(3)).T

    np.testing.assert_allclose(
        left,
        (0.632, 0.235, -0.397, -0.4335, 0.5145, -0.081, -0.515, 0.044, 0.882, 1.213, 1.125, 0.831),
        atol=1e-4,
    )
    np.testing.assert_allclose(down[:3], [-0.235, 1.066, 1.301], atol=1e-4)
    np.testing.assert_allclose(back[6:], [-0.917, -1.387, -1.277, -0.601, -0.086, 0.230], atol=1e-4)


def test_torsos_vary_around_the_published_one() -> None:
    """The median of many patients is near Dower's vectors; no two are alike."""
    rng = np.random.default_rng(0)
    drawn = np.stack([Torso.draw(rng).ventricles for _ in range(400)])

    middle = np.median(drawn, axis=0)
    assert np.abs(middle - Torso.standard().ventricles).max() < 0.15
    assert (drawn.std(axis=0).max(axis=1) > 0.04).all()


def test_only_eight_leads_are_independent() -> None:
    """Another number is a fault of the caller."""
    with pytest.raises(ValueError, match="expected 8"):
        derive_leads(np.zeros((7, 10)))
