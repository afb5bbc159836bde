"""The one copy of a record that the model sees: twelve leads, 100 Hz, ten seconds, 0.67-35 Hz.

The upper bound is below every source's own filter, so that a model cannot tell sources by
their stop-bands. The lower bound is the highest that leaves the ST segment of a zero-phase
filter intact (Kligfield et al. 2007, AHA/ACC/HRS recommendations, part I). Measurements
and pictures use the recorded bandwidth, never this copy.
"""

from dataclasses import replace

import numpy as np

from precord.errors import SignalError
from precord.record import Record
from precord.signal.filters import band_limit, resample

MODEL_RATE = 100.0  # Hz
MODEL_SECONDS = 10.0
MODEL_SAMPLES = int(MODEL_RATE * MODEL_SECONDS)
LOW, HIGH = 0.67, 35.0  # Hz
MIN_SECONDS = 1.0  # one heart beat; below it there is nothing to compare
VERSION = "prepare-1"  # goes into the encoder's fingerprint; raise it with every change here


def prepare(record: Record) -> Record:
    """Return the model's copy of *record*: its first ten seconds, band-limited.

    Returns:
        A record of twelve leads in standard order at 100 Hz with at most 1,000 samples;
        leads that are absent are NaN, and the scale is that of *record*.

    Raises:
        SignalError: The record is shorter than a second, or nothing of it is left.
    """
    name = record.provenance.name or "record"
    if record.duration < MIN_SECONDS:
        raise SignalError(
            f"{name}: {record.duration:.2f} s long, expected at least {MIN_SECONDS:g} s"
        )
    standard = record.to_standard()
    window = standard.signal[:, : round(MODEL_SECONDS * record.rate)]
    if np.isnan(window).all():
        raise SignalError(f"{name}: every sample of the first {MODEL_SECONDS:g} s is missing")
    signal = resample(window, record.rate, MODEL_RATE)[:, :MODEL_SAMPLES]
    signal = band_limit(signal, MODEL_RATE, low=LOW, high=HIGH)
    return replace(standard, signal=signal, rate=MODEL_RATE)
