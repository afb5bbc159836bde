"""What electrodes, muscles, mains and breathing add to a recording.

Noise arises at the electrodes and is seen by every lead that uses them: a loose left arm
disturbs all leads but II, and Einthoven's law holds with it.
Source: the noise types of the MIT-BIH Noise Stress Test Database (Moody et al. 1984), here
synthesised; Wilson's central terminal as reference of the chest leads. Levels are our
estimates, of ECGs that a reader would still accept.

Shapes: E electrodes (RA, LA, LL, V1 to V6), T samples.
"""

import numpy as np
from scipy.ndimage import gaussian_filter1d

from precord.simulate.vector import Floats

_N_ELECTRODES = 9
_MUSCLE_BAND = 150.0  # Hz; recorders cut above it
# What I, II and V1 to V6 see of RA, LA, LL and V1 to V6.
_SEEN = np.zeros((8, _N_ELECTRODES))
_SEEN[0, :2] = (-1, 1)
_SEEN[1, [0, 2]] = (-1, 1)
_SEEN[2:, :3] = -1 / 3
_SEEN[2:, 3:] = np.eye(6)


def draw_noise(
    n_samples: int, rate: float, rng: np.random.Generator, *, breath: float = 0.25
) -> Floats:
    """Return (8, T) mV in I, II and V1 to V6: wander, muscle, mains and electrode motion.

    Args:
        n_samples: T.
        rate: Hz.
        rng: draws how much there is of each.
        breath: Hz, of the breathing that moves the electrodes.
    """
    times = np.arange(n_samples) / rate
    noise = _wander(times, breath, rng)
    noise += _muscle(n_samples, rate, rng)
    if rng.random() < 0.25:
        noise += _mains(times, rate, rng)
    if rng.random() < 0.12:
        noise += _jump(times, rng)
    if rng.random() < 0.15:
        noise += _rub(times, rng)
    return np.asarray(_SEEN @ noise, np.float64)


def _wander(times: Floats, breath: float, rng: np.random.Generator) -> Floats:
    """Return breathing with its harmonic, and slow drift, each electrode its own."""
    size = min(float(rng.gamma(1.2, 0.025)), 0.2)
    out = np.zeros((_N_ELECTRODES, len(times)))
    slow = rng.uniform((0.03, 0.08), (0.08, 0.16))
    for frequency, share in (*((f, 1.0) for f in slow), (breath, 1.0), (2 * breath, 0.3)):
        phase = 2 * np.pi * (frequency * times + rng.random())
        level = rng.normal(0, share * size, (2, _N_ELECTRODES))
        out += np.outer(level[0], np.sin(phase)) + np.outer(level[1], np.cos(phase))
    return out


def _muscle(n_samples: int, rate: float, rng: np.random.Generator) -> Floats:
    """Return broadband noise of one density at any rate, in one record of six with bursts."""
    level = min(0.007 * float(np.exp(rng.normal(0, 0.75))), 0.06)
    each = level * np.exp(rng.normal(0, 0.35, (_N_ELECTRODES, 1)))
    bursts = rng.random() < 1 / 6
    middle, width = rng.uniform(0, n_samples), rng.uniform(0.03, 0.2) * n_samples
    white = rng.standard_normal((_N_ELECTRODES, n_samples), np.float32).astype(np.float64)
    if rate > 2 * _MUSCLE_BAND:
        sigma = rate / (2 * np.pi * _MUSCLE_BAND)
        white = gaussian_filter1d(white, sigma, axis=1, truncate=3.0)
    white *= np.sqrt(rate / (2 * _MUSCLE_BAND))  # as much a hertz at any rate
    if bursts:
        white *= 1 + 1.5 * np.exp(-0.5 * ((np.arange(n_samples) - middle) / width) ** 2)
    return np.asarray(each * white, np.float64)


def _mains(times: Floats, rate: float, rng: np.random.Generator) -> Floats:
    """Return 50 or 60 Hz; nothing where the rate cannot hold it."""
    frequency = 50.0 if rng.random() < 0.8 else 60.0
    level = rng.normal(0, 0.012, (_N_ELECTRODES, 1))
    phase = 2 * np.pi * rng.random()
    if 2 * frequency >= 0.999 * rate:
        return np.zeros((_N_ELECTRODES, len(times)))
    return np.asarray(level * np.sin(2 * np.pi * frequency * times + phase), np.float64)


def _rub(times: Floats, rng: np.random.Generator) -> Floats:
    """Return one electrode's rubbing on the skin: slow bumps of 0.7 to 6 Hz, for a while."""
    frequencies, phases = rng.uniform(0.7, 6.0, 7), rng.uniform(0, 1, 7)
    each = rng.normal(0, 1, 7) / frequencies  # the slower, the larger
    waves = each @ np.sin(2 * np.pi * (np.outer(frequencies, times) + phases[:, None]))
    middle, width = rng.uniform(0, 10), rng.uniform(0.4, 2.5)
    size = rng.gamma(1.5, 0.05) * np.exp(-0.5 * ((times - middle) / width) ** 2)
    out = np.zeros((_N_ELECTRODES, len(times)))
    out[rng.integers(_N_ELECTRODES)] = size * waves
    return out


def _jump(times: Floats, rng: np.random.Generator) -> Floats:
    """Return one electrode's jump that settles within a second or two."""
    out = np.zeros((_N_ELECTRODES, len(times)))
    electrode, start = rng.integers(_N_ELECTRODES), rng.uniform(0, times[-1])
    since = times - start
    jump = rng.normal(0, 0.35) * np.exp(-since.clip(0) / rng.uniform(0.1, 0.6))
    out[electrode] = np.where(since >= 0, jump, 0.0)
    return out
