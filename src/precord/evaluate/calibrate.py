"""Logistic calibration with two witnesses, cross-fitted by patient, and how good it is.

Source: Platt 1999; Brier skill and reliability as in Murphy 1973; equal-mass expected
calibration error as in Nguyen and O'Connor 2015; the slope is Cox's (1958).
Shapes: Q queries.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from precord.metrics import Estimate, Resamples
from precord.retrieve.calibration import Curve, Floats, expit, features, logit

BINS = 10
MIN_POSITIVES = 20  # below it, counts are shown and no percentage
_RIDGE = 1.0  # pulls the weights to those below
_START = np.array([0.0, 0.5, 0.5])  # both witnesses believed by half
_DRAWS = 300  # of patients, for the covariance
_PARTS = 10
_SEED = 8


def fit_curve(
    shares: Floats, heads: Floats, truth: NDArray[np.bool_], patients: Sequence[Hashable]
) -> Curve:
    """Return the curve of one target; each argument is (Q,)."""
    x, y = features(shares, heads), truth.astype(np.float64)
    drawn = Resamples.draw(patients, _DRAWS).weights
    weights = _fit(x, y, np.ones(len(y)))
    covariance = np.cov(np.stack([_fit(x, y, w) for w in drawn]).T)
    rounded = tuple(tuple(round(float(v), 6) for v in row) for row in covariance)
    a, b, c = (round(float(w), 6) for w in weights)
    return Curve((a, b, c), rounded, int(truth.sum()))


def cross_fit(
    shares: Floats, heads: Floats, truth: NDArray[np.bool_], patients: Sequence[Hashable]
) -> Floats:
    """Return (Q,) probabilities, each by a curve fitted on the other patients only."""
    x, y = features(shares, heads), truth.astype(np.float64)
    part = split_patients(patients)
    found = np.empty(len(y))
    for number in range(_PARTS):
        inside = part == number
        found[inside] = expit(x[inside] @ _fit(x, y, (~inside).astype(np.float64)))
    return found


def split_patients(patients: Sequence[Hashable], parts: int = _PARTS) -> NDArray[np.intp]:
    """Return (Q,) the part, 0 to parts - 1, of each query; a patient is in one part only."""
    names = list(dict.fromkeys(patients))
    order = np.random.default_rng(_SEED).permutation(len(names)) % parts
    of = dict(zip(names, order, strict=True))
    return np.array([of[patient] for patient in patients], np.intp)


def _fit(x: Floats, y: Floats, weights: Floats) -> Floats:
    """Return (3,) the weights of a logistic regression in which no witness counts against.

    Args:
        x: (Q, 3) features.
        y: (Q,) zeros and ones.
        weights: (Q,) how often each query counts.
    """
    beta = _newton(x, y, weights)
    if beta.min(initial=0.0, where=np.array([False, True, True])) < 0:
        kept = np.array([True, beta[1] >= 0, beta[2] >= 0])
        beta = _newton(x * kept, y, weights) * kept
    return beta


def _newton(x: Floats, y: Floats, weights: Floats) -> Floats:
    """Return (3,) the weights of a ridge logistic regression, by Newton's method."""
    pull = np.diag([1e-3, _RIDGE, _RIDGE])
    beta = _START.copy()
    for _ in range(50):
        p = expit(x @ beta)
        gradient = x.T @ (weights * (p - y)) + pull @ (beta - _START)
        hessian = (x.T * (weights * p * (1 - p))) @ x + pull
        step = np.linalg.solve(hessian, gradient)
        beta = beta - step * min(1.0, 5.0 / float(np.abs(step).max() + 1e-12))
        if float(np.abs(step).max()) < 1e-8:
            break
    return np.asarray(beta, np.float64)


@dataclass(frozen=True, slots=True)
class Calibrated:
    """How good the probabilities of one target are.

    Attributes:
        skill: 1 - Brier score / that of the prevalence, with its interval over patients.
        slope: of a logistic regression of the truth on the logit; 1 is right.
        ece: mean gap between probability and share, over `BINS` bins of equal size.
        bins: mean probability, share that has it, and number, of each bin.
    """

    positives: int
    skill: Estimate
    slope: tuple[float, float, float]
    ece: float
    bins: tuple[tuple[float, float, int], ...]


def judge(p: Floats, truth: NDArray[np.bool_], patients: Sequence[Hashable]) -> Calibrated:
    """Return how good the probabilities *p* (Q,) are for *truth* (Q,)."""
    y = truth.astype(np.float64)
    resamples = Resamples.draw(patients)
    return Calibrated(
        int(truth.sum()), _skill(p, y, resamples), _slope(p, y, patients), *reliability(p, y)
    )


def reliability(p: Floats, y: Floats) -> tuple[float, tuple[tuple[float, float, int], ...]]:
    """Return the equal-mass calibration error, and its bins."""
    parts = np.array_split(np.argsort(p, kind="stable"), BINS)
    bins = tuple((float(p[i].mean()), float(y[i].mean()), len(i)) for i in parts if len(i))
    return sum(abs(a - b) * n for a, b, n in bins) / len(p), bins


def _skill(p: Floats, y: Floats, resamples: Resamples) -> Estimate:
    """Return the Brier skill over the prevalence, with its interval."""
    error, base = np.square(p - y), np.square(y.mean() - y)
    w = resamples.weights
    drawn = 1 - (w @ error) / (w @ base)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Estimate(float(1 - error.sum() / base.sum()), float(low), float(high), len(y))


def _slope(p: Floats, y: Floats, patients: Sequence[Hashable]) -> tuple[float, float, float]:
    """Return Cox's calibration slope with its interval."""
    x = np.stack([np.ones(len(p)), logit(p)], axis=1)
    draws = Resamples.draw(patients, 200).weights
    drawn = [_plain_slope(x, y, w) for w in draws]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return _plain_slope(x, y, np.ones(len(y))), float(low), float(high)


def _plain_slope(x: Floats, y: Floats, weights: Floats) -> float:
    """Return the slope of a logistic regression on x (Q, 2), hardly regularised."""
    beta, pull = np.array([0.0, 1.0]), 1e-3 * np.eye(2)
    for _ in range(30):
        p = expit(x @ beta)
        gradient = x.T @ (weights * (p - y)) + pull @ (beta - [0, 1])
        step = np.linalg.solve((x.T * (weights * p * (1 - p))) @ x + pull, gradient)
        beta = beta - step * min(1.0, 2.0 / float(np.abs(step).max() + 1e-12))
    return float(beta[1])
