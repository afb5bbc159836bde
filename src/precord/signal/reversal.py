"""Whether electrodes look exchanged, from the shapes of the leads.

An exchange of electrodes leaves Einthoven's law intact, so it is told by morphology: which
arrangement of the leads looks most like an ECG. For the five ways to mix up RA, LA and LL the
frontal leads that each would have hidden are compared with the chest leads, which it leaves
alone, in P, QRS and T apart (P only where there is one); for neighbours on the chest, the
order in which shapes and polarities change from V1 to V6. Both comparisons are free of
scale. A weighted sum of them is the score of an arrangement; there is an alarm where another
one scores higher than the recorded one by more than a threshold. The right leg's cable on an
arm, or both arms' on the legs, is told by a frontal lead that is nearly flat.

Sources: leads compared with what the others ask for, Kors and van Herpen 2001 (American
Journal of Cardiology); P waves and fitted rules, Hedén et al. 1995 and 1996 (the same);
lead I against V6, the flat lead, Batchvarov et al. 2007, doi:10.1093/europace/eum198. The
weights are ours: a conditional logit (McFadden 1974) fitted by `benchmarks/leads.py` on
PTB-XL folds 1 to 7; how often it is right, and wrong, is in docs/results/leads.md.

Not told: LL-RL, which changes nothing; which of two exchanges made lead I flat; dextrocardia
from RA-LA.

Shapes: L leads, S samples of a median beat, H arrangements, F features.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from precord.leads import CHEST_LEADS, LIMB_LEADS, Lead
from precord.record import Measurements, Record
from precord.signal.beats import BEFORE, DETECTION_RATE, Beats, average_beats
from precord.signal.electrode import (
    CHEST_REVERSALS,
    SEEN,
    Reversal,
    order_of,
    turn_limb_leads,
)
from precord.signal.lead_check import recover_limb_scale
from precord.signal.quality import LeadQuality

Floats = NDArray[np.float64]

LIMB_ARRANGEMENTS = (None, *(r for r, seen in SEEN.items() if "N" not in seen))
CHEST_ARRANGEMENTS = (None, *CHEST_REVERSALS)
MIN_DOMINANT = 3  # beats; fewer make no median
FLAT_SHARE = 0.1  # of the largest of I, II, III; of 2,562 clean records none is below 0.11
_R = int(BEFORE * DETECTION_RATE)
_WAVES = {  # seconds from R
    "P": (-0.22, -0.068),
    "QRS": (-0.052, 0.06),
    "T": (0.1, 0.4),
}
_BEAT = (-0.22, 0.4)
_BASELINE = (-0.072, -0.052)  # between P and QRS
_MIN_SHARE = 0.5  # of the record in which a lead must be present
_FLAT_BY = {
    Lead.I: Reversal.ARMS_LEGS,
    Lead.II: Reversal.RA_RL,
    Lead.III: Reversal.LA_RL,
}


@dataclass(frozen=True, slots=True)
class ElectrodeCheck:
    """Which electrodes look exchanged; None where none do.

    Attributes:
        limb_margin, chest_margin: by how much the best other arrangement scores higher than
            the recorded one; None where the scores were not needed.
        limb_not_testable, chest_not_testable: why nothing can be said; empty where it can.
    """

    limb: Reversal | None = None
    chest: Reversal | None = None
    limb_margin: float | None = None
    chest_margin: float | None = None
    limb_not_testable: str = ""
    chest_not_testable: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """Weights (F,) of an arrangement's features, and the margin that is an alarm."""

    weights: Floats
    threshold: float


def check_electrodes(
    record: Record,
    found: Measurements,
    quality: Sequence[LeadQuality],
    beats: Beats | None = None,
) -> ElectrodeCheck:
    """Return which electrodes of *record* look exchanged.

    Args:
        record: of any scale.
        found: measured on it; tells whether there is a P wave.
        quality: of its leads; an unusable one is not compared.
        beats: its own, where they are known already.
    """
    beat = MedianBeat.of(record, found, quality, beats)
    if isinstance(beat, str):
        return ElectrodeCheck(limb_not_testable=beat, chest_not_testable=beat)
    rules = load_rules()
    chest, chest_margin = _decide(beat.chest_features(), rules["chest"], CHEST_ARRANGEMENTS)
    if beat.limb_not_testable:
        return ElectrodeCheck(
            chest=chest, chest_margin=chest_margin, limb_not_testable=beat.limb_not_testable
        )
    limb, limb_margin = beat.find_flat(), None
    if limb is None:
        limb, limb_margin = _decide(beat.limb_features(), rules["limb"], LIMB_ARRANGEMENTS)
    return ElectrodeCheck(limb, chest, limb_margin, chest_margin)


@lru_cache(maxsize=1)
def load_rules() -> Mapping[str, Rule]:
    """Return the fitted rules, "limb" and "chest"."""
    raw = json.loads((files("precord.signal") / "reversal.json").read_text("utf-8"))
    return {
        name: Rule(np.array(raw[name]["weights"], np.float64), float(raw[name]["threshold"]))
        for name in ("limb", "chest")
    }


@dataclass(frozen=True, slots=True, eq=False)
class MedianBeat:
    """What the comparison reads: waves of leads I, II and V1 to V6.

    Attributes:
        waves: per wave (8, S); zero throughout where there is no P wave.
        frontal: (3, S) leads I, II and III over the whole beat.
        limb_not_testable: why leads I and II cannot be compared; empty where they can.
    """

    waves: Mapping[str, Floats]
    frontal: Floats
    limb_not_testable: str = ""

    @classmethod
    def of(
        cls,
        record: Record,
        found: Measurements,
        quality: Sequence[LeadQuality],
        beats: Beats | None = None,
    ) -> "MedianBeat | str":
        """Return the median beat of *record*, or why it cannot be compared."""
        unusable = {q.lead for q in quality if not q.is_usable}
        short = np.isnan(record.signal).mean(axis=1) > 1 - _MIN_SHARE
        absent = {lead for lead, is_short in zip(record.leads, short, strict=True) if is_short}
        there = set(record.leads) - absent
        if missing := [lead for lead in CHEST_LEADS if lead not in there - unusable]:
            what = "too little of" if absent.issuperset(missing) else "no usable"
            return f"{what} {', '.join(missing)}"
        beats = beats or average_beats(record)
        if beats.is_dominant.sum() < MIN_DOMINANT:
            return f"fewer than {MIN_DOMINANT} beats alike"
        median = dict(zip(record.leads, beats.median, strict=True))
        limb = _limb_leads(record, median, there)
        rows = np.stack(
            [*([np.zeros_like(beats.median[0])] * 2 if isinstance(limb, str) else limb)]
            + [median[lead] for lead in CHEST_LEADS]
        )
        waves = {name: _cut(rows, *span) for name, span in _WAVES.items()}
        waves["P"] = _level(waves["P"]) if found.pr_ms is not None else 0 * waves["P"]
        base = _cut(rows, *_BASELINE).mean(axis=1, keepdims=True)
        waves["QRS"], waves["T"] = waves["QRS"] - base, waves["T"] - base
        frontal = _cut(np.stack([rows[0], rows[1], rows[1] - rows[0]]), *_BEAT)
        return cls(waves, frontal, limb if isinstance(limb, str) else "")

    def find_flat(self) -> Reversal | None:
        """Return what a nearly flat frontal lead stands for."""
        moving = self.frontal - self.frontal.mean(axis=1, keepdims=True)
        size = np.sqrt(np.square(moving).mean(axis=1))
        flattest = int(size.argmin())
        if size[flattest] >= FLAT_SHARE * size.max():
            return None
        return _FLAT_BY[LIMB_LEADS[flattest]]

    def limb_features(self) -> Floats:
        """Return (H, F) cosines of I and II with V1 to V6, and shares of I and II in energy.

        The leads are those that each arrangement would have hidden.
        """
        return np.stack(
            [
                np.concatenate([_compare_limb(back, wave) for wave in self.waves.values()])
                for back in (_turn_back(which) for which in LIMB_ARRANGEMENTS)
            ]
        )

    def chest_features(self) -> Floats:
        """Return (H, F) cosines of neighbours, polarities and how these change along the chest."""
        shapes = [_chest_shape(wave[2:]) for wave in self.waves.values()]
        orders = [list(order_of(which)) for which in CHEST_ARRANGEMENTS]
        return np.stack(
            [np.concatenate([_compare_chest(*s, order) for s in shapes]) for order in orders]
        )


def _limb_leads(
    record: Record, median: dict[Lead, Floats], there: set[Lead]
) -> tuple[Floats, Floats] | str:
    """Return the median beats of leads I and II at one scale, or why there are none."""
    if not {Lead.I, Lead.II} <= there:
        return "no lead I or II"
    one, two = median[Lead.I], median[Lead.II]
    if not (one.any() or two.any()):
        return "leads I and II flat"
    if record.is_calibrated:
        return one, two
    scale = recover_limb_scale(record)
    if scale is None:
        return "each limb lead has a scale of its own"
    return one * scale.of(Lead.I), two * scale.of(Lead.II)


def _decide(
    features: Floats, rule: Rule, arrangements: tuple[Reversal | None, ...]
) -> tuple[Reversal | None, float]:
    """Return the arrangement that is an alarm, or None, and the margin of the best other one."""
    scores = features @ rule.weights
    best = 1 + int(scores[1:].argmax())
    margin = float(scores[best] - scores[0])
    return (arrangements[best] if margin > rule.threshold else None), margin


def _cut(rows: Floats, start: float, stop: float) -> Floats:
    """Return the samples between two times, seconds from R."""
    return rows[:, _R + round(start * DETECTION_RATE) : _R + round(stop * DETECTION_RATE)]


def _level(wave: Floats) -> Floats:
    """Return (L, S) without the line through its ends."""
    left = wave[:, :3].mean(axis=1, keepdims=True)
    right = wave[:, -3:].mean(axis=1, keepdims=True)
    return np.asarray(wave - left - (right - left) * np.linspace(0, 1, wave.shape[1]), np.float64)


@lru_cache(maxsize=16)
def _turn_back(which: Reversal | None) -> Floats:
    """Return (2, 2) what makes leads I and II of those recorded with *which*."""
    turned = np.eye(2) if which is None else turn_limb_leads(SEEN[which])
    return np.asarray(np.linalg.inv(turned), np.float64)


def _compare_limb(back: Floats, wave: Floats) -> Floats:
    """Return (14,) the features of one wave (8, S)."""
    two = back @ wave[:2]
    energy = np.square(np.stack([two[0], two[1], two[1] - two[0]])).sum(axis=1)
    share = energy[:2] / max(float(energy.sum()), 1e-12)
    return np.concatenate([(_unit(two) @ _unit(wave[2:]).T).ravel(), share])


def _chest_shape(wave: Floats) -> tuple[Floats, Floats]:
    """Return cosines (6, 6) of the chest leads' waves, and each one's polarity, -1 to 1."""
    up, down = wave.max(axis=1), -wave.min(axis=1)
    unit = _unit(wave)
    return unit @ unit.T, (up - down) / np.maximum(up + down, 1e-9)


def _compare_chest(cosines: Floats, polarity: Floats, order: list[int]) -> Floats:
    """Return (24,) the features of one wave, its leads taken in *order*."""
    cosines, polarity = cosines[np.ix_(order, order)], polarity[order]
    near = [np.diagonal(cosines, 1), np.diagonal(cosines, 2)]
    change = [np.square(np.diff(polarity)), np.square(np.diff(polarity, 2))]
    return np.concatenate([*near, polarity, *change])


def _unit(rows: Floats) -> Floats:
    """Return rows of length 1; zero stays zero."""
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9))
