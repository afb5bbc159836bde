"""Records changed on purpose, to see what a model makes of it."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from precord.leads import Lead
from precord.record import Record, Scale
from precord.signal.beats import find_beats


def flipped(record: Record, leads: Iterable[Lead]) -> Record:
    """Return *record* with *leads* turned over, those of them that it has."""
    signal = np.array(record.signal)
    for lead in leads:
        if lead in record.leads:
            signal[record.leads.index(lead)] *= -1
    return replace(record, signal=signal)


def without_scale(record: Record) -> Record:
    """Return *record* with each lead in its own standard deviations."""
    mean = np.nanmean(record.signal, axis=1, keepdims=True)
    size = np.nanstd(record.signal, axis=1, keepdims=True)
    signal = np.asarray((record.signal - mean) / np.maximum(size, 1e-6), np.float32)
    return replace(record, signal=signal, scale=Scale.UNKNOWN)


def one_beat(record: Record) -> Record:
    """Return *record* with all but one second round one of its beats missing."""
    peaks = find_beats(record)
    middle = record.signal.shape[1] // 2
    peak = int(peaks[np.argmin(np.abs(peaks - middle))]) if len(peaks) else middle
    start, end = peak - round(0.35 * record.rate), peak + round(0.65 * record.rate)
    signal = np.full_like(record.signal, np.nan)
    signal[:, max(start, 0) : end] = record.signal[:, max(start, 0) : end]
    return replace(record, signal=signal)
