"""What the atria draw on paper: P waves, fibrillation, flutter; the dipole (3, T) in mV.

Sources: f waves of 4 to 9 Hz, largest in V1, and a sawtooth that is negative in II, III and
aVF and positive in V1, Surawicz and Knilans, Chou's Electrocardiography, 6th ed., chapter
15. P waves of a focus low in the atria are negative in the inferior leads.

Nothing here is drawn per sample: the same heart gives the same waves at every rate.
"""

from collections.abc import Sequence

import numpy as np

from precord.simulate.anatomy import Anatomy
from precord.simulate.conduction import Atrial, Origin
from precord.simulate.vector import Floats, Rows, Vector

_F_WAVES = 4
_FORWARD = (0.05, 0.3, -0.85)  # the right atrium lies under V1
_LOW_FOCUS: Vector = (-0.02, -0.065, 0.0)


def p_rows(anatomy: Anatomy, atrial: Sequence[Atrial], rng: np.random.Generator) -> Rows:
    """Return the waves of all P waves; those of an atrial focus have another shape."""
    focus = _draw_focus(anatomy, rng)
    usual = anatomy.p_waves()
    other = tuple(w._replace(vector=v) for w, v in zip(usual, focus, strict=True))
    rows = []
    for impulse in atrial:
        if impulse.origin is Origin.FLUTTER:
            continue
        waves = other if impulse.origin is Origin.ATRIUM else usual
        rows += [w.row(impulse.at) for w in waves]
    return rows


def draw_fibrillation(times: Floats, rng: np.random.Generator) -> Floats:
    """Return f waves: a few oscillators of 4 to 9 Hz whose phase and size wander."""
    size = float(rng.uniform(0.025, 0.09))
    dominant = float(rng.uniform(4.8, 7.5))
    dipole = np.zeros((3, len(times)))
    for _ in range(_F_WAVES):
        frequency = float(np.clip(dominant + rng.normal(0, 0.7), 4.2, 8.8))
        phase = 2 * np.pi * (frequency * times + rng.random())
        for slow in rng.uniform(0.15, 1.1, 3):
            phase += rng.normal(0, 0.7) * np.sin(2 * np.pi * (slow * times + rng.random()))
        swell = 1 + 0.5 * np.sin(2 * np.pi * (rng.uniform(0.1, 0.5) * times + rng.random()))
        direction = rng.normal(_FORWARD, 0.2)
        dipole += np.outer(direction, swell * np.sin(phase)) * size / np.sqrt(_F_WAVES / 2)
    return dipole


def draw_flutter(times: Floats, atrial: Sequence[Atrial], rng: np.random.Generator) -> Floats:
    """Return a sawtooth in step with the impulses of the flutter circuit."""
    size = float(rng.uniform(0.13, 0.28))
    starts = np.array([a.at for a in atrial if a.origin is Origin.FLUTTER])
    cycle = np.interp(times, starts, np.arange(len(starts))) % 1.0
    fall = float(rng.uniform(0.6, 0.72))  # slowly down, quickly up again
    saw = np.where(cycle < fall, 0.5 - cycle / fall, (cycle - fall) / (1 - fall) - 0.5)
    soft = np.sin(2 * np.pi * (cycle - fall / 2)) * -0.5
    inferior = 0.75 * saw + 0.25 * soft
    forward = np.exp(-0.5 * ((cycle - fall - 0.1) / 0.13) ** 2) - 0.3
    return size * (np.outer((0.05, 1.0, 0.0), inferior) + np.outer((0.0, 0.0, -0.7), forward))


def _draw_focus(anatomy: Anatomy, rng: np.random.Generator) -> tuple[Vector, Vector]:
    """Return the P vectors of an ectopic focus: low, or to the left, or near the sinus node."""
    kind = rng.random()
    if kind < 0.4:
        return (_LOW_FOCUS, _LOW_FOCUS)
    if kind < 0.6:
        return ((-0.05, 0.04, 0.03), (-0.06, 0.05, -0.06))
    x, y, z = anatomy.right_atrium
    return ((0.7 * x, 1.25 * y, z), (0.09, 0.07, 0.03))
