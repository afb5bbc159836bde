"""What electrodes, muscles, mains and breathing add to a recording.

Noise arises at the electrodes: the limb leads are made of the noisy electrodes, so that
Einthoven's law holds with it. Source: the noise types of the MIT-BIH Noise Stress Test
Database (Moody et al. 1984), here synthesised.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

Floats = NDArray[np.float64]


def draw_noise(n_leads: int, times: Floats, rng: np.random.Generator) -> Floats:
    """Return (n_leads, samples) mV of baseline wander, muscle, mains and electrode motion."""
    noise = _wander(n_leads, times, rng)
    noise += _muscle(n_leads, times, rng)
    if rng.random() < 0.25:
        noise += _mains(n_leads, times, rng)
    if rng.random() < 0.1:
        noise += _motion(n_leads, times, rng)
    return noise


def _wander(n_leads: int, times: Floats, rng: np.random.Generator) -> Floats:
    """Return slow waves of breathing and drift."""
    size = rng.gamma(1.5, 0.03)
    out = np.zeros((n_leads, len(times)))
    for frequency in rng.uniform(0.08, 0.5, 3):
        phase = rng.uniform(0, 2 * np.pi, (n_leads, 1))
        level = rng.normal(0, size, (n_leads, 1))
        out += level * np.sin(2 * np.pi * frequency * times + phase)
    return out


def _muscle(n_leads: int, times: Floats, rng: np.random.Generator) -> Floats:
    """Return broadband noise, smoothed where it would lie above 150 Hz."""
    white = rng.normal(0, min(rng.gamma(2.0, 0.006), 0.06), (n_leads, len(times)))
    sigma = 1 / (2 * np.pi * 150 * (times[1] - times[0]))
    smooth = gaussian_filter1d(white, sigma, axis=1) if sigma > 0.3 else white
    return np.asarray(smooth, np.float64)


def _mains(n_leads: int, times: Floats, rng: np.random.Generator) -> Floats:
    """Return 50 or 60 Hz; nothing where the rate cannot hold it."""
    frequency = float(rng.choice([50.0, 60.0]))
    level = rng.normal(0, 0.015, (n_leads, 1))
    if 2 * frequency >= 0.999 / (times[1] - times[0]):
        return np.zeros((n_leads, len(times)))
    return np.asarray(level * np.sin(2 * np.pi * frequency * times), np.float64)


def _motion(n_leads: int, times: Floats, rng: np.random.Generator) -> Floats:
    """Return one electrode's jump that settles within a second."""
    out = np.zeros((n_leads, len(times)))
    start = rng.uniform(times[0], times[-1])
    since = times - start
    jump = rng.normal(0, 0.3) * np.exp(-since.clip(0) / rng.uniform(0.1, 0.5))
    out[rng.integers(n_leads)] = np.where(since >= 0, jump, 0.0)
    return out
