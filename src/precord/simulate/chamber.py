"""Hypertrophy of a ventricle, enlargement of an atrium: what they change in a beat.

Sources: Hancock et al. 2009 (AHA/ACCF/HRS part V), for the right ventricle its two patterns:
pressure (R, Rs or qR in V1) and volume (as incomplete RBBB). Voltage itself is met in
`criterion`. Sizes, and how often which pattern comes, are our estimates.
"""

from dataclasses import replace

import numpy as np

from precord.simulate.anatomy import NOTHING, Anatomy, add, scale, vary
from precord.simulate.vector import Vector

_STRAINED_ST: Vector = (-0.06, -0.024, 0.036)
_STRAINED_T: Vector = (-0.144, -0.036, -0.084)
_AS_IN_IRBBB = ((0.11, 0.04), (0.18, 0.06), (0.36, 0.075), (0.51, 0.08), (0.75, 0.088))


def left_ventricle(a: Anatomy, rng: np.random.Generator, *, is_strained: bool) -> Anatomy:
    """Forces left and back, R late; strain if asked, from flat to deeply inverted, asymmetric.

    ST then slopes down into a T wave that falls slowly and returns quickly.
    """
    (x, y, z), further = a.wall, float(rng.uniform(0.3, 1.0))  # to the left
    enlarged = replace(
        a,
        p=min(a.p + 0.008, 0.118),
        qrs=min(a.qrs + float(rng.uniform(0.0, 0.016)), 0.114),
        wall=vary(rng, (float(rng.uniform(1.1, 1.4)) * x, further * y, z + 0.2), 0.12),
        late=vary(rng, scale(a.late, float(rng.uniform(1.0, 1.5))), 0.15),
        left_atrium=add(a.left_atrium, (0.0, 0.0, float(rng.uniform(0.0, 0.04)))),
    )
    if not is_strained:
        gain = float(rng.uniform(0.6, 1.05))
        return replace(enlarged, st=scale(a.st, 1.5), t=scale(a.t, gain))
    strain = float(rng.uniform(0.6, 1.6))
    return replace(
        enlarged,
        st=vary(rng, scale(_STRAINED_ST, strain), 0.15),
        st_hold=1.0,
        t=vary(rng, scale(_STRAINED_T, strain), 0.2),
        t_skew=float(rng.uniform(1.9, 2.6)),
        t_early=scale(_STRAINED_ST, 0.5 * strain),
        t_width=float(rng.uniform(0.07, 0.09)),
    )


def left_voltage(a: Anatomy, rng: np.random.Generator) -> Anatomy:
    """Forces left and back, nothing else."""
    more = (float(rng.uniform(0.05, 0.25)), 0.0, float(rng.uniform(0.0, 0.2)))
    return replace(a, wall=add(a.wall, more), late=scale(a.late, float(rng.uniform(1.0, 1.3))))


def right_ventricle(a: Anatomy, rng: np.random.Generator, *, is_strained: bool) -> Anatomy:
    """Axis to the right, R in V1 at least as tall as S, deep S in V5-V6; strain if asked."""
    strain = float(rng.uniform(0.6, 1.5))
    shown = _right_volume(a, rng) if rng.random() < 0.25 else _right_pressure(a, rng)
    return replace(
        shown,
        right_atrium=scale(a.right_atrium, float(rng.uniform(1.0, 1.3))),
        t=vary(rng, add((0.25, 0.0, 0.0), scale((0.0, -0.02, 0.2), strain)), 0.12)
        if is_strained
        else add(a.t, (0.05, 0.0, 0.1)),
        st=scale((0.03, -0.04, 0.05), strain) if is_strained else a.st,
        t_early=NOTHING,
    )


def _right_pressure(a: Anatomy, rng: np.random.Generator) -> Anatomy:
    """R, Rs or qR in V1: the free wall of the right ventricle, thick, wins."""
    septum = (-0.05, -0.1, 0.14) if rng.random() < 0.25 else (0.05, -0.1, -0.4)
    return replace(
        a,
        septum=vary(rng, septum, 0.15),
        wall=vary(rng, (float(rng.uniform(-0.15, 0.25)), 0.8, float(rng.uniform(-1, -0.6))), 0.08),
        late=vary(rng, (-0.55, 0.3, -0.15), 0.15),
        base=vary(rng, (-0.45, 0.0, 0.15), 0.15),
    )


def _right_volume(a: Anatomy, rng: np.random.Generator) -> Anatomy:
    """Rsr' in V1: the outflow tract of the right ventricle is excited last."""
    return replace(
        a,
        qrs=float(rng.uniform(0.098, 0.114)),
        septum=vary(rng, (0.05, -0.05, -0.5), 0.12),
        wall=vary(rng, (0.3, 0.8, -0.3), 0.08),
        late=vary(rng, (-0.35, 0.25, -0.1), 0.15),
        base=vary(rng, (-0.5, 0.05, -0.5), 0.12),
        timing=_AS_IN_IRBBB,
    )


def left_atrium(a: Anatomy, rng: np.random.Generator) -> Anatomy:
    """P >= 120 ms, notched, with a deep terminal part in V1: each more or less."""
    size = float(rng.uniform(0.85, 1.45))
    return replace(
        a,
        pr=max(a.pr, 0.155),
        p=float(rng.uniform(0.124, 0.145)),
        notch=float(rng.uniform(0.32, 0.46)),
        left_atrium=vary(rng, scale((0.1, 0.06, 0.15), size), 0.15),
    )


def right_atrium(a: Anatomy, rng: np.random.Generator) -> Anatomy:
    """P above 0.25 mV in II, pointed, no broader than normal."""
    size = float(rng.uniform(1.0, 1.5))
    return replace(
        a,
        p=min(a.p, 0.108),
        notch=0.05,
        right_atrium=vary(rng, scale((0.04, 0.155, -0.11), size), 0.08),
        left_atrium=scale((0.05, 0.08, 0.0), size),
    )
