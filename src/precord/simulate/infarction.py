"""Infarctions by wall and stage: what dies, what is injured, and the mirror image opposite.

Sources: Wagner et al. 2009 (AHA/ACCF/HRS part VI) and Thygesen et al. 2018 (fourth universal
definition); in the first hours one patient in four has Q waves, and Q waves become smaller in
two of five within two years, Delewi et al. 2013 (repub.eur.nl/pub/64821); QRS is
fragmented over a scar in two of three, Sadeghi et al. 2016, doi:10.5603/KP.a2015.0193. How
large a wall is, and all sizes, are our estimates.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from precord.simulate.anatomy import NOTHING, Anatomy, add, draw_details, scale, vary
from precord.simulate.vector import Vector


class Stage(StrEnum):
    """How old an infarction is."""

    ACUTE = "acute"  # ST elevation, small or no Q
    RECENT = "recent"  # ST elevation falling, Q there, T inverted
    OLD = "old"  # Q, ST back on the line


@dataclass(frozen=True, slots=True)
class _Infarct:
    """Where the dead wall was.

    Attributes:
        q: added to the first 40 ms, away from it; wall: added to the middle of QRS.
        injury: ST vector of the acute stage, towards it (so that the opposite leads are
            depressed); t: T vector that comes later, away from it.
    """

    q: Vector
    wall: Vector
    injury: Vector
    t: Vector


_WALLS = {
    "IMI": _Infarct((0.08, -0.5, 0.1), (0.0, -0.12, 0.0), (-0.07, 0.22, 0.03), (0.0, -0.36, 0.02)),
    "ILMI": _Infarct((-0.3, -0.42, 0.06), (-0.2, -0.1, 0.0), (0.12, 0.2, 0.06), (-0.28, -0.3, 0.0)),
    "ASMI": _Infarct((0.1, 0.0, 0.5), (0.0, 0.0, 0.62), (0.0, -0.03, -0.22), (-0.06, 0.0, 0.42)),
    "AMI": _Infarct((-0.1, 0.0, 0.55), (-0.35, 0.0, 0.6), (0.1, -0.02, -0.24), (-0.3, 0.0, 0.4)),
    "ALMI": _Infarct(
        (-0.5, 0.06, 0.4), (-0.35, 0.05, 0.2), (0.2, -0.14, -0.16), (-0.55, 0.06, 0.24)
    ),
    "LMI": _Infarct((-0.42, 0.12, 0.05), (-0.3, 0.05, 0.0), (0.2, -0.16, 0.03), (-0.5, 0.08, 0.0)),
    # What the back wall has lost is seen as its mirror image: R, and ST depression, in V1 to V3.
    "PMI": _Infarct((0.0, 0.02, -0.3), (0.0, 0.0, -0.75), (0.02, 0.03, 0.2), (0.02, 0.0, -0.22)),
    "IPMI": _Infarct(
        (0.08, -0.5, -0.25), (0.0, -0.12, -0.7), (-0.05, 0.2, 0.18), (0.0, -0.34, -0.18)
    ),
    "IPLMI": _Infarct(
        (-0.3, -0.42, -0.22), (-0.2, -0.1, -0.65), (0.12, 0.18, 0.17), (-0.26, -0.28, -0.16)
    ),
}
INFARCTS: frozenset[str] = frozenset(_WALLS)
POSTERIOR = ("PMI", "IPMI", "IPLMI")
"""Infarctions that V1 to V3 show as their mirror image."""

_EARLY_Q_SHARE, _SMALLER_Q_SHARE, _FRAGMENTED_SHARE = 0.25, 0.4, 0.65


def draw_stage(rng: np.random.Generator) -> Stage:
    """Return how old an infarction is; most that are recorded are old."""
    return Stage(str(rng.choice(list(Stage), p=[0.22, 0.13, 0.65])))


def infarct(a: Anatomy, rng: np.random.Generator, code: str, stage: Stage) -> Anatomy:
    """Return *a* with the infarction *code* in its stage."""
    shown = _show(a, rng, _WALLS[code], stage)
    return _without_back(shown) if code in POSTERIOR else shown


def q_waves(a: Anatomy, rng: np.random.Generator) -> Anatomy:
    """Return *a* with Q waves of one wall, without the change of ST and T that dates them."""
    where = _WALLS[str(rng.choice(["IMI", "ASMI", "LMI"]))]
    return replace(a, septum=add(a.septum, scale(where.q, float(rng.uniform(0.85, 1.4)))))


def _show(a: Anatomy, rng: np.random.Generator, where: _Infarct, stage: Stage) -> Anatomy:
    """Q waves, ST and T of an infarction in its stage, with the mirror image opposite."""
    q = _draw_loss(rng, stage)
    st, t = {
        Stage.ACUTE: (rng.uniform(0.9, 2.4), rng.uniform(-0.9, 0.2)),
        Stage.RECENT: (rng.uniform(0.5, 0.9), rng.uniform(1.2, 2.1)),
        Stage.OLD: (0.0, rng.uniform(0.0, 1.3)),
    }[stage]
    is_fragmented = stage is not Stage.ACUTE and rng.random() < _FRAGMENTED_SHARE
    return replace(
        a,
        qrs=a.qrs + float(rng.uniform(0.0, 0.012)),
        septum=add(a.septum, scale(vary(rng, where.q, 0.15), q)),
        wall=add(a.wall, scale(vary(rng, where.wall, 0.2), q * float(rng.uniform(0.7, 1.2)))),
        details=draw_details(rng, int(rng.integers(1, 4)), 0.13) if is_fragmented else a.details,
        st=add(a.st, scale(vary(rng, where.injury, 0.08), st / a.voltage)),
        st_hold=float(rng.uniform(0.7, 1.0)),
        t=add(a.t, scale(vary(rng, where.t, 0.15), t)),
        t_skew=float(rng.uniform(1.0, 1.6)),
        t_early=NOTHING,
    )


def _draw_loss(rng: np.random.Generator, stage: Stage) -> float:
    """Return how much of a wall's forces is lost: 1 is the Q wave of the tables above."""
    if stage is Stage.ACUTE:
        has_q = rng.random() < _EARLY_Q_SHARE
        return float(rng.uniform(0.6, 1.1) if has_q else rng.uniform(0.0, 0.4))
    is_smaller = stage is Stage.OLD and rng.random() < _SMALLER_Q_SHARE
    return float(rng.uniform(0.8, 1.0) if is_smaller else rng.uniform(0.95, 1.6))


def _without_back(a: Anatomy) -> Anatomy:
    """Take away the late forces of the back wall, which make the S wave of V1 to V3."""
    return replace(a, late=(a.late[0], a.late[1], 0.25 * a.late[2]), base=scale(a.base, 0.4))
