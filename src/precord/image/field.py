"""Time series as square images: Gramian angular fields, transition field, recurrence plot.

Sources: Wang and Oates 2015 (arXiv:1506.00327) for the Gramian angular and Markov transition
fields; Eckmann, Kamphorst and Ruelle 1987 (doi:10.1209/0295-5075/4/9/004) for the recurrence
plot. Each equals what the `pyts` package gives without aggregation (tested).

What they do not show: with x scaled by its own largest value, `gramian_sum`, `recurrence`
and `transitions` are the same for x and -x; only `gramian_difference` differs, by its sign.

Shapes: L leads, T samples. All give (L, T, T) float32; cell (i, j) relates samples i and j.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


def gramian_sum(signal: Array) -> Array:
    """Return the Gramian angular summation field, cos(a + b) of angles a = arccos x.

    Args:
        signal: (L, T) from -1 to 1.
    """
    sine = _sine(signal)
    pairs = signal[:, :, None] * signal[:, None, :]
    return np.asarray(pairs - sine[:, :, None] * sine[:, None, :], np.float32)


def gramian_difference(signal: Array) -> Array:
    """Return the Gramian angular difference field, sin(a - b); *signal* as above."""
    sine = _sine(signal)
    pairs = sine[:, :, None] * signal[:, None, :]
    return np.asarray(pairs - signal[:, :, None] * sine[:, None, :], np.float32)


def recurrence(signal: Array) -> Array:
    """Return the recurrence plot without a threshold: the distances |x_i - x_j|, (L, T) any."""
    return np.asarray(np.abs(signal[:, :, None] - signal[:, None, :]), np.float32)


def transitions(signal: Array, n_bins: int = 4) -> Array:
    """Return the Markov transition field: how often x_i's bin is followed by x_j's.

    Args:
        signal: (L, T) any.
        n_bins: quantile bins of each lead; a bin's upper edge belongs to it.
    """
    inner = np.linspace(0, 100, n_bins + 1)[1:-1]
    edges = np.percentile(signal, inner, axis=1).T  # (L, bins - 1)
    bins = (signal[:, :, None] > edges[:, None, :]).sum(axis=-1)  # (L, T)
    lead = np.arange(len(signal))[:, None]
    flat = (lead * n_bins + bins[:, :-1]) * n_bins + bins[:, 1:]  # (L, T - 1)
    counts = np.bincount(flat.ravel(), minlength=len(signal) * n_bins**2)
    matrix = counts.reshape(len(signal), n_bins, n_bins).astype(np.float32)
    matrix /= np.maximum(matrix.sum(axis=-1, keepdims=True), 1)
    field: Array = matrix[lead[:, :, None], bins[:, :, None], bins[:, None, :]]
    return field


def _sine(cosine: Array) -> Array:
    """Return the sine, from 0 to 1, of the angles whose cosine is given."""
    return np.asarray(np.sqrt(np.clip(1 - np.square(cosine), 0, 1)), np.float32)
