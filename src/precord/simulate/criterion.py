"""Criteria that are measured in leads, met by construction: axis and voltage.

A patient's torso decides what a dipole shows in each lead. So the heart is turned until
the leads have the axis, and its voltage is set until they have the voltage, that the
statements demand.
Sources: axis limits, Surawicz et al. 2009 (AHA/ACCF/HRS part III); S in V1 + R in V5 of at
least 3.5 mV, Sokolow and Lyon 1949; low voltage, no QRS above 0.5 mV in the limb leads.
"""

import math
from dataclasses import replace

import numpy as np

from precord.simulate.anatomy import Anatomy, turn
from precord.simulate.vector import Floats, Torso, derive_leads, draw_waves

SOKOLOW_MV = 3.5
LOW_VOLTAGE_MV = 0.5
_RATE = 500.0  # Hz, of the template
_LIMBS, _V1, _V5 = slice(0, 6), 6, 10
_AXES = {"LAFB": (-74.0, -47.0), "LPFB": (98.0, 135.0), "RVH": (96.0, 130.0)}
_FREE = {"CLBBB", "PACE", "WPW", "ILBBB"}  # voltage criteria do not hold there


def to_template(anatomy: Anatomy, torso: Torso) -> Floats:
    """Return (12, T) mV: one QRS complex in all leads, at 500 Hz from its onset."""
    rows = [wave.row(0.0, anatomy.voltage) for wave in anatomy.qrs_waves()]
    n_samples = round(anatomy.qrs * _RATE) + 5
    leads = derive_leads(torso.ventricles @ draw_waves(rows, n_samples, _RATE))
    return leads.astype(np.float64)


def axis(anatomy: Anatomy, torso: Torso) -> float:
    """Return the frontal axis of the net QRS areas in leads I and aVF, degrees."""
    area = np.sum([w.rise * np.asarray(w.vector) for w in anatomy.qrs_waves()], axis=0)
    first, second = torso.ventricles[:2] @ area
    return math.degrees(math.atan2((second - first / 2) * 2 / math.sqrt(3), first))


def aim_axis(anatomy: Anatomy, torso: Torso, target: float) -> Anatomy:
    """Return *anatomy* turned so that its axis is *target*, to one degree."""
    for _ in range(4):
        error = (target - axis(anatomy, torso) + 180) % 360 - 180
        if abs(error) < 1:
            break
        anatomy = turn(anatomy, error)
    return anatomy


def meet(
    anatomy: Anatomy, torso: Torso, codes: frozenset[str], rng: np.random.Generator
) -> Anatomy:
    """Return *anatomy* with the axis and voltage that *codes* demand, and no other's."""
    for code, (low, high) in _AXES.items():
        if code in codes:
            anatomy = aim_axis(anatomy, torso, float(rng.uniform(low, high)))
    low_target = float(rng.uniform(0.32, 0.45))
    high_target = float(np.clip(SOKOLOW_MV + 0.12 + rng.gamma(2.0, 0.26), 3.62, 5.0))
    template = to_template(anatomy, torso)
    limbs = float(np.abs(template[_LIMBS]).max())
    sokolow = float(template[_V5].max() - template[_V1].min())
    if "LVOLT" in codes:
        gain = low_target / limbs
    elif codes & {"LVH", "VCLVH"}:
        gain = high_target / sokolow
    elif codes & _FREE:
        gain = 1.0
    else:
        gain = min(max(0.6 / limbs, 1.0), 3.3 / max(sokolow, 1e-6))
    return replace(anatomy, voltage=anatomy.voltage * gain)
