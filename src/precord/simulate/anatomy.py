"""One beat of a healthy heart: durations, and the named dipole vectors of its waves.

The QRS loop goes first to the right and forward (septum), then left and down (free wall),
then back (late parts and base); T points left, down and forward. Vectors were set by hand,
so that the published lead vectors give a normal 12-lead ECG, and corrected by hand after a
comparison with the median amplitudes of the normal records in PTB-XL folds 1 to 8: they
are not free of real signals. How sharp a QRS complex is (`individualise`), and by how much T
falls with age, was set with the band powers of folds 1 to 7 in sight.
Sources: intervals and voltage by age and sex, and the frontal axis turning left with age,
Rijnbeek et al. 2014, doi:10.1016/j.jelectrocard.2014.07.022, the trends alone; QTc,
Rautaharju et al. 2014; ST and T falling with age, Nemati et al. 1980; U waves where the heart
is slow, upright, largest in V2 and V3, and normal ST elevation there, Rautaharju et al. 2009
(AHA/ACCF/HRS part IV). All sizes and spreads are our estimates.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from precord.simulate.vector import Vector, Wave

NOTHING: Vector = (0.0, 0.0, 0.0)
_SHARPEST = 0.0051  # seconds, standard deviation; the same at 100 Hz as at any rate
_NO_U = 60 / 95  # seconds of RR from which on U waves are seen
NORMAL_TIMING = ((0.14, 0.05), (0.21, 0.07), (0.43, 0.09), (0.60, 0.09), (0.75, 0.088))


@dataclass(frozen=True, slots=True)
class Anatomy:
    """How one kind of beat looks.

    Attributes:
        pr, p, qrs: seconds; qtc: seconds, Fridericia.
        right_atrium, left_atrium: first and second half of the P wave; notch: how far they
            are apart, share of the P wave.
        onset, septum, wall, late, base: vectors of the QRS complex in order of time.
        timing: of each of these its peak and standard deviation, shares of *qrs*.
        details: notches and slurs of the QRS complex: peak, share of *qrs*; standard
            deviation, seconds; vector.
        st: from the end of QRS on, held for a share *st_hold* of the way to the T wave.
        t: its peak; t_width: of its falling flank, share of QT; t_skew: how much slower it
            rises than it falls; t_early: added on its way up, which opens the T loop.
        u: peak of the U wave in a heart of 60 beats a minute or fewer.
        voltage: gain of QRS, ST and T together.
        spike: of a pacemaker before the QRS complex.
    """

    pr: float = 0.155
    p: float = 0.1
    qrs: float = 0.09
    qtc: float = 0.41
    right_atrium: Vector = (0.08, 0.062, -0.06)
    left_atrium: Vector = (0.11, 0.042, 0.05)
    notch: float = 0.24
    onset: Vector = NOTHING
    septum: Vector = (-0.06, -0.02, -0.25)
    wall: Vector = (1.15, 0.68, -0.16)
    late: Vector = (0.42, 0.12, 0.86)
    base: Vector = (-0.10, -0.08, 0.42)
    timing: tuple[tuple[float, float], ...] = NORMAL_TIMING
    details: tuple[tuple[float, float, Vector], ...] = ()
    st: Vector = (0.01, 0.008, -0.025)
    st_hold: float = 1.0
    t: Vector = (0.35, 0.13, -0.24)
    t_width: float = 0.1
    t_skew: float = 1.6
    t_early: Vector = NOTHING
    u: Vector = NOTHING
    voltage: float = 1.0
    spike: bool = False

    def qt(self, rr: float) -> float:
        """Return the QT interval after an RR of *rr* seconds (Fridericia), seconds."""
        return self.qtc * float(np.cbrt(min(max(rr, 0.33), 1.6)))

    def p_waves(self) -> tuple[Wave, ...]:
        """Return the waves of the atria; times count from the onset of P."""
        width, middle = self.p * (1 - self.notch) / 5.2, self.p / 2
        apart = self.notch * self.p / 2
        return (
            Wave(middle - apart, width, width, self.right_atrium),
            Wave(middle + apart, width, width, self.left_atrium),
        )

    def qrs_waves(self) -> tuple[Wave, ...]:
        """Return the waves of the QRS complex, at a voltage of 1."""
        vectors = (self.onset, self.septum, self.wall, self.late, self.base)
        waves = [
            Wave(at * self.qrs, width * self.qrs, width * self.qrs, vector)
            for (at, width), vector in zip(self.timing, vectors, strict=True)
            if any(vector)
        ]
        waves += [Wave(at * self.qrs, width, width, vector) for at, width, vector in self.details]
        return tuple(waves)

    def st_t_waves(self, qt: float, rr: float) -> tuple[Wave, ...]:
        """Return ST, T and U of a beat of *qt* seconds after *rr* seconds, at a voltage of 1."""
        fall = self.t_width * qt
        peak = max(qt - 2.05 * fall, self.qrs + 0.08)
        rise = min(self.t_skew * fall, 0.45 * (peak - self.qrs))
        start = self.qrs + 0.012
        way = max(peak - rise - start, 0.01)
        held = self.st_hold * way
        waves = [
            Wave(start, 0.012, 0.8 * rise + 0.5 * (way - held), self.st, held),
            Wave(peak, rise, fall, self.t),
        ]
        if any(self.t_early):
            waves.append(Wave(peak - rise, 0.7 * rise, 0.7 * rise, self.t_early))
        size = min(max((rr - _NO_U) / (1.0 - _NO_U), 0.0), 1.0)
        if size and any(self.u):
            waves.append(Wave(qt + 0.08, 0.032, 0.04, scale(self.u, size)))
        return tuple(waves)


def draw_anatomy(rng: np.random.Generator, age: float, *, is_female: bool) -> Anatomy:
    """Return a healthy heart; voltage falls with age, women have less and a longer QTc."""
    healthy = Anatomy()
    voltage = 1.12 - 0.0035 * (age - 30) - (0.1 if is_female else 0.0)
    male_t = 0.85 if is_female else 1.1  # ST and T of V2 to V4 are higher in men
    x, y, z = vary(rng, healthy.t, 0.25)
    t_size = _about(rng, 0.25) * min(1.0, 1.1 - 0.008 * (age - 30))
    t = scale((x, y, z * male_t), t_size)
    return replace(
        healthy,
        pr=float(np.clip(rng.normal(0.152 + 0.0003 * (age - 50), 0.017), 0.123, 0.194)),
        p=float(np.clip(rng.normal(0.102, 0.006), 0.085, 0.115)),
        qrs=float(np.clip(rng.normal(0.086 if is_female else 0.092, 0.006), 0.078, 0.104)),
        qtc=float(np.clip(rng.normal(0.413 if is_female else 0.402, 0.014), 0.372, 0.444)),
        right_atrium=vary(rng, healthy.right_atrium, 0.25),
        left_atrium=vary(rng, healthy.left_atrium, 0.25),
        septum=scale(vary(rng, healthy.septum, 0.3), _about(rng, 0.25)),
        wall=vary(rng, healthy.wall, 0.2),
        late=vary(rng, healthy.late, 0.35),
        base=vary(rng, healthy.base, 0.4),
        st=scale(healthy.st, male_t * float(rng.uniform(0, 2))),
        st_hold=float(rng.uniform(0.3, 1.0)),
        t=t,
        t_width=float(rng.uniform(0.085, 0.112)),
        t_skew=float(rng.uniform(1.3, 2.1)),
        t_early=vary(rng, scale(t, float(rng.normal(0, 0.06))), 1.0),
        u=scale(t, float(rng.uniform(0.02, 0.13))),
        voltage=voltage * _about(rng, 0.22),
    )


def individualise(anatomy: Anatomy, rng: np.random.Generator) -> Anatomy:
    """Return *anatomy* with a patient's own timing of QRS, and its notches and slurs.

    No two hearts are excited along the same paths: parts come a little earlier or later,
    quicker or slower, and small wavefronts add details of a few milliseconds.
    """
    pace = float(rng.uniform(0.74, 1.04))
    sharpest = _SHARPEST / anatomy.qrs
    timing = tuple(
        (
            at + float(np.clip(rng.normal(0, 0.013), -0.03, 0.03)),
            max(width * pace * _about(rng, 0.1), sharpest),
        )
        for at, width in anatomy.timing
    )
    drawn = draw_details(rng, int(rng.poisson(1.6)), 0.06)
    return replace(anatomy, timing=timing, details=(*anatomy.details, *drawn))


def draw_details(
    rng: np.random.Generator, number: int, size: float
) -> tuple[tuple[float, float, Vector], ...]:
    """Return *number* small wavefronts of about *size* mV, any way, inside a QRS complex."""
    return tuple(
        (
            float(rng.uniform(0.34, 0.84)),
            _SHARPEST * float(rng.uniform(1.0, 1.5)),
            jolt(rng, NOTHING, size * _about(rng, 0.4)),
        )
        for _ in range(number)
    )


def draw_axis(rng: np.random.Generator, age: float) -> float:
    """Return a normal frontal QRS axis, degrees; it turns left with age."""
    return float(np.clip(rng.normal(60 - 0.65 * (age - 25), 27), -28, 88))


def turn(anatomy: Anatomy, degrees: float) -> Anatomy:
    """Return *anatomy* turned in the frontal plane, T following a quarter of the way."""
    return replace(
        anatomy,
        onset=_turn(anatomy.onset, degrees),
        septum=_turn(anatomy.septum, degrees),
        wall=_turn(anatomy.wall, degrees),
        late=_turn(anatomy.late, degrees),
        base=_turn(anatomy.base, degrees),
        t=_turn(anatomy.t, float(np.clip(degrees / 4, -20, 20))),
    )


def ectopic(anatomy: Anatomy, rng: np.random.Generator) -> Anatomy:
    """Return the beat of a ventricular focus: wide and notched, T against QRS, no P wave."""
    from_left = rng.random() < 0.5  # like RBBB in V1 if so, else like LBBB
    up = float(rng.uniform(-0.9, 0.9))  # from the outflow tract downwards, or from the apex
    size = float(rng.uniform(0.7, 1.2))
    x, z = (-0.25, -0.95) if from_left else (0.6, 0.85)
    x += float(rng.normal(0, 0.25))
    return replace(
        anatomy,
        qrs=float(rng.uniform(0.135, 0.175)),
        onset=scale((0.2 * x, 0.25 * up, 0.1 * z), size),
        septum=scale((0.5 * x, 0.6 * up, 0.35 * z), size),
        wall=scale((x, up, z), size),
        late=scale((0.75 * x + 0.1, 0.7 * up, 0.95 * z), size),
        base=scale((0.3 * x, 0.1 * up, 0.4 * z), size),
        timing=((0.12, 0.045), (0.26, 0.075), (0.44, 0.085), (0.63, 0.085), (0.79, 0.075)),
        details=draw_details(rng, int(rng.poisson(1.5)), 0.12),
        st=scale((x, up, z), -0.13 * size),
        st_hold=float(rng.uniform(0.3, 1.0)),
        t=vary(rng, scale((x, up, z), float(rng.uniform(-0.55, -0.3)) * size), 0.15),
        t_early=NOTHING,
        u=NOTHING,
        qtc=anatomy.qtc + 0.05,
        voltage=min(anatomy.voltage, 1.1),  # hypertrophy does not enlarge a focus
        spike=False,
    )


def scale(vector: Vector, gain: float) -> Vector:
    """Return *vector* times *gain*."""
    return (gain * vector[0], gain * vector[1], gain * vector[2])


def add(a: Vector, b: Vector) -> Vector:
    """Return the sum of two vectors."""
    return (a[0] + b[0], a[1] + b[1], a[2] + b[2])


def vary(rng: np.random.Generator, vector: Vector, share: float) -> Vector:
    """Return *vector*, varied in any direction by about *share* of its length."""
    return jolt(rng, vector, math.hypot(*vector) * share)


def jolt(rng: np.random.Generator, vector: Vector, size: float) -> Vector:
    """Return *vector*, varied in any direction by about *size*, mV."""
    x, y, z = rng.normal(vector, size / math.sqrt(3))
    return (float(x), float(y), float(z))


def _about(rng: np.random.Generator, spread: float) -> float:
    """Return a factor around 1."""
    return float(np.exp(rng.normal(0, spread)))


def _turn(vector: Vector, degrees: float) -> Vector:
    """Return *vector* turned about the Z axis, from left towards the feet."""
    x, y, z = vector
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return (x * cos - y * sin, x * sin + y * cos, z)
