"""How far answers can be trusted: calibration, doubt and what must not be overlooked.

Everything is learnt and measured on the same queries, each by the other patients' alone
(`calibrate.split_patients`). The queries must not be training records of the encoder: the
neighbours of those are nearer, and their statements better read, than any patient's will be.
Shapes: Q queries, S statements.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from precord.evaluate.calibrate import (
    MIN_POSITIVES,
    Calibrated,
    cross_fit,
    fit_curve,
    judge,
    split_patients,
)
from precord.evaluate.material import Material
from precord.metrics import Estimate, Resamples
from precord.relevance import to_class_probabilities, to_multi_hot, to_superclass_hot
from precord.retrieve import Retriever, SearchResult
from precord.retrieve.abstain import NEAR, OVERLAP_NORMAL, OVERLAP_OTHER
from precord.retrieve.calibration import Calibration, Floats
from precord.retrieve.consensus import NEIGHBOURS, find_neighbours
from precord.retrieve.critical import HEAD_LIMIT, LIST, Critical, combine
from precord.statements import CODES, SUPERCLASSES, Superclass

FAR_SHARE = 0.02  # of the queries are called far from everything
COVERAGE = 0.8  # of normal queries, and of all others, get an answer
IN_VAIN = 0.01  # of the queries without a critical finding, for which the head alone raises it
_NORM = SUPERCLASSES.index(Superclass.NORM)


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """One superclass or statement, and what both witnesses say of it in each query.

    Attributes:
        shares: (Q,) of the neighbours.
        heads: (Q,) of the statement head.
        truth: (Q,).
    """

    name: str
    is_class: bool
    shares: Floats
    heads: Floats
    truth: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What the system answered to Q queries, none of them a training record of its weights.

    Attributes:
        patients: Q names.
        statements: Q sets of codes, what is true of each query.
        results: Q, without any calibration.
        errors: (Q,) one minus the mean weighted Jaccard index of the ten hits.
        class_errors: (Q,) the same of superclasses, each of equal weight.
        near: (Q,) and overlap (Q,): what doubt is judged by.
        normal: (Q,) cross-fitted probability that a query is normal.
        targets: the superclasses, and all statements.
    """

    patients: list[str]
    statements: list[frozenset[str]]
    results: list[SearchResult]
    errors: Floats
    class_errors: Floats
    near: Floats
    overlap: Floats
    normal: Floats
    targets: list[Target]

    @property
    def frequent(self) -> list[Target]:
        """Return the superclasses, and the statements that are frequent enough to be judged."""
        return [
            t
            for t in self.targets
            if t.is_class or MIN_POSITIVES <= t.truth.sum() <= len(t.truth) - MIN_POSITIVES
        ]


def collect(material: Material, retriever: Retriever, advance: Callable[[int], None]) -> Answers:
    """Return the answers of *retriever*, which has no calibration, to all queries."""
    row = {case.id: i for i, case in enumerate(material.cases)}
    results, errors, class_errors = [], [], []
    wanted = to_superclass_hot([entry.statements for entry in material.entries]) > 0
    there = to_superclass_hot([case.statements for case in material.cases]) > 0
    for number, record in enumerate(material.records):
        result = retriever.by_record(record, patient=material.patients[number], anyway=True)
        hits = [row[hit.case.id] for hit in result.hits]
        errors.append(1 - material.task.likeness[number, hits].mean())
        both = (there[hits] & wanted[number]).sum(axis=1)
        either = (there[hits] | wanted[number]).sum(axis=1)
        class_errors.append(1 - float((both / np.maximum(either, 1)).mean()))
        results.append(result)
        advance(1)
    targets = _targets(material)
    norm = targets[_NORM]
    close = [result.trust.closeness for result in results]
    return Answers(
        material.patients,
        [entry.statements for entry in material.entries],
        results,
        np.array(errors),
        np.array(class_errors),
        np.array([c.near if c else np.nan for c in close]),
        np.array([c.overlap if c else np.nan for c in close]),
        cross_fit(norm.shares, norm.heads, norm.truth, material.patients),
        targets,
    )


def join(parts: Sequence[Answers]) -> Answers:
    """Return the answers of several parts of a cross-validation as those of one."""

    def together(name: str) -> Floats:
        """Return the (Q,) numbers *name* of all parts."""
        return np.concatenate([getattr(part, name) for part in parts])

    targets = [
        replace(
            of[0],
            shares=np.concatenate([t.shares for t in of]),
            heads=np.concatenate([t.heads for t in of]),
            truth=np.concatenate([t.truth for t in of]),
        )
        for of in zip(*(part.targets for part in parts), strict=True)
    ]
    patients = [name for part in parts for name in part.patients]
    norm = targets[_NORM]
    return Answers(
        patients,
        [codes for part in parts for codes in part.statements],
        [result for part in parts for result in part.results],
        errors=together("errors"),
        class_errors=together("class_errors"),
        near=together("near"),
        overlap=together("overlap"),
        normal=cross_fit(norm.shares, norm.heads, norm.truth, patients),
        targets=targets,
    )


def _targets(material: Material) -> list[Target]:
    """Return the superclasses, then all other statements."""
    is_asked = np.zeros(len(material.vectors.ids), bool)
    is_asked[material.rows] = True
    found = [find_neighbours(q.vector, material.vectors, is_asked) for q in material.encoded]
    near = [one for one in found if one is not None]
    head = np.stack([q.statements for q in material.encoded]).astype(np.float64)
    sets = [entry.statements for entry in material.entries]
    classes, hot = to_superclass_hot(sets) > 0, to_multi_hot(sets) > 0
    class_head = to_class_probabilities(head).astype(np.float64)
    targets = [
        Target(name, True, np.array([n.classes[i] for n in near]), class_head[:, i], classes[:, i])
        for i, name in enumerate(SUPERCLASSES)
    ]
    targets += [
        Target(code, False, np.array([n.statements[i] for n in near]), head[:, i], hot[:, i])
        for i, code in enumerate(CODES)
        if code not in SUPERCLASSES
    ]
    return targets


def judge_targets(answers: Answers) -> dict[str, dict[str, Calibrated]]:
    """Return how good each target's probabilities are, by what they are made of.

    Both witnesses, each alone, and the head as it is, without calibration.
    """
    patients = answers.patients
    found: dict[str, dict[str, Calibrated]] = {}
    for target in answers.frequent:
        flat = np.full(len(target.truth), 0.5)
        made = {
            "both": _cross(target, patients),
            "neighbours": cross_fit(target.shares, flat, target.truth, patients),
            "head": cross_fit(flat, target.heads, target.truth, patients),
            "head as it is": target.heads,
        }
        found[target.name] = {name: judge(p, target.truth, patients) for name, p in made.items()}
    return found


def calibrate(answers: Answers, fingerprint: str, fitted_on: str) -> Calibration:
    """Return what all *answers* teach, to be kept beside the weights of *fingerprint*.

    A statement gets no curve, and so no percentage, whose cross-fitted probabilities are not
    surely better than its prevalence.
    """
    patients = answers.patients
    curves = {
        target.name: fit_curve(target.shares, target.heads, target.truth, patients)
        for target in answers.frequent
        if target.is_class or judge(_cross(target, patients), target.truth, patients).skill.low > 0
    }
    names = {t.name for t in answers.frequent if t.is_class}
    classes = {name: curve for name, curve in curves.items() if name in names}
    statements = {name: curve for name, curve in curves.items() if name not in names}
    everyone = np.ones(len(answers.near), bool)
    limits = {name: round(limit, 4) for name, limit in find_limits(answers, everyone).items()}
    raised = {name: round(limit, 5) for name, limit in find_raising(answers, everyone).items()}
    return Calibration(fingerprint, fitted_on, NEIGHBOURS, classes, statements, limits, raised)


def _cross(target: Target, patients: Sequence[str]) -> Floats:
    """Return the cross-fitted probabilities (Q,) of *target* from both witnesses."""
    return cross_fit(target.shares, target.heads, target.truth, patients)


def find_raising(answers: Answers, of: NDArray[np.bool_]) -> dict[str, float]:
    """Return what the head gives to one in a hundred of the queries *of* (Q,) without a finding.

    Only where that is below `HEAD_LIMIT`, by name of the critical finding.
    """
    limits = {e.name: _limit(*_entry(answers, e), of) for e in LIST if e.codes}
    return {name: limit for name, limit in limits.items() if limit < HEAD_LIMIT}


def cross_raise(answers: Answers, entry: Critical) -> NDArray[np.bool_]:
    """Return (Q,) whether *entry* is raised, each by limits of the other patients."""
    raised = np.array([any(r.name == entry.name for r in a.critical) for a in answers.results])
    if not entry.codes:
        return raised
    part = split_patients(answers.patients)
    chance, truth = _entry(answers, entry)
    for number in np.unique(part):
        limit = min(_limit(chance, truth, part != number), HEAD_LIMIT)
        raised |= (part == number) & (chance >= limit)
    return raised


def _limit(chance: Floats, truth: NDArray[np.bool_], of: NDArray[np.bool_]) -> float:
    """Return what one in a hundred of the queries *of* (Q,) that do not have it gets."""
    return float(np.quantile(chance[of & ~truth], 1 - IN_VAIN))


def _entry(answers: Answers, entry: Critical) -> tuple[Floats, NDArray[np.bool_]]:
    """Return what the head gives to *entry* (Q,), and whether a query has it (Q,)."""
    heads = np.stack([t.heads for t in answers.targets if t.name in entry.codes], axis=1)
    truth = np.array([bool(codes & entry.codes) for codes in answers.statements])
    return np.array([combine(row) for row in heads]), truth


def find_limits(answers: Answers, of: NDArray[np.bool_]) -> dict[str, float]:
    """Return the limits of doubt that the queries *of* (Q,) teach."""
    normal = answers.normal >= 0.5
    return {
        NEAR: float(np.quantile(answers.near[of], FAR_SHARE)),
        OVERLAP_NORMAL: float(np.quantile(answers.overlap[of & normal], 1 - COVERAGE)),
        OVERLAP_OTHER: float(np.quantile(answers.overlap[of & ~normal], 1 - COVERAGE)),
    }


def cross_doubt(answers: Answers) -> NDArray[np.bool_]:
    """Return (Q,) which answers are doubted, each by limits of the other patients."""
    part = split_patients(answers.patients)
    doubted = np.empty(len(part), bool)
    for number in np.unique(part):
        limits, inside = find_limits(answers, part != number), part == number
        least = np.where(answers.normal >= 0.5, limits[OVERLAP_NORMAL], limits[OVERLAP_OTHER])
        is_far = answers.near < limits[NEAR]
        doubted[inside] = (is_far | (answers.overlap < least))[inside]
    return doubted


def fall_of_error(
    resamples: Resamples, error: Floats, kept: NDArray[np.bool_], of: NDArray[np.bool_]
) -> Estimate:
    """Return by what share the *error* of the queries *of* (Q,) falls if only *kept* are answered.

    The interval is a bootstrap over patients.
    """
    weights = resamples.weights
    inside = np.asarray(of & kept, np.float64)
    every = np.asarray(of, np.float64)

    def fall(w: Floats) -> Floats:
        """Return the fall for weights (R, Q)."""
        full = (w @ (every * error)) / (w @ every)
        part = (w @ (inside * error)) / np.maximum(w @ inside, 1e-9)
        return np.asarray(1 - part / full, np.float64)

    low, high = np.percentile(fall(weights), [2.5, 97.5])
    return Estimate(
        float(fall(np.ones((1, len(error))))[0]), float(low), float(high), int(of.sum())
    )


def risk_at(errors: Floats, of: NDArray[np.bool_], coverage: float, by: Floats) -> float:
    """Return the mean error of the share *coverage* of the queries *of* that is highest in *by*."""
    order = np.argsort(-by[of], kind="stable")
    kept = order[: max(round(coverage * len(order)), 1)]
    return float(errors[of][kept].mean())
