"""One simulated ECG: statements in; signal, report and the truth about each beat out.

Shapes: T samples, N beats.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from precord.leads import LEADS
from precord.record import Acquisition, Provenance, Record, Sex
from precord.report import Language
from precord.simulate.anatomy import Anatomy, change, draw_anatomy, ectopic, escape
from precord.simulate.findings import check
from precord.simulate.noise import draw_noise
from precord.simulate.report import word_report
from precord.simulate.rhythm import Beat, Rhythm, draw_rhythm
from precord.simulate.vector import Torso, Wave, derive_leads, draw_waves

Floats = NDArray[np.float64]
_STEP = 0.002  # mV; half of it is what the augmented leads need


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """Where the waves of each beat begin and end; (N,) seconds from the start.

    Attributes:
        p_on, qrs_on, qrs_off, t_off: NaN where the wave is absent.
        is_conducted: (N,) bool, whether the beat came from the atria.
    """

    p_on: Floats
    qrs_on: Floats
    qrs_off: Floats
    t_off: Floats
    is_conducted: NDArray[np.bool_]


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
        QueryError: A statement cannot be simulated, or two contradict each other.
    """
    codes = check(statements)
    drawn_age = float(np.clip(rng.normal(60, 17), 18, 90)) if age is None else age
    drawn_sex = sex or (Sex.FEMALE if rng.random() < 0.5 else Sex.MALE)
    anatomy = draw_anatomy(rng, drawn_age, is_female=drawn_sex is Sex.FEMALE)
    for code in sorted(codes):
        anatomy = change(anatomy, code, rng)
    rhythm = draw_rhythm(codes, anatomy.pr, duration, rng)
    times = np.arange(round(duration * rate)) / rate
    beats, truth = _shape_beats(anatomy, rhythm, duration, rng)
    dipole = draw_waves(np.array([b.at for b in rhythm.beats]), beats, times)
    dipole += _atrial_waves(anatomy, rhythm, times, rng)
    torso = Torso.draw(rng, spread=0.5 if "NORM" in codes else 1.0)
    independent = torso.project(dipole)
    if noise:
        independent = independent + draw_noise(len(independent), times, rng)
    independent = np.rint(independent / _STEP) * _STEP  # as a converter's steps
    record = Record(
        derive_leads(independent),
        LEADS,
        rate,
        acquisition=Acquisition(age=round(drawn_age), sex=drawn_sex, device="precord simulator"),
        provenance=Provenance("simulated", "simulated"),
    )
    return Simulated(record, codes, word_report(codes, rng), truth)


def _shape_beats(
    anatomy: Anatomy, rhythm: Rhythm, duration: float, rng: np.random.Generator
) -> tuple[list[tuple[Wave, ...]], Truth]:
    """Return the waves of each beat, and where they begin and end."""
    wide = escape(anatomy, rng) if rhythm.free_p else ectopic(anatomy, rng)
    beats, rows = [], []
    lagging = rhythm.beats[0].rr
    for beat in rhythm.beats:
        lagging = 0.6 * lagging + 0.4 * beat.rr  # QT follows RR with a lag
        shape = wide if beat.is_ectopic else anatomy
        qt = shape.qt(lagging)
        beats.append(_p_of(shape, beat) + shape.qrst_waves(qt))
        start = np.nan if beat.pr is None else beat.at - beat.pr
        rows.append((start, beat.at, beat.at + shape.qrs, beat.at + qt, not beat.is_ectopic))
    seen = [row for row in rows if 0 <= row[1] < duration]
    p_on, qrs_on, qrs_off, t_off, conducted = np.array(seen or np.empty((0, 5)), float).T
    conducted = (conducted > 0) & (not rhythm.free_p)
    return beats, Truth(p_on, qrs_on, qrs_off, t_off, conducted)


def _p_of(shape: Anatomy, beat: Beat) -> tuple[Wave, ...]:
    """Return the P wave of a beat, turned over if it is premature; nothing if it has none."""
    if beat.pr is None:
        return ()
    if beat.is_early_atrial:
        low = (-0.03, -0.09, 0.02)  # from low in the atria: inverted in II
        shape = replace(shape, right_atrium=low, left_atrium=low)
    return shape.p_waves(beat.pr)


def _atrial_waves(
    anatomy: Anatomy, rhythm: Rhythm, times: Floats, rng: np.random.Generator
) -> Floats:
    """Return the dipole (3, T) of atrial activity that no ventricular beat follows."""
    dipole = np.zeros((3, len(times)))
    if rhythm.free_p:
        onsets = np.array(rhythm.free_p)
        dipole += draw_waves(onsets, [anatomy.p_waves(0.0)] * len(onsets), times)
    if rhythm.fibrillation:
        for frequency in rng.uniform(4, 9, 3):
            drift = np.cumsum(rng.normal(0, 1, len(times))) * np.sqrt(times[1] - times[0])
            phase = rng.uniform(0, 2 * np.pi) + 2 * np.pi * frequency * times + 1.2 * drift
            direction = rng.normal((0.1, 0.5, -0.7), 0.25)
            dipole += rhythm.fibrillation / 1.7 * np.outer(direction, np.sin(phase))
    if rhythm.flutter:
        cycle = (times * rhythm.flutter + rng.random()) % 1.0
        saw = np.where(cycle < 0.7, 0.5 - cycle / 0.7, (cycle - 0.7) / 0.3 - 0.5)
        size = rng.uniform(0.14, 0.3)
        dipole += size * np.outer((0.05, 1.0, -0.25), saw)
    return dipole
