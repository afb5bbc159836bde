"""One beat of a healthy heart, and what each statement changes in it.

A beat is described by durations and by named dipole vectors; a pathology is a function
that returns a changed description. Vectors were set so that the leads show the criteria
named beside each; ranges follow Surawicz and Knilans, Chou's Electrocardiography, 6th ed.,
and the AHA/ACCF/HRS recommendations (Surawicz et al. 2009, Hancock et al. 2009).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from precord.simulate.vector import Wave, wave

Vector = tuple[float, float, float]
_NOTHING: Vector = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Anatomy:
    """How one beat of a patient looks.

    Attributes:
        pr, p, qrs: seconds; qtc: seconds, Fridericia.
        right_atrium, left_atrium: first and second half of the P wave.
        onset, septum, wall, late, base: QRS vectors at 15, 22, 45, 65 and 74 % of its length.
        st: plateau from the end of QRS to the T wave; t: its peak.
        voltage: gain of QRS and T together.
    """

    pr: float = 0.155
    p: float = 0.1
    qrs: float = 0.09
    qtc: float = 0.41
    right_atrium: Vector = (0.02, 0.08, -0.045)
    left_atrium: Vector = (0.075, 0.06, 0.05)
    onset: Vector = _NOTHING
    septum: Vector = (-0.14, 0.0, -0.30)
    wall: Vector = (0.98, 0.68, 0.38)
    late: Vector = _NOTHING
    base: Vector = (-0.12, -0.14, 0.48)
    st: Vector = _NOTHING
    t: Vector = (0.33, 0.22, -0.19)
    voltage: float = 1.0
    spike: bool = False

    def qt(self, rr: float) -> float:
        """Return the QT interval after an RR of *rr* seconds (Fridericia), seconds."""
        return self.qtc * float(np.cbrt(min(max(rr, 0.35), 1.6)))

    def p_waves(self, pr: float) -> tuple[Wave, ...]:
        """Return the P wave that starts *pr* seconds before the QRS complex."""
        width = self.p / 6
        return (
            wave(-pr + 0.38 * self.p, width, *self.right_atrium),
            wave(-pr + 0.62 * self.p, width, *self.left_atrium),
        )

    def qrst_waves(self, qt: float) -> tuple[Wave, ...]:
        """Return QRS complex, ST plateau and T wave of a beat whose QT is *qt* seconds."""
        qrs, gain = self.qrs, self.voltage
        parts = (
            wave(0.15 * qrs, 0.065 * qrs, *self.onset),
            wave(0.22 * qrs, 0.085 * qrs, *self.septum),
            wave(0.45 * qrs, 0.115 * qrs, *self.wall),
            wave(0.65 * qrs, 0.11 * qrs, *self.late),
            wave(0.74 * qrs, 0.115 * qrs, *self.base),
        )
        fall = min(0.045, 0.11 * qt)
        peak = max(qt - 2.2 * fall, qrs + 0.06)
        middle = (qrs + peak) / 2
        width = max((peak - qrs) / 2.6, 0.02)
        spike = (wave(-0.012, 0.0012, 0.3, 0.6, -0.2),) if self.spike else ()
        st = wave(middle, width, *self.st)
        t = Wave(peak, 1.5 * fall, fall, self.t)
        return spike + tuple(w.scaled(gain) for w in (*parts, st, t) if any(w.vector))


def draw_anatomy(rng: np.random.Generator, age: float, *, is_female: bool) -> Anatomy:
    """Return a healthy heart; voltage falls and QTc is longer in women and with age.

    Sources: voltage by age and sex, Macfarlane et al. 1994; QTc, Rautaharju et al. 2014.
    """
    healthy = Anatomy()
    voltage = (1.12 if age < 40 else 1.0 if age < 65 else 0.92) * (0.9 if is_female else 1.02)
    return replace(
        healthy,
        pr=float(np.clip(rng.normal(0.152 + 0.0003 * (age - 50), 0.016), 0.122, 0.196)),
        p=float(np.clip(rng.normal(0.1, 0.006), 0.085, 0.112)),
        qrs=float(np.clip(rng.normal(0.088 if is_female else 0.094, 0.006), 0.074, 0.106)),
        qtc=float(np.clip(rng.normal(0.415 if is_female else 0.405, 0.014), 0.37, 0.444)),
        right_atrium=_vary(rng, healthy.right_atrium, 0.2),
        left_atrium=_vary(rng, healthy.left_atrium, 0.2),
        septum=_vary(rng, healthy.septum, 0.25),
        wall=_vary(rng, healthy.wall, 0.14),
        base=_vary(rng, healthy.base, 0.25),
        t=_vary(rng, healthy.t, 0.16),
        voltage=voltage * float(np.exp(rng.normal(0, 0.13))),
    )


def change(anatomy: Anatomy, code: str, rng: np.random.Generator) -> Anatomy:
    """Return *anatomy* with what statement *code* does to a beat; rhythm is not here."""
    return _CHANGES[code](anatomy, rng) if code in _CHANGES else anatomy


def ectopic(anatomy: Anatomy, rng: np.random.Generator) -> Anatomy:
    """Return a ventricular ectopic beat: wide, without P, with a discordant T wave."""
    side = 1.0 if rng.random() < 0.5 else -1.0  # from the right or from the left ventricle
    wall = (0.7 * side, float(rng.uniform(-0.9, 0.9)), 0.9 * side)
    return replace(
        anatomy,
        qrs=float(rng.uniform(0.14, 0.18)),
        onset=_NOTHING,
        septum=_scale(wall, 0.5),
        wall=_scale(wall, 1.2),
        late=_scale(wall, 0.9),
        base=_scale(wall, 0.3),
        st=_scale(wall, -0.12),
        t=_scale(wall, -0.5),
        qtc=anatomy.qtc + 0.05,
        spike=False,
    )


def escape(anatomy: Anatomy, rng: np.random.Generator) -> Anatomy:
    """Return the beat of a ventricular escape rhythm."""
    return ectopic(anatomy, rng)


def _vary(rng: np.random.Generator, vector: Vector, share: float) -> Vector:
    """Return *vector*, each component varied by *share* of its length."""
    size = float(np.linalg.norm(vector))
    x, y, z = np.asarray(vector) + rng.normal(0, share * size / np.sqrt(3), 3)
    return (float(x), float(y), float(z))


def _scale(vector: Vector, gain: float) -> Vector:
    """Return *vector* times *gain*."""
    return (gain * vector[0], gain * vector[1], gain * vector[2])


def _add(a: Vector, b: Vector) -> Vector:
    """Return the sum of two vectors."""
    return (a[0] + b[0], a[1] + b[1], a[2] + b[2])


def _lbbb(a: Anatomy, rng: np.random.Generator) -> Anatomy:
    """QRS >= 120 ms, no septal q, notched R in I, V5-V6, QS or rS in V1, discordant ST-T."""
    size = float(rng.uniform(0.85, 1.15))
    return replace(
        a,
        qrs=float(rng.uniform(0.128, 0.17)),
        onset=_NOTHING,
        septum=_scale((0.45, 0.15, 0.15), size),
        wall=_scale((0.85, 0.35, 0.95), size),
        late=_scale((0.95, 0.15, 0.9), size),
        base=_scale((0.4, -0.1, 0.35), size),
        st=_scale((-0.09, -0.02, -0.14), size),
        t=_scale((-0.28, -0.04, -0.34), size),
        qtc=a.qtc + 0.03,
    )


def _rbbb(a: Anatomy, rng: np.random.Generator) -> Anatomy:
    """QRS >= 120 ms, rSR' in V1, wide S in I and V6, T inverted in V1-V2."""
    size = float(rng.uniform(0.8, 1.3))
    return replace(
        a,
        qrs=float(rng.uniform(0.122, 0.152)),
        wall=_scale(a.wall, 0.95),
        late=_scale((-0.45, 0.0, -0.55), size),
        base=_scale((-0.55, -0.02, -0.62), size),
        t=_add(a.t, (0.06, 0.0, 0.2)),
        qtc=a.qtc + 0.02,
    )


def _irbbb(a: Anatomy, rng: np.random.Generator) -> Anatomy:
    """The same at 100 to 118 ms, with a smaller R'."""
    size = float(rng.uniform(0.8, 1.2))
    return replace(
        a,
        qrs=float(rng.uniform(0.1, 0.117)),
        late=_scale((-0.1, 0.0, -0.1), size),
        base=_scale((-0.32, 0.05, -0.42), size),
    )


def _lafb(a: Anatomy, rng: np.random.Generator) -> Anatomy:
    """Axis -45 to -90 degrees, qR in aVL, rS in II, III, aVF."""
    y = float(rng.uniform(-0.85, -0.6))
    x, _, z = a.wall
    return replace(
        a,
        qrs=max(a.qrs, float(rng.uniform(0.094, 0.112))),
        septum=(-0.16, 0.3, -0.22),
        wall=(0.8 * x, y, z),
        base=_add(a.base, (0.1, -0.2, 0.0)),
        t=_add(a.t, (0.0, 0.05, 0.0)),
    )


def _lpfb(a: Anatomy, rng: np.random.Generator) -> Anatomy:
    """Axis 100 to 150 degrees, rS in I and aVL, qR in III and aVF."""
    _, y, z = a.wall
    return replace(
        a,
        septum=(0.2, -0.22, -0.2),
        wall=(float(rng.uniform(-0.05, 0.15)), 1.3 * abs(y), z),
        base=_add(a.base, (-0.3, 0.15, 0.0)),
    )


def _wpw(a: Anatomy, rng: np.random.Generator) -> Anatomy:
    """PR < 120 ms, a slurred delta wave, QRS > 110 ms, discordant T wave."""
    return replace(
        a,
        pr=float(rng.uniform(0.085, 0.112)),
        qrs=float(rng.uniform(0.122, 0.145)),
        onset=(0.22, 0.02, -0.22),
        septum=(0.3, 0.05, -0.25),
        wall=_add(a.wall, (0.1, 0.0, -0.3)),
        t=_scale(a.t, -0.4),
        st=(-0.06, 0.0, 0.03),
    )


def _lvh(a: Anatomy, rng: np.random.Generator) -> Anatomy:
    """S in V1 + R in V5 > 3.5 mV (Sokolow and Lyon 1949); strain in two of three."""
    size = float(rng.uniform(1.75, 2.3)) / a.voltage
    strained = rng.random() < 0.67
    return replace(
        a,
        qrs=a.qrs + 0.01,
        wall=_scale((1.05, 0.42, 0.62), size),
        base=_scale(a.base, 1.35 * size / 1.5),
        st=(-0.11, -0.03, 0.08) if strained else (0.0, 0.0, -0.05),
        t=(-0.22, -0.02, -0.22) if strained else _scale(a.t, 1.1),
    )


def _vclvh(a: Anatomy, rng: np.random.Generator) -> Anatomy:
    """The voltage alone, without strain."""
    size = float(rng.uniform(1.65, 2.1)) / a.voltage
    return replace(a, wall=_scale((1.05, 0.5, 0.55), size), base=_scale(a.base, size / 1.3))


def _rvh(a: Anatomy, rng: np.random.Generator) -> Anatomy:
    """Axis to the right, R in V1 at least as tall as S, S in V5-V6, strain in V1-V3."""
    return replace(
        a,
        wall=(float(rng.uniform(-0.15, 0.15)), 0.75, -0.75),
        base=(-0.55, 0.05, 0.2),
        t=(0.28, -0.1, 0.24),
        st=(0.03, -0.03, 0.06),
    )


def _infarct(old_q: Vector, injury: Vector, old_t: Vector) -> "_Change":
    """Return what an infarction of one wall does, old or acute.

    Args:
        old_q: what is added at the start of QRS, away from the dead wall.
        injury: ST vector of the acute stage, towards the wall.
        old_t: T vector that is added later, away from the wall.
    """

    def infarct(a: Anatomy, rng: np.random.Generator) -> Anatomy:
        acute = rng.random() < 0.3
        q = float(rng.uniform(0.3, 0.7) if acute else rng.uniform(0.85, 1.3))
        return replace(
            a,
            septum=_add(_scale(a.septum, 1 - min(q, 0.9)), _scale(old_q, q)),
            st=_add(a.st, _scale(injury, float(rng.uniform(0.6, 1.5)) if acute else 0.08)),
            t=_add(a.t, _scale(old_t, 0.25 if acute else float(rng.uniform(0.5, 1.1)))),
        )

    return infarct


def _ischaemia(st: Vector, t: Vector) -> "_Change":
    """Return ST depression and T inversion of one territory: vectors away from it."""

    def ischaemia(a: Anatomy, rng: np.random.Generator) -> Anatomy:
        size = float(rng.uniform(0.8, 1.4))
        return replace(a, st=_add(a.st, _scale(st, size)), t=_add(a.t, _scale(t, size)))

    return ischaemia


def _t_gain(low: float, high: float) -> "_Change":
    """Return a change that scales the T wave alone."""

    def scale_t(a: Anatomy, rng: np.random.Generator) -> Anatomy:
        return replace(a, t=_scale(a.t, float(rng.uniform(low, high))))

    return scale_t


def _low_voltage(a: Anatomy, rng: np.random.Generator) -> Anatomy:
    """No QRS above 0.5 mV in the limb leads."""
    return replace(a, voltage=float(rng.uniform(0.34, 0.46)))


def _long_qt(a: Anatomy, rng: np.random.Generator) -> Anatomy:
    """QTc above 480 ms."""
    return replace(a, qtc=float(rng.uniform(0.488, 0.56)))


def _long_pr(a: Anatomy, rng: np.random.Generator) -> Anatomy:
    """PR above 200 ms."""
    return replace(a, pr=float(rng.uniform(0.212, 0.32)))


def _left_atrium(a: Anatomy, rng: np.random.Generator) -> Anatomy:
    """P >= 120 ms, notched, with a deep terminal part in V1."""
    return replace(
        a,
        p=float(rng.uniform(0.122, 0.14)),
        left_atrium=_scale((0.1, 0.06, 0.13), float(rng.uniform(1.0, 1.3))),
    )


def _paced(a: Anatomy, rng: np.random.Generator) -> Anatomy:
    """A spike before a wide beat from the apex of the right ventricle."""
    wide = _lbbb(a, rng)
    wall, late = (0.45, -0.95, 0.75), (0.55, -0.8, 0.7)
    return replace(
        wide,
        septum=(0.2, -0.4, 0.2),
        wall=wall,
        late=late,
        t=(-0.2, 0.4, -0.3),
        st=(-0.05, 0.1, -0.08),
        spike=True,
    )


_Change = Callable[[Anatomy, np.random.Generator], Anatomy]

_CHANGES: dict[str, _Change] = {
    "CLBBB": _lbbb,
    "CRBBB": _rbbb,
    "IRBBB": _irbbb,
    "LAFB": _lafb,
    "LPFB": _lpfb,
    "WPW": _wpw,
    "LVH": _lvh,
    "VCLVH": _vclvh,
    "RVH": _rvh,
    "LAO/LAE": _left_atrium,
    "IMI": _infarct((0.05, -0.62, 0.0), (-0.05, 0.3, 0.03), (0.0, -0.38, 0.0)),
    "ILMI": _infarct((-0.35, -0.5, 0.0), (0.12, 0.28, 0.05), (-0.25, -0.33, 0.0)),
    "ASMI": _infarct((0.05, 0.0, 0.62), (0.03, -0.02, -0.26), (-0.05, 0.0, 0.32)),
    "AMI": _infarct((-0.12, 0.0, 0.66), (0.12, -0.02, -0.3), (-0.2, 0.0, 0.34)),
    "ALMI": _infarct((-0.6, -0.08, 0.35), (0.3, -0.1, -0.14), (-0.48, 0.05, 0.15)),
    "ISC_": _ischaemia((-0.06, -0.05, 0.03), (-0.35, -0.2, 0.1)),
    "ISCAL": _ischaemia((-0.1, -0.01, 0.06), (-0.52, -0.05, 0.16)),
    "ISCIN": _ischaemia((0.0, -0.1, 0.0), (0.0, -0.42, 0.0)),
    "NST_": _ischaemia((-0.06, -0.05, 0.04), (-0.12, -0.08, 0.06)),
    "STD_": _ischaemia((-0.11, -0.09, 0.06), (-0.05, -0.05, 0.0)),
    "INVT": _t_gain(-0.9, -0.5),
    "NDT": _t_gain(0.15, 0.35),
    "LOWT": _t_gain(0.1, 0.22),
    "LVOLT": _low_voltage,
    "LNGQT": _long_qt,
    "1AVB": _long_pr,
    "LPR": _long_pr,
    "PACE": _paced,
}

CHANGED_BEATS: frozenset[str] = frozenset(_CHANGES)
