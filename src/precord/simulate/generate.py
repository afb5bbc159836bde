"""One simulated ECG: statements in; signal, report and the truth about each beat out.

Everything that is not noise is drawn before the first sample is computed, so that a seed
gives the same patient at every sampling rate.

Shapes: T samples, N beats, M activations of the atria.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from precord.errors import QueryError
from precord.leads import LEADS
from precord.record import MAX_RATE, Acquisition, Provenance, Record, Sex
from precord.report import Language
from precord.simulate.anatomy import Anatomy, draw_anatomy, draw_axis, ectopic, individualise
from precord.simulate.atrial import draw_fibrillation, draw_flutter, p_rows
from precord.simulate.conduction import Atria, Events, Heart, Origin, Ventricular, beat
from precord.simulate.criterion import aim_axis, axis, lowest, meet
from precord.simulate.findings import check
from precord.simulate.noise import draw_noise
from precord.simulate.pathology import ORDER, Findings, change
from precord.simulate.rhythm import draw_heart
from precord.simulate.vector import Breath, Floats, Rows, Torso, Wave, derive_leads, draw_waves
from precord.simulate.wording import Facts, word_report

MIN_RATE = 50.0  # Hz
MIN_DURATION, MAX_DURATION = 1.0, 3600.0  # seconds
VISIBLE = 0.03  # mV; the smallest wave that IEC 60601-2-51 has a program find
_STEP = 0.002  # mV; half of it is what the augmented leads need
_SPIKE = Wave(-0.004, 0.001, 0.001, (0.8, 1.4, -0.5))
_LAG = 0.4  # of the newest RR interval in the one that QT follows
_TEMPLATE_RATE = 1000.0  # Hz
_EARLY = 0.03  # seconds of the template before the nominal onset
_HAS_P = (Origin.SINUS, Origin.ATRIUM)
_FROM_ATRIA = (Origin.SINUS, Origin.ATRIUM, Origin.FLUTTER, Origin.FIBRILLATION)


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """Where the waves of each beat begin and end; (N,) seconds from the start.

    Attributes:
        r_peaks: where the ventricles' dipole is largest.
        p_on, p_off, qrs_on, qrs_off, t_off: NaN where the wave is absent or belongs to no
            beat.
        seen_on, seen_off: where the QRS complex is first and last `VISIBLE` away from its
            level in any lead, as a reader would mark it; *qrs_on* and *qrs_off* are where its
            waves begin and end, and no more than some microvolts high.
        is_conducted: (N,) bool, whether the beat came from the atria.
        atrial: (M,) onsets of all P waves, those that no beat follows among them.
    """

    r_peaks: Floats
    p_on: Floats
    p_off: Floats
    qrs_on: Floats
    qrs_off: Floats
    t_off: Floats
    seen_on: Floats
    seen_off: Floats
    is_conducted: NDArray[np.bool_]
    atrial: Floats

    @property
    def heart_rate(self) -> float | None:
        """Return beats per minute from the mean RR interval; None below two beats."""
        onsets = self.qrs_on
        return 60 / float(np.diff(onsets).mean()) if len(onsets) > 1 else None


@dataclass(frozen=True, slots=True, eq=False)
class Simulated:
    """A simulated ECG.

    Attributes:
        statements: all that were simulated, rhythm included.
        reports: one text a language, saying what is there and nothing else.
    """

    record: Record
    statements: frozenset[str]
    reports: dict[Language, str]
    truth: Truth

    @property
    def heart_rate(self) -> float | None:
        """Return beats per minute; None below two beats."""
        return self.truth.heart_rate


def simulate(
    statements: Collection[str],
    rng: np.random.Generator,
    *,
    age: float | None = None,
    sex: Sex | None = None,
    rate: float = 500.0,
    duration: float = 10.0,
    noise: bool = True,
) -> Simulated:
    """Return a 12-lead ECG that shows *statements*.

    Args:
        statements: SCP-ECG codes out of `SUPPORTED`; sinus rhythm is added where no rhythm
            is named.
        rng: the only source of randomness.
        age: years; drawn where not given.
        sex: drawn where not given.
        rate: Hz.
        duration: seconds.
        noise: whether electrodes, muscles and mains add theirs.

    Raises:
        QueryError: A statement cannot be simulated, two contradict each other, or rate or
            duration is none of an ECG.
    """
    codes = check(statements)
    n_samples = _count_samples(rate, duration)
    drawn_age = float(np.clip(rng.normal(60, 17), 18, 90)) if age is None else float(age)
    drawn_sex = Sex.FEMALE if rng.random() < 0.5 else Sex.MALE
    sex = sex or drawn_sex
    torso = Torso.draw(rng)
    anatomy, found = _draw_anatomy(codes, torso, rng, age=drawn_age, is_female=sex is Sex.FEMALE)
    heart = draw_heart(codes, anatomy.pr, drawn_age, duration, rng)
    events = beat(heart, duration, rng)
    rows, truth = _shape(anatomy, torso, events, duration, rng)
    breath = Breath.draw(rng, heart.breath, heart.phase + float(rng.normal(0, 0.6)))
    leads = torso.ventricles @ draw_waves(breath.move(rows), n_samples, rate)
    leads += torso.atria @ _draw_atria(heart, anatomy, events, (n_samples, rate), rng)
    is_seen = any(b.origin is not Origin.VENTRICLE for b in events.ventricular)
    angle = axis(anatomy, torso) if is_seen else None
    reports = word_report(Facts(codes, found, heart, angle, truth.heart_rate), rng)
    if noise:
        leads += draw_noise(n_samples, rate, rng, breath=heart.breath)
    record = Record(
        derive_leads(np.rint(leads / _STEP) * _STEP),  # as a converter's steps
        LEADS,
        rate,
        acquisition=Acquisition(age=round(drawn_age), sex=sex, device="precord simulator"),
        provenance=Provenance("simulated", "simulated"),
    )
    return Simulated(record, codes, reports, truth)


def _count_samples(rate: float, duration: float) -> int:
    """Return the length of the recording, or refuse what is no ECG."""
    if not (math.isfinite(rate) and MIN_RATE <= rate <= MAX_RATE):
        raise QueryError(f"rate {rate} Hz, expected {MIN_RATE:g} to {MAX_RATE:g}")
    if not (math.isfinite(duration) and MIN_DURATION <= duration <= MAX_DURATION):
        raise QueryError(f"duration {duration} s, expected {MIN_DURATION:g} to {MAX_DURATION:g}")
    return round(duration * rate)


def _draw_anatomy(
    codes: frozenset[str],
    torso: Torso,
    rng: np.random.Generator,
    *,
    age: float,
    is_female: bool,
) -> tuple[Anatomy, Findings]:
    """Return the beat that shows *codes*, and what was drawn beyond them."""
    found = Findings({})
    anatomy = draw_anatomy(rng, age, is_female=is_female)
    anatomy = aim_axis(anatomy, torso, draw_axis(rng, age))
    for code in ORDER:
        if code in codes:
            anatomy = change(anatomy, code, rng, found)
    anatomy = meet(individualise(anatomy, rng), torso, codes, rng)
    found.lowest_st, found.lowest_t = lowest(anatomy, torso)
    return anatomy, found


def _shape(
    anatomy: Anatomy, torso: Torso, events: Events, duration: float, rng: np.random.Generator
) -> tuple[Rows, Truth]:
    """Return the waves of the ventricles, and where those of each beat begin and end.

    QT follows the RR intervals with a lag; no T wave is quite as large as the one before.
    """
    wide = ectopic(anatomy, rng)
    marks = {False: _find_marks(anatomy, torso), True: _find_marks(wide, torso)}
    restless = float(rng.uniform(0.005, 0.03))
    rows: Rows = []
    seen: list[tuple[float, ...]] = []
    lagging = events.ventricular[0].rr if events.ventricular else 1.0
    for one in events.ventricular:
        lagging += _LAG * (one.rr - lagging)
        is_wide = one.origin is Origin.VENTRICLE
        shape = wide if is_wide else anatomy
        qt = shape.qt(lagging)
        rows += [w.row(one.at, shape.voltage) for w in shape.qrs_waves()]
        gain = shape.voltage * (1 + restless * float(np.clip(rng.normal(), -2, 2)))
        rows += [w.row(one.at, gain) for w in shape.st_t_waves(qt, lagging)]
        if shape.spike:
            rows.append(_SPIKE.row(one.at))
        if 0 <= one.at < duration:
            seen.append(_row_of_truth(one, shape, qt, marks[is_wide]))
    atrial = [a.at for a in events.atrial if a.origin in _HAS_P and 0 <= a.at < duration]
    r, p_on, p_off, on, off, t_off, first, last, from_atria = np.array(seen).reshape(-1, 9).T
    is_conducted, p_waves = from_atria > 0, np.array(atrial)
    return rows, Truth(r, p_on, p_off, on, off, t_off, first, last, is_conducted, p_waves)


def _row_of_truth(
    one: Ventricular, shape: Anatomy, qt: float, marks: tuple[float, float, float]
) -> tuple[float, ...]:
    """Return the fields of `Truth` for one beat, in their order."""
    p_on = math.nan
    if one.atrial is not None and one.atrial.origin in _HAS_P:
        p_on = one.atrial.at
    first, peak, last = marks
    return (
        one.at + peak,
        p_on,
        p_on + shape.p,
        one.at,
        one.at + shape.qrs,
        one.at + qt,
        one.at + first,
        one.at + last,
        float(one.origin in _FROM_ATRIA),
    )


def _find_marks(shape: Anatomy, torso: Torso) -> tuple[float, float, float]:
    """Return when a QRS complex is first visible, largest, last visible; seconds from its onset."""
    rows = [wave.row(_EARLY, shape.voltage) for wave in shape.qrs_waves()]
    n_samples = round((shape.qrs + 2 * _EARLY) * _TEMPLATE_RATE)
    dipole = draw_waves(rows, n_samples, _TEMPLATE_RATE)
    leads = derive_leads(torso.ventricles @ dipole)
    visible = np.flatnonzero((np.abs(leads) > VISIBLE).any(axis=0))
    first, last = visible[[0, -1]] if len(visible) else (0, n_samples - 1)
    peak = np.linalg.norm(dipole, axis=0).argmax()
    at = np.array([first, peak, last]) / _TEMPLATE_RATE - _EARLY
    return (float(at[0]), float(at[1]), float(at[2]))


def _draw_atria(
    heart: Heart,
    anatomy: Anatomy,
    events: Events,
    sampling: tuple[int, float],
    rng: np.random.Generator,
) -> Floats:
    """Return the dipole (3, T) of the atria; *sampling*: samples and rate (Hz)."""
    times = np.arange(sampling[0]) / sampling[1]
    if heart.atria is Atria.FIBRILLATION:
        return draw_fibrillation(times, rng)
    if heart.atria is Atria.FLUTTER:
        return draw_flutter(times, events.atrial, rng)
    return draw_waves(p_rows(anatomy, events.atrial, rng), *sampling)
