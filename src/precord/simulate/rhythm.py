"""Which heart a set of statements asks for: rates, blocks, premature beats, pacing.

The statements set the parts of the machine in `conduction`; what it then does is its own.
Sources: sinus rates and blocks, Surawicz and Knilans, Chou's Electrocardiography, 6th ed.;
sinus arrhythmia as RR differences above 120 ms, the same, chapter 13; beat-to-beat
variability in ten seconds by age, Tegegne et al. 2019, doi:10.1177/2047487319872567, its two
frequencies, Task Force 1996; flutter 240 to 340 a minute, junctional escape 40 to 60 and
ventricular 20 to 40, AV block after Kusumoto et al. 2019.
"""

import math
from collections.abc import Collection
from dataclasses import replace

import numpy as np

from precord.simulate.conduction import Atria, Block, Heart, Origin, Premature

_SHOWN_BY_ANY_ESCAPE = {"SR", "3AVB"}
_MAX_PR_SHARE = 0.55  # of the cycle
_OLD = 60.0  # years
_MAX_SWING = 0.05  # seconds each way; beyond it is sinus arrhythmia


def draw_heart(
    codes: Collection[str], pr: float, age: float, duration: float, rng: np.random.Generator
) -> Heart:
    """Return the heart that *codes* ask for.

    Args:
        codes: SCP-ECG codes; those that say nothing of rhythm are ignored.
        pr: of a conducted beat, seconds.
        age: years.
        duration: of the recording, seconds.
        rng: draws rate, variability and where premature beats fall.
    """
    if "AFIB" in codes:
        heart = _fibrillation(codes, rng)
    elif "AFLT" in codes:
        heart = _flutter(rng)
    elif "SVTAC" in codes:
        cycle = 60 / float(rng.uniform(150, 205))
        heart = Heart(cycle, jitter=0.004, atria=Atria.TACHYCARDIA, pr=0.1)
    elif "PACE" in codes:
        heart = _paced(rng)
    else:
        heart = _sinus(codes, pr, age, rng)
    breath, phase = float(rng.uniform(0.18, 0.33)), float(rng.uniform(0, 2 * math.pi))
    heart = replace(heart, breath=breath, phase=phase)
    if "3AVB" in codes:
        heart = _complete_block(heart, codes, rng)
    elif "2AVB" in codes:
        heart = _second_degree(heart, rng)
    return _add_premature(heart, codes, duration, rng)


def draw_rate(codes: Collection[str], rng: np.random.Generator) -> float:
    """Return a sinus rate, beats per minute, as the statements demand it."""
    if "SBRAD" in codes:
        return float(np.clip(rng.normal(53, 4), 40, 57.5))
    if "STACH" in codes:
        return float(np.clip(103 + rng.gamma(1.6, 8), 103, 150))
    if "2AVB" in codes:
        return float(rng.uniform(66, 90))
    return float(np.clip(rng.normal(72, 10), 62, 96))


def _sinus(codes: Collection[str], pr: float, age: float, rng: np.random.Generator) -> Heart:
    """Return a sinus node that breathing and blood pressure swing; more in sinus arrhythmia.

    The median RMSSD falls from 66 ms at 14 years to 16 ms at 60 and stays there, while the
    spread grows.
    """
    cycle = 60 / draw_rate(codes, rng)
    calm = 0.5 ** ((min(age, _OLD) - 50) / 23)
    spread = 0.6 if age < _OLD else 0.8
    if "SARRH" in codes:
        swing = max(float(rng.uniform(0.09, 0.16)), 0.08 / cycle)
    else:
        widest = _MAX_SWING / cycle
        swing = min(0.026 * calm * float(np.exp(rng.normal(0, spread))), widest)
    return Heart(
        cycle,
        swing=swing,
        drift=min(0.014 * calm**0.5 * float(np.exp(rng.normal(0, 0.6))), 0.035),
        jitter=0.006,
        pr=min(pr, _MAX_PR_SHARE * cycle),
    )


def _fibrillation(codes: Collection[str], rng: np.random.Generator) -> Heart:
    """Return fibrillating atria; the ventricles follow irregularly."""
    rate = float(np.clip(rng.normal(86, 19), 55, 150))
    if "PVC" in codes:
        rate = min(rate, 110.0)
    return Heart(60 / rate, atria=Atria.FIBRILLATION, irregularity=float(rng.uniform(0.17, 0.28)))


def _flutter(rng: np.random.Generator) -> Heart:
    """Return flutter, conducted two to one, four to one, or changing."""
    ratio: tuple[int, ...] = ((2,), (4,), (3,), (2, 4), (4, 4, 2), (3, 2, 4))[
        int(rng.choice(6, p=[0.34, 0.32, 0.1, 0.08, 0.08, 0.08]))
    ]
    return Heart(
        60 / float(rng.uniform(240, 340)),
        jitter=0.003,
        atria=Atria.FLUTTER,
        pr=float(rng.uniform(0.14, 0.2)),
        ratio=ratio,
    )


def _paced(rng: np.random.Generator) -> Heart:
    """Return a ventricular pacemaker over silent atria, or over atria that are blocked."""
    escape = 60 / float(rng.uniform(58, 82))
    if rng.random() < 0.5:
        sinus = 60 / float(rng.uniform(62, 95))
        heart = Heart(sinus, swing=0.01, jitter=0.006, block=Block.COMPLETE)
    else:
        heart = Heart(escape, atria=Atria.SILENT)
    return replace(heart, escape=escape, escape_from=Origin.PACEMAKER)


def _complete_block(heart: Heart, codes: Collection[str], rng: np.random.Generator) -> Heart:
    """Return *heart* with atria and ventricles that know nothing of each other.

    Where *codes* say something of the ventricles' own beat, the escape is junctional, since
    a ventricular one would hide it.
    """
    if rng.random() < 0.4 and set(codes) <= _SHOWN_BY_ANY_ESCAPE:
        cycle, origin = 60 / float(rng.uniform(25, 39)), Origin.VENTRICLE
    else:
        cycle, origin = 60 / float(rng.uniform(41, 56)), Origin.NODE
    return replace(heart, block=Block.COMPLETE, escape=cycle, escape_from=origin)


def _second_degree(heart: Heart, rng: np.random.Generator) -> Heart:
    """Return *heart* dropping single beats, after a PR that grows (Mobitz I) or does not."""
    block = Block.WENCKEBACH if rng.random() < 0.65 else Block.MOBITZ
    longest = heart.pr if block is Block.MOBITZ else heart.pr + 0.05
    return replace(heart, block=block, pr=longest, ratio=(int(rng.integers(3, 6)),), swing=0.006)


def _add_premature(
    heart: Heart, codes: Collection[str], duration: float, rng: np.random.Generator
) -> Heart:
    """Return *heart* with the ectopic beats that *codes* name, in sight of the recording.

    A coupling leaves the next P wave inside the AV node's refractory period, so that no
    ventricular beat is interpolated.
    """
    if "PAC" in codes:
        early = tuple(
            Premature(at, float(rng.uniform(0.6, 0.74))) for at in _times(heart, duration, rng)
        )
        heart = replace(heart, atrial=early)
    lowest = max(0.5, (heart.cycle - heart.pr - 0.34) / heart.cycle)
    lowest = 0.55 if heart.atria is Atria.FIBRILLATION else lowest
    coupling = float(rng.uniform(lowest, max(lowest + 0.06, 0.7)))
    if "BIGU" in codes or "TRIGU" in codes:
        return replace(heart, every=1 if "BIGU" in codes else 2, coupling=coupling)
    if "PVC" in codes:
        wide = tuple(Premature(at, coupling) for at in _times(heart, duration, rng))
        heart = replace(heart, ventricular=wide)
    return heart


def _times(heart: Heart, duration: float, rng: np.random.Generator) -> list[float]:
    """Return one to three moments that leave room for an early beat and its pause."""
    first, last = 0.02 * duration, max(duration - 3.2 * heart.cycle, 0.03 * duration)
    n = int(rng.choice([1, 2, 3], p=[0.5, 0.3, 0.2]))
    room = (last - first) / n
    if room < 3 * heart.cycle:
        n, room = 1, last - first
    return [first + room * (i + float(rng.uniform(0, 0.6))) for i in range(n)]
