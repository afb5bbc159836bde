"""Tests of precord.simulate.noise: it arises at electrodes, and has one density at any rate."""

import numpy as np
import pytest
from scipy.signal import welch

from precord.simulate.noise import draw_noise


def test_a_loose_arm_disturbs_all_leads_that_use_it() -> None:
    """The limb leads' noise is that of three electrodes: I and II have no other source."""
    rng = np.random.default_rng(2)
    noise = np.concatenate([draw_noise(2000, 500.0, rng) for _ in range(20)], axis=1)

    correlation = np.corrcoef(noise[:2])[0, 1]
    assert 0.2 < correlation < 0.8, "the right arm is in both"


@pytest.mark.parametrize("rate", [100.0, 250.0])
def test_density_does_not_depend_on_the_rate(rate: float) -> None:
    """Between 10 and 40 Hz, the median over records is that of 500 Hz within a fifth."""

    def density(at: float) -> float:
        levels = []
        for seed in range(60):
            noise = draw_noise(round(10 * at), at, np.random.default_rng(seed))
            frequencies, power = welch(noise, at, nperseg=round(2 * at))
            levels.append(power[:, (frequencies > 10) & (frequencies < 40)].mean())
        return float(np.median(levels))

    assert density(rate) == pytest.approx(density(500.0), rel=0.2)


def test_levels_are_those_of_a_usable_ecg() -> None:
    """Median noise above 0.5 Hz below 40 uV; a tenth of the records are clearly noisy."""
    rng = np.random.default_rng(3)
    levels = np.array([np.diff(draw_noise(1000, 100.0, rng)).std() for _ in range(200)])

    assert np.median(levels) < 0.04
    assert np.percentile(levels, 95) > 1.8 * np.median(levels)
