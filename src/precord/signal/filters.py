"""Zero-phase filters and resampling that leave missing samples missing.

A gap is bridged by a straight line before filtering and blanked again after it, so that
its edges do not ring. Source: Butterworth filters applied forwards and backwards
(Gustafsson 1996), as in SciPy's `sosfiltfilt`; polyphase resampling as in `resample_poly`.
"""

from fractions import Fraction
from functools import lru_cache
from math import ceil

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.signal import (
    butter,
    firwin,
    iirnotch,
    resample_poly,
    sosfilt,
    sosfilt_zi,
    sosfiltfilt,
    tf2sos,
)

Signal = NDArray[np.float32]
Floats = NDArray[np.float64]
_ORDER = 3  # each way; doubled by the way back
_LARGEST = 40  # of the two numbers of a ratio of rates that makes a small matrix


def bridge(signal: Signal) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return *signal* with its gaps bridged, and where they were.

    Args:
        signal: (leads, samples), NaN where missing.

    Returns:
        The (leads, samples) float64 signal, a wholly missing lead being zero, and a mask of
        the same shape that is True where a sample was missing.
    """
    missing = np.isnan(signal)
    whole = signal.astype(np.float64)
    n_missing = np.count_nonzero(missing, axis=1)
    whole[n_missing == missing.shape[1]] = 0.0
    for i in np.flatnonzero((n_missing > 0) & (n_missing < missing.shape[1])):
        row, gaps = whole[i], missing[i]
        at = np.flatnonzero(~gaps)
        row[gaps] = np.interp(np.flatnonzero(gaps), at, row[at])
    return whole, missing


def band_limit(
    signal: Signal, rate: float, *, low: float | None = None, high: float | None = None
) -> Signal:
    """Return *signal* without what lies below *low* and above *high* (Hz, -6 dB).

    A bound at or above the Nyquist frequency is no bound. A signal shorter than the
    filter's own settling time is only freed of its mean.
    """
    whole, missing = bridge(signal)
    high = high if high is not None and high < 0.499 * rate else None
    if low is not None:  # a constant is below any low bound, whatever the filter's edges do
        whole -= whole.mean(axis=1, keepdims=True)
    design = _design(low, high, rate)
    if design is not None and whole.shape[1] > 6 * len(design[0]) + 3:
        pad = min(whole.shape[1] - 1, int(rate / (low or 1.0)))
        whole = _filter_both_ways(*design, whole, pad)
    return _blank(whole, missing)


def remove_mains(signal: Signal, rate: float, mains: float) -> Signal:
    """Return *signal* with a notch of 1 Hz at *mains* (50 or 60 Hz), if the rate allows it."""
    if mains >= 0.45 * rate or signal.shape[1] < 32:
        return signal
    whole, missing = bridge(signal)
    sections = tf2sos(*iirnotch(mains, mains, fs=rate))
    return _blank(sosfiltfilt(sections, whole, axis=1), missing)


def resample(signal: Signal, rate: float, to: float) -> Signal:
    """Return *signal* at *to* Hz; a new sample is missing where the nearest old one was."""
    if rate == to:
        return signal
    whole, missing = bridge(signal)
    ratio = Fraction(to / rate).limit_denominator(2000)
    offset = whole.mean(axis=1, keepdims=True)  # the ends are padded with zeros
    change = _by_blocks if max(ratio.as_integer_ratio()) <= _LARGEST else _by_phases
    new = change(whole - offset, *ratio.as_integer_ratio()) + offset
    n = min(new.shape[1], ceil(signal.shape[1] * to / rate))
    nearest = np.minimum(np.rint(np.arange(n) * rate / to).astype(int), signal.shape[1] - 1)
    return _blank(new[:, :n], missing[:, nearest])


def _by_phases(whole: Floats, up: int, down: int) -> Floats:
    """Return (leads, samples) at *up* / *down* times the rate, by SciPy's polyphase filter."""
    return np.asarray(resample_poly(whole, up, down, axis=1), np.float64)


def _by_blocks(whole: Floats, up: int, down: int) -> Floats:
    """Return the same by one product of overlapping blocks and a matrix, much faster."""
    matrix, margin = _block_matrix(up, down)
    length = matrix.shape[0] - 2 * margin
    n_blocks = -(-whole.shape[1] // length)
    behind = n_blocks * length - whole.shape[1] + margin
    padded = np.pad(whole, ((0, 0), (margin, behind)))
    blocks = sliding_window_view(padded, matrix.shape[0], axis=1)[:, ::length]
    new = (np.ascontiguousarray(blocks) @ matrix).reshape(len(whole), -1)
    return np.asarray(new[:, : -(-whole.shape[1] * up // down)], np.float64)


@lru_cache(maxsize=16)
def _block_matrix(up: int, down: int) -> tuple[Floats, int]:
    """Return what turns a block with its margins into its new samples, and a margin's length.

    Row and column tell an old and a new sample; between them stands a value of the low-pass
    that `resample_poly` uses.
    """
    reach = 10 * max(up, down)  # to both sides, in steps of 1 / up old samples
    low_pass = up * firwin(2 * reach + 1, 1 / max(up, down), window=("kaiser", 5.0))
    margin = -(-reach // up)
    periods = -(-2 * margin // down)  # a block is about as long as its margins
    old = np.arange(-margin, periods * down + margin)[:, None] * up
    steps = np.arange(periods * up) * down - old + reach
    return np.where(
        (steps >= 0) & (steps <= 2 * reach), low_pass[np.clip(steps, 0, 2 * reach)], 0.0
    ), margin


def _blank(whole: NDArray[np.float64], missing: NDArray[np.bool_]) -> Signal:
    """Return *whole* as float32 with NaN where it was missing."""
    signal = whole.astype(np.float32)
    signal[missing] = np.nan
    return signal


def _filter_both_ways(sections: Floats, steady: Floats, whole: Floats, pad: int) -> Floats:
    """Return (leads, samples) filtered as SciPy's `sosfiltfilt` does, padded by *pad* samples.

    SciPy solves for the steady state at every call; here it comes with the design, which
    saves a third of the time that a ten-second ECG takes.
    """
    before = 2 * whole[:, :1] - whole[:, pad:0:-1]
    after = 2 * whole[:, -1:] - whole[:, -2 : -pad - 2 : -1]
    padded = np.concatenate([before, whole, after], axis=1)
    for _ in range(2):
        start = steady[:, None] * padded[:, :1]  # (sections, leads, 2)
        padded = sosfilt(sections, padded, axis=1, zi=start)[0][:, ::-1]
    return padded[:, pad : padded.shape[1] - pad]


@lru_cache(maxsize=64)
def _design(low: float | None, high: float | None, rate: float) -> tuple[Floats, Floats] | None:
    """Return a filter's sections and their steady state, or None where there is no bound."""
    if low is not None and high is not None:
        sections = butter(_ORDER, (low, high), "bandpass", fs=rate, output="sos")
    elif low is not None:
        sections = butter(_ORDER, low, "highpass", fs=rate, output="sos")
    elif high is not None:
        sections = butter(_ORDER, high, "lowpass", fs=rate, output="sos")
    else:
        return None
    return np.asarray(sections, np.float64), np.asarray(sosfilt_zi(sections), np.float64)
