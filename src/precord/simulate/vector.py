"""The moving heart vector: waves of a dipole, and the twelve leads that see it.

Axes: X towards the left, Y towards the feet, Z towards the back; millivolts of the Frank
leads. A wave is a Gaussian in time whose two flanks may differ.
Sources: sums of Gaussian dipole waves, Sameni et al. 2007, doi:10.1155/2007/43407; lead
vectors, Dower et al. 1980, doi:10.1016/S0022-0736(80)80047-0 (the inverse of Edenbrandt's).
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from precord.leads import LEADS

Floats = NDArray[np.float64]

# What each independent lead sees of X, Y, Z (Dower 1980).
_DOWER = np.array(
    [
        [0.632, -0.235, 0.059],  # I
        [0.235, 1.066, -0.132],  # II
        [-0.515, 0.157, -0.917],  # V1
        [0.044, 0.164, -1.387],  # V2
        [0.882, 0.098, -1.277],  # V3
        [1.213, 0.127, -0.601],  # V4
        [1.125, 0.127, -0.086],  # V5
        [0.831, 0.076, 0.230],  # V6
    ]
)


@dataclass(frozen=True, slots=True)
class Wave:
    """One wave of a beat.

    Attributes:
        at: seconds from the onset of the QRS complex to the wave's peak.
        rise, fall: standard deviation before and after the peak, seconds.
        vector: dipole at the peak, mV.
    """

    at: float
    rise: float
    fall: float
    vector: tuple[float, float, float]

    def scaled(self, gain: float) -> "Wave":
        """Return the same wave, *gain* times as large."""
        x, y, z = self.vector
        return replace(self, vector=(gain * x, gain * y, gain * z))


def wave(at: float, width: float, *vector: float) -> Wave:
    """Return a symmetric wave."""
    x, y, z = vector
    return Wave(at, width, width, (x, y, z))


@dataclass(frozen=True, slots=True)
class Torso:
    """How a patient's electrodes see the dipole.

    Attributes:
        seen: (8, 3) what I, II and V1 to V6 see of X, Y, Z.
    """

    seen: Floats

    @classmethod
    def draw(cls, rng: np.random.Generator, *, spread: float = 1.0) -> "Torso":
        """Return a patient: the heart turned, the torso's gains and electrodes varied."""
        turn = _rotation(rng.normal(0, np.deg2rad((8, 8, 10))) * spread)
        gains = np.exp(rng.normal(0, 0.12 * spread, (len(_DOWER), 1)))
        gains[:2] = np.exp(rng.normal(0, 0.08 * spread))  # the limb leads share two electrodes
        moved = rng.normal(0, 0.05 * spread, _DOWER.shape)
        moved[:2] = 0
        return cls((_DOWER + moved) * gains @ turn)

    def project(self, dipole: Floats) -> Floats:
        """Return the independent leads (8, samples) that a dipole (3, samples) makes."""
        return np.asarray(self.seen @ dipole, np.float64)


def derive_leads(independent: Floats) -> NDArray[np.float32]:
    """Return all twelve leads of I, II and V1 to V6; Einthoven's and Goldberger's laws hold.

    Args:
        independent: (8, samples) mV.

    Returns:
        (12, samples) float32, mV, in standard order.
    """
    first, second = independent[0], independent[1]
    limbs = (first, second, second - first, -(first + second) / 2)
    augmented = (first - second / 2, second - first / 2)
    leads = np.stack([*limbs, *augmented, *independent[2:]])
    if len(leads) != len(LEADS):
        raise ValueError(f"{len(independent)} independent leads, expected 8")
    return leads.astype(np.float32)


def draw_waves(onsets: Floats, beats: list[tuple[Wave, ...]], times: Floats) -> Floats:
    """Return the dipole (3, samples) of *beats*, each with its QRS onset (seconds)."""
    at = [onset + w.at for onset, waves in zip(onsets, beats, strict=True) for w in waves]
    flat = [w for waves in beats for w in waves]
    dipole = np.zeros((3, len(times)))
    if not flat:
        return dipole
    step = times[1] - times[0]
    for centre, w in zip(at, flat, strict=True):
        start = max(int((centre - 4.5 * w.rise - times[0]) / step), 0)
        stop = min(int((centre + 4.5 * w.fall - times[0]) / step) + 2, len(times))
        if start >= stop:
            continue
        since = times[start:stop] - centre
        width = np.where(since < 0, w.rise, w.fall)
        dipole[:, start:stop] += np.outer(w.vector, np.exp(-0.5 * (since / width) ** 2))
    return dipole


def _rotation(angles: Floats) -> Floats:
    """Return the rotation by *angles* (radians) about X, Y and Z."""
    (a, b, c), turn = angles, np.eye(3)
    for axis, angle in enumerate((a, b, c)):
        one, two = (axis + 1) % 3, (axis + 2) % 3
        step = np.eye(3)
        step[one, one] = step[two, two] = np.cos(angle)
        step[one, two], step[two, one] = -np.sin(angle), np.sin(angle)
        turn = step @ turn
    return turn
