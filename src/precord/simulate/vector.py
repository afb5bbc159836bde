"""The moving heart vector: waves of a dipole, and the twelve leads that see it.

Axes: X towards the left, Y towards the feet, Z towards the back; millivolts of the Frank
leads. A wave is a Gaussian in time whose flanks may differ and whose top may be held.
Sources: sums of Gaussian dipole waves, Sameni et al. 2007, doi:10.1155/2007/43407; lead
vectors, Dower et al. 1980, doi:10.1016/S0022-0736(80)80047-0; limb leads, Einthoven 1913
and Goldberger 1942. The share of the atria that each chest lead sees is ours: the atria lie
behind the ventricles, far from V4 to V6, for which Dower's vectors were not made. Breathing
moves the electrodes against the heart and turns its axis (Moody et al. 1985); by how many
degrees is our estimate.

Shapes: W waves, T samples.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from precord.leads import LEADS

Floats = NDArray[np.float64]
Vector = tuple[float, float, float]
Rows = list[tuple[float, ...]]

INDEPENDENT = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")
_LIMB = np.array([[0.632, -0.235, 0.059], [0.235, 1.066, -0.132]])  # I, II (Dower 1980)
_CHEST = np.array(  # V1 to V6 (Dower 1980)
    [
        [-0.515, 0.157, -0.917],
        [0.044, 0.164, -1.387],
        [0.882, 0.098, -1.277],
        [1.213, 0.127, -0.601],
        [1.125, 0.127, -0.086],
        [0.831, 0.076, 0.230],
    ]
)
_ATRIAL_SHARE = np.array([1.0, 1.0, 1.0, 0.6, 0.45, 0.4, 0.4, 0.45])[:, None]
_HIGH = np.array([1.0, 1.0, 0.7, 0.5, 0.4, 0.4])  # how far a lead turns with its electrode's height
_REACH = 4.0  # standard deviations after which a wave has ended


class Wave(NamedTuple):
    """One wave of a beat.

    Attributes:
        at: seconds from the onset of the QRS complex to the wave's peak.
        rise, fall: standard deviation before and after the peak, seconds.
        vector: dipole at the peak, mV.
        hold: seconds for which the peak lasts.
    """

    at: float
    rise: float
    fall: float
    vector: Vector
    hold: float = 0.0

    def row(self, onset: float, gain: float = 1.0) -> tuple[float, ...]:
        """Return the wave of a beat at *onset* as a row for `draw_waves`."""
        x, y, z = self.vector
        return (onset + self.at, self.hold, self.rise, self.fall, gain * x, gain * y, gain * z)


class Torso(NamedTuple):
    """How a patient's electrodes see the heart.

    Attributes:
        ventricles, atria: (8, 3) what I, II and V1 to V6 see of X, Y, Z.
    """

    ventricles: Floats
    atria: Floats

    @classmethod
    def standard(cls) -> "Torso":
        """Return the torso of the published lead vectors."""
        leads = np.concatenate([_LIMB, _CHEST])
        return cls(leads, leads * _ATRIAL_SHARE)

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "Torso":
        """Return a patient: the heart turned, the torso's gains and electrodes varied.

        Chest electrodes are misplaced together and each for itself, by a part of the way to
        their neighbours, and up or down, V1 and V2 most; the limb leads, made of the same three
        electrodes, share one gain.
        """
        angles = np.clip(rng.normal(0, (6, 11, 0)), -22, 22)
        turn = _rotation(np.deg2rad(angles))
        shift = np.clip(rng.normal(0, 0.15) + rng.normal(0, 0.12, 6), -0.4, 0.4)
        place = np.clip(np.arange(6) + shift, 0, 5)
        chest = np.stack([np.interp(place, np.arange(6), column) for column in _CHEST.T], axis=1)
        chest[:, 1] -= float(np.clip(rng.normal(0, 0.1), -0.2, 0.2)) * _HIGH
        gains = np.exp(rng.normal(0, 0.1) + rng.normal(0, 0.09, (6, 1)))
        limbs = _LIMB * np.exp(rng.normal(0, 0.1))
        leads = np.concatenate([limbs, chest * gains]) @ turn
        return cls(leads, leads * _ATRIAL_SHARE)


class Breath(NamedTuple):
    """How breathing moves the heart.

    Attributes:
        frequency: Hz; phase: radians.
        depth: share by which the dipole grows and shrinks.
        tilt, twist: radians by which it turns in the frontal and in the horizontal plane.
    """

    frequency: float
    phase: float
    depth: float
    tilt: float
    twist: float

    @classmethod
    def draw(cls, rng: np.random.Generator, frequency: float, phase: float) -> "Breath":
        """Return a patient's breathing of a given *frequency* and *phase*."""
        tilt, twist = np.deg2rad(np.minimum(rng.gamma(2.0, 1.2, 2), 7))
        return cls(frequency, phase, float(rng.uniform(0.005, 0.06)), float(tilt), float(twist))

    def move(self, rows: Rows) -> Floats:
        """Return *rows* of waves (W, 7) as they are at their moment of the breath.

        Turns are small, so that a rotation is its linear part.
        """
        table = np.array(rows).reshape(-1, 7)
        swing = np.sin(2 * np.pi * self.frequency * table[:, 0] + self.phase)
        x, y, z = table[:, 4:].T * (1 + self.depth * swing)
        tilt, twist = self.tilt * swing, self.twist * swing
        table[:, 4:] = np.stack([x - tilt * y + twist * z, y + tilt * x, z - twist * x], axis=1)
        return table


def draw_waves(rows: Rows | Floats, n_samples: int, rate: float) -> Floats:
    """Return the dipole (3, T) that the waves in *rows* add up to.

    A wave narrower than the sampling can hold is widened at equal area, as a recorder's
    filter does: a pacemaker's spike stays visible at 100 Hz.

    Args:
        rows: per wave time of its peak and hold, rise, fall (seconds), X, Y, Z (mV).
        n_samples: T.
        rate: Hz.
    """
    if not len(rows):
        return np.zeros((3, n_samples))
    table = np.array(rows)  # (W, 7)
    at, hold = table[:, 0], table[:, 1]
    rise, fall = np.maximum(table[:, 2:4].T, 0.5 / rate)
    size = table[:, 4:] * ((table[:, 2] + table[:, 3]) / (rise + fall))[:, None]
    start = np.clip(np.ceil((at - _REACH * rise) * rate), 0, n_samples).astype(np.intp)
    stop = np.clip(np.ceil((at + hold + _REACH * fall) * rate), 0, n_samples).astype(np.intp)
    length = np.maximum(stop - start, 0)
    wave = np.repeat(np.arange(len(table)), length)  # which wave each sample belongs to
    first = np.cumsum(length) - length
    sample = np.arange(len(wave)) - first[wave] + start[wave]
    before = at[wave] - sample / rate
    sigmas = np.maximum(before, 0) / rise[wave]
    sigmas += np.maximum(-before - hold[wave], 0) / fall[wave]
    height = np.exp(-0.5 * sigmas**2)
    return np.stack([np.bincount(sample, height * part[wave], n_samples) for part in size.T])


def derive_leads(independent: Floats) -> NDArray[np.float32]:
    """Return all twelve leads of I, II and V1 to V6; Einthoven's and Goldberger's laws hold.

    Args:
        independent: (8, T) mV.

    Returns:
        (12, T) float32, mV, in standard order.
    """
    if len(independent) != len(INDEPENDENT):
        raise ValueError(f"{len(independent)} independent leads, expected {len(INDEPENDENT)}")
    first, second = independent[0], independent[1]
    limbs = (first, second, second - first, -(first + second) / 2)
    augmented = (first - second / 2, second - first / 2)
    leads = np.empty((len(LEADS), independent.shape[1]), np.float32)
    for row, lead in enumerate((*limbs, *augmented, *independent[2:])):
        leads[row] = lead
    return leads


def _rotation(angles: Floats) -> Floats:
    """Return the rotation by *angles* (radians) about X, Y and Z."""
    turn = np.eye(3)
    for axis, angle in enumerate(angles):
        one, two = (axis + 1) % 3, (axis + 2) % 3
        step = np.eye(3)
        step[one, one] = step[two, two] = np.cos(angle)
        step[one, two], step[two, one] = -np.sin(angle), np.sin(angle)
        turn = step @ turn
    return turn
