"""Whether the limb leads obey the laws that bind them, and which of them breaks one.

Six limb leads are made of three electrodes, so two of them give the other four:
II = I + III (Einthoven 1913), aVR = -(I + II) / 2, aVL = I - II / 2, aVF = II - I / 2
(Goldberger 1942; Kligfield et al. 2007, AHA/ACC/HRS part I). A channel that is mislabelled,
of a wrong gain, inverted or lost breaks them. Electrodes on the wrong limb do not: see
`reversal`. Leads that a device computed from I and II obey them whatever it recorded.

Compared are steps between means over 20 ms, which noise, drift and offsets of single leads
hardly reach. The laws are not testable on fewer than three recorded limb leads of the same
time, or where each lead has a scale of its own; there `recover_limb_scale` turns them round.

Shapes: L limb leads, T steps.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from precord.leads import LIMB_LEADS, Lead
from precord.record import Record

Floats = NDArray[np.float64]

TOLERANCE = 0.02  # of the leads' size; the worst of PTB-XL folds 1-8 is 0.0041
TOLERANCE_DIGITISED = 0.2  # a picture's columns are some samples apart
SCALE_TOLERANCE = 0.005
_STEP = 0.02  # seconds
_MIN_SECONDS = 1.0  # in which all leads compared are there
_NOISE = 0.1  # of the leads' size; so much of it that no one lead explains is called noise
_LOST = 0.05  # of the size that the others ask for
_IN_LEADS_I_II = np.array([[1, 0], [0, 1], [-1, 1], [-0.5, -0.5], [1, -0.5], [-0.5, 1]])
_LAWS = {
    "II = I + III": {Lead.II: 1.0, Lead.I: -1.0, Lead.III: -1.0},
    "aVR = -(I + II) / 2": {Lead.AVR: 1.0, Lead.I: 0.5, Lead.II: 0.5},
    "aVL = I - II / 2": {Lead.AVL: 1.0, Lead.I: -1.0, Lead.II: 0.5},
    "aVF = II - I / 2": {Lead.AVF: 1.0, Lead.II: -1.0, Lead.I: 0.5},
    "aVR + aVL + aVF = 0": {Lead.AVR: 1.0, Lead.AVL: 1.0, Lead.AVF: 1.0},
}


class FaultKind(StrEnum):
    """What is wrong with a limb lead, as the others tell."""

    INVERTED = "inverted"
    GAIN = "gain"  # the right shape at a wrong size, perhaps inverted too
    EXCHANGED = "exchanged"  # it stands where another lead should, and that one in its place
    COPY = "copy"  # it shows another lead
    LOST = "lost"  # flat, though it should not be
    UNLIKE = "unlike"  # none of these


@dataclass(frozen=True, slots=True)
class LeadFault:
    """One limb lead that the others contradict.

    Attributes:
        gain: what its size is to what the others ask for; negative where it is inverted
            as well. Only for `FaultKind.GAIN`.
        other: the lead that it is exchanged with or shows.
    """

    lead: Lead
    kind: FaultKind
    gain: float | None = None
    other: Lead | None = None

    def __str__(self) -> str:
        """Return it in words, such as "aVL inverted"."""
        match self.kind:
            case FaultKind.GAIN:
                return f"{self.lead} at {self.gain:.2g} times the size that the others ask for"
            case FaultKind.EXCHANGED:
                return f"{self.lead} and {self.other} exchanged"
            case FaultKind.COPY:
                return f"{self.lead} shows {self.other}"
            case FaultKind.LOST:
                return f"{self.lead} flat, though the others say it should not be"
            case FaultKind.UNLIKE:
                return f"{self.lead} unlike what the others ask for"
            case _:
                return f"{self.lead} inverted"


@dataclass(frozen=True, slots=True)
class LimbCheck:
    """What the laws of the limb leads say of a record.

    Attributes:
        not_testable: why they say nothing; empty where they do.
        residual: root mean square by which the leads break the laws, over that of the leads
            themselves; None where not testable.
        laws: the same for each law whose leads are there, over its largest lead.
        is_consistent: whether the residual is within the tolerance, or small and no lead's.
        explanations: if not, each set of faults that explains it alone; more than one where
            the laws cannot tell which, none where no one or two leads explain it.
    """

    not_testable: str = ""
    residual: float | None = None
    laws: dict[str, float] | None = None
    is_consistent: bool = True
    explanations: tuple[tuple[LeadFault, ...], ...] = ()


def check_limb_leads(record: Record) -> LimbCheck:
    """Return whether the limb leads of *record* obey Einthoven's and Goldberger's laws."""
    if not record.is_calibrated:
        return LimbCheck("each lead has a scale of its own")
    derived = record.provenance.derived
    there = [lead for lead in LIMB_LEADS if lead in record.leads and lead not in derived]
    if len(there) < 3:
        why = f"{len(there)} of them recorded, at least 3 needed"
        computed = [lead for lead in LIMB_LEADS if lead in derived]
        return LimbCheck(why + (f"; computed: {', '.join(computed)}" if computed else ""))
    tolerance = TOLERANCE_DIGITISED if record.provenance.is_digitised else TOLERANCE
    found = []
    for leads, steps, at in _simultaneous(record, there):
        is_broken = _residual(leads, steps) > tolerance
        found.append(_check(leads, steps, tolerance, _chest_steps(record, at) if is_broken else {}))
    if not found:
        return LimbCheck("no second in which three of them move together")
    laws: dict[str, float] = {}
    for check in found:
        for law, residual in (check.laws or {}).items():
            laws[law] = max(residual, laws.get(law, 0.0))
    worst = next((c for c in found if not c.is_consistent), found[0])
    return replace(worst, laws=laws)


@dataclass(frozen=True, slots=True)
class LimbScale:
    """The sizes of the six limb leads to each other, of a record whose scale is unknown.

    Attributes:
        factors: what each of `LIMB_LEADS` must be multiplied by so that the laws hold; the
            largest is 1. The common factor, and so every millivolt, stays unknown.
        residual: root mean square by which the laws are then broken, over that of the leads.
    """

    factors: tuple[float, ...]
    residual: float

    def of(self, lead: Lead) -> float:
        """Return the factor of *lead*, one of the limb leads."""
        return self.factors[LIMB_LEADS.index(lead)]

    def apply(self, record: Record) -> Record:
        """Return *record* with its limb leads at one common, unknown scale.

        Its scale is still called unknown, because that of the chest leads is.
        """
        signal = record.signal.copy()
        for lead, factor in zip(LIMB_LEADS, self.factors, strict=True):
            signal[record.leads.index(lead)] *= factor
        return replace(record, signal=signal)


def recover_limb_scale(record: Record) -> LimbScale | None:
    """Return the relative scales of the limb leads that Einthoven's law asks for.

    With P the projection onto what the laws forbid and C the leads' (6, 6) second moments,
    scales d break the laws by d' (P * C) d, elementwise; the least is at an eigenvector.

    Returns:
        None where the record is in millivolts, a limb lead is missing or computed, the
        solution is not positive, not the only one, or leaves more than `SCALE_TOLERANCE`.
    """
    limbs = set(LIMB_LEADS)
    if record.is_calibrated or not limbs <= set(record.leads) - record.provenance.derived:
        return None
    rows = record.signal[[record.leads.index(lead) for lead in LIMB_LEADS]].astype(np.float64)
    rows = rows[:, ~np.isnan(rows).any(axis=0)]
    if rows.shape[1] < _MIN_SECONDS * record.rate:
        return None
    rows = rows - rows.mean(axis=1, keepdims=True)
    size = np.sqrt(np.square(rows).mean(axis=1))
    if not (size > 0).all():
        return None
    moments = np.corrcoef(rows)
    losses, vectors = np.linalg.eigh(_forbidden(LIMB_LEADS) * moments)
    scales = vectors[:, 0] * np.sign(vectors[:, 0].sum())
    residual, next_best = np.sqrt(np.maximum(losses[:2], 0.0))
    if residual > SCALE_TOLERANCE or next_best < 10 * SCALE_TOLERANCE or scales.min() <= 0:
        return None
    factors = scales / size
    return LimbScale(tuple((factors / factors.max()).tolist()), float(residual))


def _simultaneous(
    record: Record, leads: Sequence[Lead]
) -> Iterator[tuple[list[Lead], Floats, NDArray[np.bool_]]]:
    """Yield sets of *leads* present together, their (L, T) steps, and (T,) where they are.

    A printed page shows its columns one after the other; most sets first.
    """
    rows = _steps(record.signal[[record.leads.index(lead) for lead in leads]], record.rate)
    seen = ~np.isnan(rows)
    if not rows.shape[1]:
        return
    patterns, which = np.unique(seen, axis=1, return_inverse=True)
    for i in sorted(range(patterns.shape[1]), key=lambda i: -int(patterns[:, i].sum())):
        at = which.ravel() == i
        inside = rows[patterns[:, i]][:, at]
        if len(inside) < 3 or at.sum() * _STEP < _MIN_SECONDS or not inside.any():
            continue
        yield [lead for lead, is_in in zip(leads, patterns[:, i], strict=True) if is_in], inside, at


def _steps(signal: NDArray[np.float32], rate: float) -> Floats:
    """Return (leads, T) the differences between means over successive stretches of `_STEP`."""
    length = max(round(_STEP * rate), 1)
    n = signal.shape[1] // length
    means = signal[:, : n * length].reshape(len(signal), n, length).mean(axis=2, dtype=np.float64)
    return np.asarray(np.diff(means, axis=1), np.float64)


def _chest_steps(record: Record, at: NDArray[np.bool_]) -> dict[Lead, Floats]:
    """Return the steps of the leads that are no limb leads, where *at* is True."""
    others = [lead for lead in record.leads if lead not in LIMB_LEADS]
    rows = _steps(record.signal, record.rate)[:, at]
    steps = {lead: rows[record.leads.index(lead)] for lead in others}
    return {lead: row for lead, row in steps.items() if not np.isnan(row).any()}


def _forbidden(leads: Sequence[Lead]) -> Floats:
    """Return (L, L) the projection onto what no three electrodes can show in *leads*."""
    basis = _IN_LEADS_I_II[[LIMB_LEADS.index(lead) for lead in leads]]
    return np.asarray(np.eye(len(leads)) - basis @ np.linalg.pinv(basis), np.float64)


def _check(
    leads: list[Lead], steps: Floats, tolerance: float, chest: dict[Lead, Floats]
) -> LimbCheck:
    """Return what the laws say of *steps* (L, T), all of whose samples are there."""
    residual = _residual(leads, steps)
    laws = dict(_law_residuals(leads, steps))
    if residual <= tolerance:
        return LimbCheck("", residual, laws)
    # Noise in all leads is not mended by a change to one; beside a fault it may remain.
    for mended in (min(tolerance, residual / 4), min(_NOISE, residual / 4)):
        for explain in _EXPLAIN:
            if explanations := tuple(explain(leads, steps, mended, chest)):
                return LimbCheck("", residual, laws, is_consistent=False, explanations=explanations)
    return LimbCheck("", residual, laws, is_consistent=residual <= max(_NOISE, tolerance))


def _residual(leads: Sequence[Lead], steps: Floats) -> float:
    """Return by how much *steps* break the laws, over their own size."""
    size = float(np.linalg.norm(steps))
    return float(np.linalg.norm(_forbidden(leads) @ steps)) / size if size > 0 else 0.0


def _law_residuals(leads: Sequence[Lead], steps: Floats) -> Iterator[tuple[str, float]]:
    """Yield each law whose leads are there, and by how much it is broken."""
    for law, terms in _LAWS.items():
        if not set(terms) <= set(leads):
            continue
        rows = np.stack([weight * steps[leads.index(lead)] for lead, weight in terms.items()])
        largest = float(np.linalg.norm(rows, axis=1).max())
        yield law, float(np.linalg.norm(rows.sum(axis=0))) / largest if largest > 0 else 0.0


def _explain_by_sign_or_order(
    leads: list[Lead], steps: Floats, tolerance: float, _: dict[Lead, Floats]
) -> Iterator[tuple[LeadFault, ...]]:
    """Yield single inversions and exchanges that mend the laws."""
    for i, lead in enumerate(leads):
        signs = np.ones((len(leads), 1))
        signs[i] = -1
        if np.any(steps[i]) and _residual(leads, signs * steps) <= tolerance:
            yield (LeadFault(lead, FaultKind.INVERTED),)
    for i, j in combinations(range(len(leads)), 2):
        order = list(range(len(leads)))
        order[i], order[j] = j, i
        if _residual(leads, steps[order]) <= tolerance:
            yield (LeadFault(leads[i], FaultKind.EXCHANGED, other=leads[j]),)


def _explain_by_gain(
    leads: list[Lead], steps: Floats, tolerance: float, _: dict[Lead, Floats]
) -> Iterator[tuple[LeadFault, ...]]:
    """Yield single gains that mend the laws: the least squares of P D s over one scale."""
    forbidden = _forbidden(leads)
    moments = steps @ steps.T
    for i, lead in enumerate(leads):
        cross = float(forbidden[i] @ moments[:, i]) - forbidden[i, i] * moments[i, i]
        own = float(forbidden[i, i] * moments[i, i])
        scale = -cross / own if own > 0 else 0.0
        if abs(scale) < 1e-3 or abs(scale) > 1 / _LOST:
            continue
        mended = steps.copy()
        mended[i] *= scale
        if _residual(leads, mended) <= tolerance:
            yield (LeadFault(lead, FaultKind.GAIN, gain=1 / scale),)


def _explain_by_one(
    leads: list[Lead], steps: Floats, tolerance: float, chest: dict[Lead, Floats]
) -> Iterator[tuple[LeadFault, ...]]:
    """Yield single leads without which the others obey the laws."""
    yield from _explain_without(1, leads, steps, tolerance, chest)


def _explain_by_two(
    leads: list[Lead], steps: Floats, tolerance: float, chest: dict[Lead, Floats]
) -> Iterator[tuple[LeadFault, ...]]:
    """Yield pairs of leads without which the others obey the laws."""
    yield from _explain_without(2, leads, steps, tolerance, chest)


def _explain_without(
    n: int, leads: list[Lead], steps: Floats, tolerance: float, chest: dict[Lead, Floats]
) -> Iterator[tuple[LeadFault, ...]]:
    """Yield each set of *n* leads without which at least three others obey the laws."""
    if len(leads) - n < 3:
        return
    for out in combinations(range(len(leads)), n):
        rest = [i for i in range(len(leads)) if i not in out]
        kept = [leads[i] for i in rest]
        if not steps[rest].any() or _residual(kept, steps[rest]) > tolerance:
            continue
        basis = [LIMB_LEADS.index(lead) for lead in kept]
        two = np.linalg.pinv(_IN_LEADS_I_II[basis]) @ steps[rest]  # (2, T) I and II
        shown = chest | {lead: steps[i] for i, lead in enumerate(leads)}
        yield tuple(_classify(leads[i], two, shown, tolerance) for i in out)


def _classify(lead: Lead, two: Floats, shown: dict[Lead, Floats], tolerance: float) -> LeadFault:
    """Return how *lead* differs from what I and II (2, T) ask for.

    Args:
        lead: the one at fault.
        two: steps of leads I and II, as the leads not at fault tell them.
        shown: steps of all leads, as recorded.
        tolerance: relative, for what is called the same.
    """
    recorded = shown[lead]
    expected = _IN_LEADS_I_II[LIMB_LEADS.index(lead)] @ two
    if np.linalg.norm(recorded) < _LOST * np.linalg.norm(expected):
        return LeadFault(lead, FaultKind.LOST)
    gain = float(recorded @ expected) / max(float(expected @ expected), 1e-12)
    if _is_same(recorded, gain * expected, tolerance):
        if abs(gain + 1) < 2 * tolerance:
            return LeadFault(lead, FaultKind.INVERTED)
        return LeadFault(lead, FaultKind.GAIN, gain=gain)
    for other, row in shown.items():
        if other is not lead and _is_same(row, expected, tolerance):
            return LeadFault(lead, FaultKind.EXCHANGED, other=other)
    for other, row in shown.items():
        if other is not lead and _is_same(row, recorded, tolerance):
            return LeadFault(lead, FaultKind.COPY, other=other)
    return LeadFault(lead, FaultKind.UNLIKE)


def _is_same(one: Floats, other: Floats, tolerance: float) -> bool:
    """Tell whether *one* is *other*, within twice the tolerance of its size."""
    return bool(np.linalg.norm(one - other) <= 2 * tolerance * np.linalg.norm(other))


_EXPLAIN = (_explain_by_sign_or_order, _explain_by_gain, _explain_by_one, _explain_by_two)
