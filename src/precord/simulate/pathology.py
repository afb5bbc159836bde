"""What each statement changes in a beat; what it changes in rhythm is in `rhythm`.

A pathology is a function that returns a changed `Anatomy`; each names the criteria that the
leads then show; chambers are in `chamber`, infarctions in `infarction`. Sources: conduction,
Surawicz et al. 2009; ischaemia, Wagner et al. 2009 (AHA/ACCF/HRS parts III and VI); sizes and
spreads are our estimates.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from precord.simulate.anatomy import NOTHING, Anatomy, add, scale, vary
from precord.simulate.chamber import (
    left_atrium,
    left_ventricle,
    left_voltage,
    right_atrium,
    right_ventricle,
)
from precord.simulate.infarction import INFARCTS, Stage, draw_stage, infarct, q_waves
from precord.simulate.vector import Vector


@dataclass(slots=True)
class Findings:
    """What was drawn beyond the codes, for the report to say.

    Attributes:
        stages: of each infarction code its age.
        is_strained: whether hypertrophy has its ST-T change.
        potassium: "high" or "low", where an electrolyte disturbance was drawn.
        lowest_st, lowest_t: of any lead but aVR, mV.
    """

    stages: dict[str, Stage]
    is_strained: bool = False
    potassium: str = ""
    lowest_st: float = 0.0
    lowest_t: float = 0.0


Change = Callable[[Anatomy, np.random.Generator], Anatomy]
_WIDE = ((0.09, 0.045), (0.24, 0.085), (0.43, 0.095), (0.64, 0.095), (0.81, 0.072))
_RIGHT = ((0.08, 0.035), (0.145, 0.05), (0.29, 0.062), (0.42, 0.07), (0.72, 0.1))
_SLIGHTLY_RIGHT = ((0.11, 0.04), (0.18, 0.06), (0.36, 0.075), (0.51, 0.08), (0.75, 0.088))


def change(anatomy: Anatomy, code: str, rng: np.random.Generator, found: Findings) -> Anatomy:
    """Return *anatomy* with what *code* does to a beat; note in *found* what was drawn."""
    if code in INFARCTS:
        found.stages[code] = draw_stage(rng)
        return infarct(anatomy, rng, code, found.stages[code])
    if code in ("LVH", "RVH"):
        found.is_strained = bool(rng.random() < 0.6)
        enlarge = left_ventricle if code == "LVH" else right_ventricle
        return enlarge(anatomy, rng, is_strained=found.is_strained)
    if code == "EL":
        found.potassium = "high" if rng.random() < 0.6 else "low"
        return (_high_potassium if found.potassium == "high" else _low_potassium)(anatomy, rng)
    return _CHANGES[code](anatomy, rng) if code in _CHANGES else anatomy


def _uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """Return a number between *low* and *high*."""
    return float(rng.uniform(low, high))


def _lbbb(a: Anatomy, rng: np.random.Generator) -> Anatomy:
    """QRS >= 120 ms, no septal q, notched R in I, V5-V6, QS or rS in V1, discordant ST-T."""
    size, small_r = _uniform(rng, 0.75, 1.2), _uniform(rng, 0, 0.2)
    return replace(
        a,
        qrs=_uniform(rng, 0.128, 0.168),
        onset=(0.06, 0.05, -small_r),
        septum=scale(vary(rng, (0.75, 0.3, 0.35), 0.15), size),
        wall=scale(vary(rng, (0.5, 0.2, 1.05), 0.12), size),
        late=scale(vary(rng, (0.95, 0.2, 0.9), 0.12), size),
        base=scale(vary(rng, (0.3, -0.08, 0.35), 0.2), size),
        timing=_WIDE,
        st=scale((-0.09, -0.02, -0.12), size * _uniform(rng, 0.5, 1.3)),
        t=scale(vary(rng, (-0.28, -0.05, -0.3), 0.15), size * _uniform(rng, 0.7, 1.25)),
        t_early=NOTHING,
        qtc=a.qtc + 0.03,
        t_width=0.11,
    )


def _ilbbb(a: Anatomy, rng: np.random.Generator) -> Anatomy:
    """QRS 110 to 119 ms, no septal q in I, V5, V6; R in V1 small or absent."""
    return replace(
        a,
        qrs=_uniform(rng, 0.11, 0.118),
        septum=(0.3, 0.12, -0.02),
        wall=(1.0, 0.5, 0.45),
        late=add(a.late, (0.2, 0.0, 0.1)),
        timing=_WIDE,
        t=scale(a.t, _uniform(rng, 0.3, 0.9)),
    )


def _rbbb(a: Anatomy, rng: np.random.Generator) -> Anatomy:
    """QRS >= 120 ms, rSR' in V1, wide S in I and V6, T inverted in V1."""
    size = _uniform(rng, 0.65, 1.5)
    return replace(
        a,
        qrs=_uniform(rng, 0.124, 0.158),
        late=scale(a.late, _uniform(rng, 0.6, 0.9)),
        base=scale(vary(rng, (-0.5, 0.02, -0.62), 0.12), size),
        timing=_RIGHT,
        t=add(scale(a.t, 0.85), vary(rng, (0.08, 0.02, 0.28), 0.12)),
        st=(0.01, 0.0, 0.02),
        qtc=a.qtc + 0.02,
    )


def _irbbb(a: Anatomy, rng: np.random.Generator) -> Anatomy:
    """The same at 100 to 118 ms, with a smaller R'."""
    size = _uniform(rng, 0.8, 1.3)
    return replace(
        a,
        qrs=_uniform(rng, 0.1, 0.117),
        late=scale(a.late, 0.75),
        base=scale((-0.3, 0.0, -0.36), size),
        timing=_SLIGHTLY_RIGHT,
        t=add(a.t, (0.02, 0.0, 0.08)),
    )


def _ivcd(a: Anatomy, rng: np.random.Generator) -> Anatomy:
    """QRS above 110 ms, of neither bundle's shape."""
    return replace(
        a,
        qrs=_uniform(rng, 0.114, 0.132),
        onset=(0.03, 0.04, -0.06),
        late=scale(a.late, _uniform(rng, 0.8, 1.2)),
        base=scale(a.base, _uniform(rng, 0.8, 2.0)),
    )


def _lafb(a: Anatomy, _: np.random.Generator) -> Anatomy:
    """Axis -45 to -90 degrees, qR in aVL, rS in II, III, aVF."""
    x, _y, z = a.wall
    return replace(
        a,
        qrs=max(a.qrs, 0.096),
        septum=add(a.septum, (-0.03, 0.36, 0.05)),
        wall=(0.92 * x, -0.4, z),
        late=add(a.late, (0.12, -0.58, -0.05)),
        base=add(a.base, (0.05, -0.3, 0.0)),
        t=add(a.t, (0.0, 0.06, 0.0)),
    )


def _lpfb(a: Anatomy, _: np.random.Generator) -> Anatomy:
    """Axis 90 to 180 degrees, rS in I and aVL, qR in III and aVF."""
    _x, _y, z = a.wall
    return replace(
        a,
        septum=add(a.septum, (0.3, -0.26, 0.05)),
        wall=(0.3, 1.0, z),
        late=add(a.late, (-0.55, 0.5, 0.0)),
        base=add(a.base, (-0.2, 0.15, 0.0)),
    )


def _wpw(a: Anatomy, rng: np.random.Generator) -> Anatomy:
    """PR < 120 ms, a slurred delta wave, QRS > 110 ms, T against it."""
    to_front = rng.random() < 0.5  # a left-sided pathway makes V1 positive
    z = -0.5 if to_front else 0.35
    pr = _uniform(rng, 0.085, 0.115)
    return replace(
        a,
        pr=pr,
        p=min(a.p, pr - 0.002),
        qrs=_uniform(rng, 0.12, 0.145),
        onset=(0.3, _uniform(rng, -0.1, 0.2), 0.35 * z),
        septum=(0.4, 0.2, 0.6 * z),
        wall=add(a.wall, (0.1, 0.0, z)),
        timing=((0.18, 0.075), (0.33, 0.085), (0.53, 0.085), (0.68, 0.085), (0.8, 0.07)),
        t=add(scale(a.t, 0.2), (-0.15, 0.0, -0.2 * z)),
        st=(-0.06, -0.02, -0.05 * z),
    )


def _ischaemia(st: Vector, t: Vector) -> Change:
    """Return ST depression and T inversion of one territory: vectors away from it."""

    def ischaemia(a: Anatomy, rng: np.random.Generator) -> Anatomy:
        size = _uniform(rng, 0.85, 1.5)
        moved = add(scale(a.t, 0.6), scale(vary(rng, t, 0.12), size))
        shifted = add(a.st, scale(vary(rng, st, 0.12), size))
        skew = _uniform(rng, 1.0, 1.5)  # an ischaemic T is nearly symmetrical
        return replace(a, st=shifted, t=moved, t_skew=skew, t_early=NOTHING)

    return ischaemia


def _repolarisation(st: Vector, low: float, high: float) -> Change:
    """Return a change that adds *st* and scales the T wave by a factor."""

    def repolarise(a: Anatomy, rng: np.random.Generator) -> Anatomy:
        size = _uniform(rng, 0.8, 1.4)
        gain = _uniform(rng, low, high)
        shifted = add(a.st, scale(vary(rng, st, 0.15), size))
        return replace(a, st=shifted, t=scale(a.t, gain), t_early=NOTHING)

    return repolarise


def _invert(a: Anatomy, rng: np.random.Generator) -> Anatomy:
    """T negative where R is tall, of no territory."""
    t = add(scale(a.t, _uniform(rng, -0.85, -0.5)), (-0.04, -0.05, 0.0))
    return replace(a, t=t, t_skew=_uniform(rng, 1.0, 1.6), t_early=NOTHING)


def _long_qt(a: Anatomy, rng: np.random.Generator) -> Anatomy:
    """QTc above 480 ms."""
    return replace(a, qtc=_uniform(rng, 0.49, 0.56), t_width=_uniform(rng, 0.1, 0.125))


def _long_pr(a: Anatomy, rng: np.random.Generator) -> Anatomy:
    """PR above 200 ms."""
    return replace(a, pr=float(np.clip(0.212 + rng.gamma(1.5, 0.02), 0.212, 0.34)))


def _digitalis(a: Anatomy, rng: np.random.Generator) -> Anatomy:
    """ST sagging away from QRS, T flat, QT short."""
    size = _uniform(rng, 0.8, 1.4)
    moved = add(scale(a.t, _uniform(rng, 0.05, 0.35)), scale((-0.08, -0.06, 0.03), size))
    return replace(
        a,
        pr=min(a.pr + 0.015, 0.198),
        qtc=_uniform(rng, 0.35, 0.375),
        st=add(a.st, scale((-0.12, -0.09, 0.05), size)),
        t=moved,
    )


def _high_potassium(a: Anatomy, rng: np.random.Generator) -> Anatomy:
    """T tall, narrow and pointed; P flat; QRS broader."""
    return replace(
        a,
        right_atrium=scale(a.right_atrium, 0.5),
        left_atrium=scale(a.left_atrium, 0.5),
        qrs=a.qrs + _uniform(rng, 0.006, 0.022),
        t=scale(a.t, _uniform(rng, 1.9, 2.8)),
        t_width=_uniform(rng, 0.055, 0.07),
        t_skew=_uniform(rng, 1.0, 1.3),
    )


def _low_potassium(a: Anatomy, rng: np.random.Generator) -> Anatomy:
    """ST depressed, T flat and long, a U wave that T runs into."""
    size = _uniform(rng, 0.8, 1.3)
    return replace(
        a,
        st=add(a.st, scale((-0.08, -0.06, 0.03), size)),
        t=scale(a.t, _uniform(rng, 0.15, 0.35)),
        t_width=_uniform(rng, 0.115, 0.13),
        qtc=_uniform(rng, 0.47, 0.52),
        u=vary(rng, (0.06, 0.03, -0.09), 0.2),
    )


def _paced(a: Anatomy, rng: np.random.Generator) -> Anatomy:
    """A spike before a wide beat from the apex of the right ventricle."""
    size, x = _uniform(rng, 0.65, 0.95), _uniform(rng, 0.3, 0.6)
    return replace(
        _lbbb(a, rng),
        qrs=_uniform(rng, 0.14, 0.175),
        onset=(0.1, -0.1, 0.05),
        septum=scale((0.6 * x, -0.6, 0.4), size),
        wall=scale((x, -0.9, 0.95), size),
        late=scale((1.1 * x, -0.85, 0.8), size),
        base=scale((0.4 * x, -0.3, 0.3), size),
        t=scale((-0.4 * x, 0.38, -0.3), size),
        st=scale((-0.1 * x, 0.09, -0.09), size),
        spike=True,
    )


_CHANGES: dict[str, Change] = {
    "CLBBB": _lbbb,
    "ILBBB": _ilbbb,
    "CRBBB": _rbbb,
    "IRBBB": _irbbb,
    "IVCD": _ivcd,
    "LAFB": _lafb,
    "LPFB": _lpfb,
    "WPW": _wpw,
    "VCLVH": left_voltage,
    "LAO/LAE": left_atrium,
    "ISC_": _ischaemia((-0.07, -0.06, 0.04), (-0.34, -0.2, 0.12)),
    "ISCAL": _ischaemia((-0.1, -0.01, 0.06), (-0.46, -0.04, 0.26)),
    "ISCAN": _ischaemia((-0.05, 0.0, 0.07), (-0.32, 0.0, 0.42)),
    "ISCAS": _ischaemia((0.0, 0.0, 0.08), (-0.08, 0.0, 0.46)),
    "ISCLA": _ischaemia((-0.1, 0.02, 0.0), (-0.46, 0.06, 0.05)),
    "ISCIN": _ischaemia((0.01, -0.1, 0.0), (0.0, -0.36, 0.0)),
    "ISCIL": _ischaemia((-0.07, -0.08, 0.0), (-0.34, -0.3, 0.04)),
    "INJAS": _ischaemia((0.0, 0.0, 0.17), (0.0, 0.0, 0.1)),
    "INJAL": _ischaemia((-0.15, -0.01, 0.1), (-0.14, 0.0, 0.08)),
    "INJLA": _ischaemia((-0.17, 0.02, 0.0), (-0.14, 0.02, 0.02)),
    "INJIN": _ischaemia((0.02, -0.16, 0.0), (0.0, -0.1, 0.0)),
    "INJIL": _ischaemia((-0.12, -0.13, 0.0), (-0.1, -0.1, 0.0)),
    "NST_": _repolarisation((-0.05, -0.04, 0.02), 0.4, 0.75),
    "STD_": _repolarisation((-0.11, -0.09, 0.05), 0.5, 0.9),
    "STE_": _repolarisation((0.08, 0.07, -0.1), 1.0, 1.3),
    "NT_": _repolarisation((0.0, 0.0, 0.0), 0.15, 0.4),
    "DIG": _digitalis,
    "QWAVE": q_waves,
    "RAO/RAE": right_atrium,
    "INVT": _invert,
    "NDT": _repolarisation((-0.01, -0.01, 0.0), 0.05, 0.3),
    "LOWT": _repolarisation((0.0, 0.0, 0.0), 0.1, 0.22),
    "LNGQT": _long_qt,
    "1AVB": _long_pr,
    "LPR": _long_pr,
    "PACE": _paced,
}

CHANGED_BEATS: frozenset[str] = frozenset({*_CHANGES, *INFARCTS, "LVH", "RVH", "EL"})
"""Statements that change the beat."""
_EXCITATION = ("CLBBB", "ILBBB", "CRBBB", "IRBBB", "IVCD", "PACE", "WPW", "LAFB", "LPFB")
_ST_T = ("ISC", "INJ", "INV", "N", "ST", "LOWT", "DIG")
ORDER: tuple[str, ...] = (
    *_EXCITATION,
    *("LVH", "RVH", "VCLVH"),
    *sorted(INFARCTS),
    "QWAVE",
    *(code for code in _CHANGES if code.startswith(_ST_T)),
    *("EL", "LAO/LAE", "RAO/RAE", "1AVB", "LPR", "LNGQT"),
)
"""In which order they do: first how the heart is excited, then what is dead, then ST-T."""
