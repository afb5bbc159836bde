"""When atria and ventricles beat: a causal sequence of events for each rhythm.

An event knows only what came before it: a premature ventricular beat leaves the sinus node
alone, so that its pause is compensatory; a premature atrial beat resets it.
Sources: heart rate variability, Task Force 1996; atrial fibrillation and flutter rates,
Surawicz and Knilans, Chou's Electrocardiography, 6th ed., chapters 15 to 17.
"""

from collections.abc import Collection
from dataclasses import dataclass, field, replace

import numpy as np

MIN_RR = 0.28  # seconds; no ventricle follows faster


@dataclass(frozen=True, slots=True)
class Beat:
    """One ventricular beat.

    Attributes:
        at: QRS onset, seconds.
        rr: seconds since the beat before.
        pr: seconds from the P wave's onset; None where no P wave belongs to it.
        is_ectopic: whether it starts in the ventricles.
        is_early_atrial: whether its P wave is premature.
    """

    at: float
    rr: float
    pr: float | None
    is_ectopic: bool = False
    is_early_atrial: bool = False


@dataclass(frozen=True, slots=True)
class Rhythm:
    """All events of a recording.

    Attributes:
        beats: in order of time; the first may lie before the start.
        free_p: onsets of P waves that no beat follows, seconds.
        fibrillation: size of f waves, mV; flutter: flutter waves per second, both 0 if none.
        rate_bpm: ventricular rate that was aimed at.
    """

    beats: tuple[Beat, ...]
    free_p: tuple[float, ...] = ()
    fibrillation: float = 0.0
    flutter: float = 0.0
    rate_bpm: float = field(default=0.0)


def draw_rhythm(
    codes: Collection[str], pr: float, duration: float, rng: np.random.Generator
) -> Rhythm:
    """Return the rhythm that *codes* name.

    Args:
        codes: SCP-ECG codes; those that are no rhythm are ignored.
        pr: of a conducted beat, seconds.
        duration: seconds.
        rng: draws rate, variability and where premature beats fall.
    """
    if "3AVB" in codes:
        return _complete_block(codes, duration, rng)
    if "AFIB" in codes:
        rhythm = _fibrillation(duration, rng)
    elif "AFLT" in codes:
        rhythm = _flutter(duration, rng)
    elif "PACE" in codes:
        rhythm = _regular(float(rng.uniform(58, 82)), 0.004, None, duration, rng)
    elif "SVTAC" in codes:
        rhythm = _regular(float(rng.uniform(150, 210)), 0.006, None, duration, rng)
    else:
        rhythm = _sinus(codes, pr, duration, rng)
    if "PAC" in codes:
        rhythm = _add_atrial(rhythm, duration, rng)
    if "PVC" in codes or "BIGU" in codes:
        rhythm = _add_ventricular(rhythm, duration, rng, every_other="BIGU" in codes)
    return rhythm


def draw_rate(codes: Collection[str], rng: np.random.Generator) -> float:
    """Return a sinus rate, beats per minute, as the statements demand it."""
    if "SBRAD" in codes:
        return float(rng.uniform(42, 57))
    if "STACH" in codes:
        return float(rng.uniform(104, 145))
    return float(np.clip(rng.normal(72, 11), 62, 97))


def _sinus(codes: Collection[str], pr: float, duration: float, rng: np.random.Generator) -> Rhythm:
    """Return sinus beats with respiratory variability; more of it in sinus arrhythmia."""
    rate = draw_rate(codes, rng)
    depth = rng.uniform(0.09, 0.16) if "SARRH" in codes else rng.uniform(0.005, 0.025)
    breath, phase = rng.uniform(0.18, 0.3), rng.uniform(0, 2 * np.pi)
    beats, at = [], float(-rng.uniform(0, 60 / rate))
    rr = 60 / rate
    while at < duration + 1:
        beats.append(Beat(at, rr, pr))
        swing = depth * np.sin(2 * np.pi * breath * at + phase)
        rr = max(60 / rate * (1 + float(swing) + float(rng.normal(0, 0.006))), MIN_RR)
        at += rr
    return Rhythm(tuple(beats), rate_bpm=rate)


def _regular(
    rate: float, jitter: float, pr: float | None, duration: float, rng: np.random.Generator
) -> Rhythm:
    """Return beats like a clock's."""
    beats, at, rr = [], float(-rng.uniform(0, 60 / rate)), 60 / rate
    while at < duration + 1:
        beats.append(Beat(at, rr, pr))
        rr = 60 / rate * (1 + float(rng.normal(0, jitter)))
        at += rr
    return Rhythm(tuple(beats), rate_bpm=rate)


def _fibrillation(duration: float, rng: np.random.Generator) -> Rhythm:
    """Return irregularly irregular beats over f waves; intervals are drawn independently."""
    rate = float(np.clip(rng.normal(88, 20), 52, 150))
    beats, at, rr = [], float(-rng.uniform(0, 60 / rate)), 60 / rate
    spread = float(rng.uniform(0.17, 0.27))
    while at < duration + 1:
        beats.append(Beat(at, rr, None))
        rr = max(60 / rate * float(np.exp(rng.normal(-(spread**2) / 2, spread))), 0.32)
        at += rr
    return Rhythm(tuple(beats), fibrillation=float(rng.uniform(0.03, 0.12)), rate_bpm=rate)


def _flutter(duration: float, rng: np.random.Generator) -> Rhythm:
    """Return 2:1 to 4:1 conduction of 240 to 340 flutter waves a minute."""
    waves = float(rng.uniform(240, 340)) / 60  # per second
    ratio = int(rng.choice([2, 3, 4], p=[0.4, 0.15, 0.45]))
    varies = rng.random() < 0.4
    beats, at, step = [], float(-rng.uniform(0, ratio / waves)), ratio
    while at < duration + 1:
        beats.append(Beat(at, step / waves, None))
        step = int(rng.choice([2, 3, 4])) if varies else ratio
        at += step / waves
    return Rhythm(tuple(beats), flutter=waves, rate_bpm=60 * waves / ratio)


def _complete_block(codes: Collection[str], duration: float, rng: np.random.Generator) -> Rhythm:
    """Return atria and ventricles that know nothing of each other.

    The escape is junctional, 40 to 60 and narrow, or ventricular, 20 to 40 and wide.
    """
    is_ventricular = rng.random() < 0.4
    rate = float(rng.uniform(25, 39) if is_ventricular else rng.uniform(40, 56))
    ventricles = _regular(rate, 0.01, None, duration, rng)
    atria = _sinus(frozenset(codes) & {"STACH"}, 0.0, duration, rng)
    return replace(
        ventricles,
        beats=tuple(replace(b, is_ectopic=is_ventricular) for b in ventricles.beats),
        free_p=tuple(b.at for b in atria.beats),
    )


def _add_atrial(rhythm: Rhythm, duration: float, rng: np.random.Generator) -> Rhythm:
    """Put one to three premature atrial beats in; the sinus node starts anew after each."""
    beats = list(rhythm.beats)
    for _ in range(int(rng.integers(1, 4))):
        there = _candidates(beats, duration)
        if not there:
            break
        i = int(rng.choice(there))
        early = float(rng.uniform(0.25, 0.38)) * beats[i].rr
        moved = [replace(b, at=b.at - early) for b in beats[i + 1 :]]
        pr = beats[i].pr
        rr = beats[i].rr - early
        first = replace(beats[i], at=beats[i].at - early, rr=rr, pr=pr, is_early_atrial=True)
        beats[i:] = [first, *moved]
        beats += _tail(beats, duration)
    return replace(rhythm, beats=tuple(beats))


def _add_ventricular(
    rhythm: Rhythm, duration: float, rng: np.random.Generator, *, every_other: bool
) -> Rhythm:
    """Turn one to three beats, or every other one, into premature ventricular beats.

    The sinus node goes on: the beat after comes when it would have come anyway, so that the
    two intervals around an ectopic beat make two sinus intervals.
    """
    beats = list(rhythm.beats)
    early = float(rng.uniform(0.28, 0.42))
    if every_other:
        chosen = list(range(2 - int(rng.integers(2)), len(beats), 2))
    else:
        chosen = []
        for _ in range(int(rng.integers(1, 4))):
            near = {j for i in chosen for j in (i - 1, i, i + 1)}
            if there := [i for i in _candidates(beats, duration) if i not in near]:
                chosen.append(int(rng.choice(there)))
    for i in chosen:
        by = min(early * beats[i].rr, beats[i].rr - MIN_RR)
        ectopic = replace(beats[i], at=beats[i].at - by, rr=beats[i].rr - by, pr=None)
        beats[i] = replace(ectopic, is_ectopic=True)
        if i + 1 < len(beats):
            beats[i + 1] = replace(beats[i + 1], rr=beats[i + 1].rr + by)
    return replace(rhythm, beats=tuple(beats))


def _candidates(beats: list[Beat], duration: float) -> list[int]:
    """Return the beats that may come early: ordinary, in sight, after an ordinary one."""
    return [
        i
        for i in range(1, len(beats))
        if 0.8 < beats[i].at < duration - 0.8
        and not any(b.is_ectopic or b.is_early_atrial for b in beats[i - 1 : i + 1])
    ]


def _tail(beats: list[Beat], duration: float) -> list[Beat]:
    """Return the beats that moving the others forward has made room for."""
    tail, last = [], beats[-1]
    while last.at < duration + 1:
        last = replace(last, at=last.at + last.rr, is_early_atrial=False)
        tail.append(last)
    return tail
