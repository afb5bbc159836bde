"""Criteria that are measured in leads, met by construction: axis and voltage.

A patient's torso decides what a dipole shows in each lead. So the heart is turned until
the leads have the axis, and its voltage is set until they have the voltage, that the
statements demand.
Sources: axis limits, Surawicz et al. 2009 (AHA/ACCF/HRS part III); hypertrophy by one of
four criteria: S in V1 + R in V5 of at least 3.5 mV, or R in aVL above 1.1 mV, Sokolow and Lyon
1949; R in aVL + S in V3 above 2.8 mV (men), Casale et al. 1985 (Cornell); a deflection of 2 mV
in a limb lead, Romhilt and Estes 1968; low voltage, no QRS above 0.5 mV in the limb leads. How
often hypertrophy shows which is our estimate.
"""

import math
from dataclasses import replace

import numpy as np

from precord.simulate.anatomy import Anatomy, turn
from precord.simulate.vector import Floats, Torso, derive_leads, draw_waves

SOKOLOW_MV, CORNELL_MV, AVL_MV, ROMHILT_MV = 3.5, 2.8, 1.1, 2.0
LOW_VOLTAGE_MV = 0.5
_STEPS = 15
_RATE = 500.0  # Hz, of the template
_LIMBS, _AVR, _AVL, _V1, _V3, _V5 = slice(0, 6), 3, 4, 6, 8, 10
_HORIZONTAL = (-25.0, 25.0)  # degrees; a heart whose hypertrophy is seen in aVL
_IN_AVL_SHARE = 0.35
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


def lowest(anatomy: Anatomy, torso: Torso) -> tuple[float, float]:
    """Return the lowest ST level and T wave that any lead but aVR shows, mV."""
    waves = anatomy.voltage * np.array([anatomy.st, anatomy.t]).T  # (3, 2)
    leads = derive_leads(torso.ventricles @ waves).astype(np.float64)
    st, t = np.delete(leads, _AVR, axis=0).min(axis=0)
    return float(st), float(t)


def aim_axis(anatomy: Anatomy, torso: Torso, target: float) -> Anatomy:
    """Return *anatomy* turned so that its axis is *target*, to one degree.

    A degree of the heart is up to 1.7 degrees on paper, as lead I sees less than aVF: steps
    fall short so that they do not swing.
    """
    for _ in range(_STEPS):
        error = (target - axis(anatomy, torso) + 180) % 360 - 180
        if abs(error) < 1:
            break
        anatomy = turn(anatomy, 0.75 * error)
    return anatomy


def meet(
    anatomy: Anatomy, torso: Torso, codes: frozenset[str], rng: np.random.Generator
) -> Anatomy:
    """Return *anatomy* with the axis and voltage that *codes* demand, and no other's."""
    for code, (low, high) in _AXES.items():
        if code in codes:
            anatomy = aim_axis(anatomy, torso, float(rng.uniform(low, high)))
    low_target = float(rng.uniform(0.28, 0.46))
    excess = 1.03 + float(np.clip(rng.gamma(1.5, 0.1), 0, 0.45))
    in_avl = "LVH" in codes and not codes & _AXES.keys() and rng.random() < _IN_AVL_SHARE
    if in_avl:
        anatomy = aim_axis(anatomy, torso, float(rng.uniform(*_HORIZONTAL)))
    template = to_template(anatomy, torso)
    limbs = float(np.abs(template[_LIMBS]).max())
    sokolow = float(template[_V5].max() - template[_V1].min())
    if "LVOLT" in codes:
        gain = low_target / limbs
    elif codes & {"LVH", "VCLVH"}:
        shares = [sokolow / SOKOLOW_MV]
        if in_avl or codes & _AXES.keys():
            avl = float(template[_AVL].max())
            cornell = avl - float(template[_V3].min())
            shares += [avl / AVL_MV, cornell / CORNELL_MV, limbs / ROMHILT_MV]
        gain = excess / max(shares)
    elif codes & _FREE:
        gain = 1.0
    else:
        gain = min(max(0.6 / limbs, 1.0), 3.3 / max(sokolow, 1e-6))
    return replace(anatomy, voltage=anatomy.voltage * gain)
