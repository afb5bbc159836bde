"""What every table is held against: answers that need no training, or none at all.

Shapes: Q queries, G gallery cases, N records.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from precord.errors import LibraryError
from precord.evaluate.protocol import K, Task
from precord.image.encodings import SignedMap
from precord.leads import LEADS
from precord.record import Measurements, Record
from precord.signal.beats import BEFORE, DETECTION_RATE, average_beats
from precord.statements import to_superclasses

Array = NDArray[np.float32]
Floats = NDArray[np.float64]
_SEED = 7
_N_KERNELS = 256
_KERNEL = 25  # samples; a quarter of a second


def always_normal(task: Task) -> NDArray[np.intp]:
    """Return (Q, k) the same normal cases for every query, at most ten.

    They are the first of those that have the commonest statements of all whose only
    superclass is NORM, which most normal queries have too.

    Raises:
        LibraryError: The gallery holds no such case.
    """
    normal = [s for s in task.gallery if to_superclasses(s) == {"NORM"}]
    if not normal:
        raise LibraryError("no normal case outside the fold, which the baselines need")
    ((commonest, _),) = Counter(normal).most_common(1)
    hits = [i for i, s in enumerate(task.gallery) if s == commonest][:K]
    return np.tile(np.array(hits, np.intp), (len(task.queries), 1))


def always_richest(task: Task) -> NDArray[np.intp]:
    """Return (Q, k) the same ten cases for every query: those with the most superclasses.

    A case of four superclasses shares one with nearly every query, so the class share alone
    rewards this answer; the weighted Jaccard index does not.
    """
    counts = np.array([len(to_superclasses(s)) for s in task.gallery])
    hits = np.argsort(-counts, kind="stable")[:K]
    return np.tile(np.asarray(hits, np.intp), (len(task.queries), 1))


def raw_signals(maps: Sequence[SignedMap]) -> Array:
    """Return (N, 12000) unit rows: each lead z-scored, all leads one after the other."""
    rows = np.stack([_standardise(m).ravel() for m in maps])
    return _unit(rows)


def random_convolutions(maps: Sequence[SignedMap]) -> Array:
    """Return (N, 512) unit rows of untrained features.

    256 random kernels over all leads, and of each the largest answer and the share of
    positive ones, standardised over the records (ROCKET, Dempster et al. 2020,
    arXiv:1910.13051). It stands for a random encoder: published pre-training is often no
    better.
    """
    rng = np.random.default_rng(_SEED)
    kernels = rng.normal(size=(_N_KERNELS, 12, _KERNEL)).astype(np.float32)
    kernels -= kernels.mean(axis=-1, keepdims=True)
    leads = rng.random((_N_KERNELS, 12, 1)) < 0.25
    kernels = (kernels * leads).astype(np.float32)
    biases = rng.normal(0, 3, _N_KERNELS)
    rows = []
    for m in maps:
        answers = _convolve(_standardise(m), kernels) + biases[:, None]
        rows.append(np.concatenate([answers.max(axis=1), (answers > 0).mean(axis=1)]))
    features = np.stack(rows)
    features = (features - features.mean(axis=0)) / (features.std(axis=0) + 1e-6)
    return _unit(features)


def measured_features(measurements: Sequence[Measurements], heights: Sequence[Floats]) -> Array:
    """Return (N, F) unit rows of what was measured, standardised; an empty field is the mean.

    Axes go in as sine and cosine. The heights count as much together as everything else does,
    because there are many of them.

    Args:
        measurements: N, as `signal.measure.measure` returns them.
        heights: N, as `wave_heights` returns them.
    """
    rows = []
    for m in measurements:
        values = [np.nan if v is None else v for v in astuple(m)]
        angles = np.deg2rad(values[5:])
        rows.append([*values[:5], *np.cos(angles), *np.sin(angles)])
    times, sizes = (_standardise_columns(np.array(part, np.float64)) for part in (rows, heights))
    share = np.sqrt(times.shape[1] / sizes.shape[1])
    return _unit(np.concatenate([times, share * sizes], axis=1))


def wave_heights(record: Record) -> Floats:
    """Return (36,) the heights of R, S and T in each lead's median beat, mV above the PR segment.

    NaN where a lead is missing, where there is no median beat, and without a scale.
    """
    found = np.full((len(LEADS), 3), np.nan)
    median = average_beats(record).median
    if not record.is_calibrated or not median.size:
        return found.ravel()
    middle = round(BEFORE * DETECTION_RATE)
    near, behind = (round(s * DETECTION_RATE) for s in (0.1, 0.45))
    level = np.median(median[:, middle - near - 5 : middle - near + 5], axis=1, keepdims=True)
    for lead, beat in zip(record.leads, median - level, strict=True):
        qrs, after = beat[middle - near : middle + near], beat[middle + near : middle + behind]
        if beat.any():
            t = after[np.argmax(np.abs(after))]
            found[LEADS.index(lead)] = qrs.max(), qrs.min(), t
    return found.ravel()


def _standardise_columns(table: Floats) -> Floats:
    """Return (N, F) columns without mean and of unit variance; what is not known is 0."""
    known = ~np.isnan(table)
    count = np.maximum(known.sum(axis=0), 1)
    filled = np.where(known, table, 0.0)
    mean = filled.sum(axis=0) / count
    centred = np.where(known, table - mean, 0.0)
    size = np.sqrt(np.square(centred).sum(axis=0) / count)
    return np.asarray(centred / np.maximum(size, 1e-9), np.float64)


def _convolve(signal: Array, kernels: Array) -> Array:
    """Return (kernels, samples) answers of (12, samples), summed over leads."""
    windows = sliding_window_view(signal, _KERNEL, axis=1)  # (12, S, kernel)
    rows = windows.transpose(1, 0, 2).reshape(windows.shape[1], -1)  # (S, 12 x kernel)
    return np.asarray(kernels.reshape(len(kernels), -1) @ rows.T, np.float32)


def _standardise(m: SignedMap) -> Array:
    """Return (12, 1000), each lead without mean and of unit variance; absent samples 0."""
    count = np.maximum(m.mask.sum(axis=1, keepdims=True), 1)
    centred = (m.pixels - m.pixels.sum(axis=1, keepdims=True) / count) * m.mask
    size = np.sqrt(np.square(centred).sum(axis=1, keepdims=True) / count)
    return np.asarray(centred / np.maximum(size, 1e-6), np.float32)


def _unit(rows: NDArray[np.floating]) -> Array:
    """Return *rows* of length one."""
    lengths = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    return np.asarray(rows / lengths, np.float32)
