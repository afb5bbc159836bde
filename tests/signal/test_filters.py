"""Tests of precord.signal.filters; the oracle is the sine that went in."""

from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import butter, resample_poly, sosfiltfilt

from precord.signal.filters import band_limit, remove_mains, resample


def _sine(frequency: float, rate: float, seconds: float = 10.0) -> np.ndarray:
    """Return one lead, (1, samples) float32, of a sine of 1 mV."""
    return np.sin(2 * np.pi * frequency * np.arange(0, seconds, 1 / rate))[None].astype(np.float32)


@pytest.mark.parametrize(
    ("frequency", "gain"), [(0.2, 0.0), (0.67, 0.5), (5.0, 1.0), (35.0, 0.5), (45.0, 0.0)]
)
def test_band_limit_keeps_the_band(frequency: float, gain: float) -> None:
    """One half at both bounds, all between them, nothing outside, no shift in time."""
    sine = _sine(frequency, 100, 40)

    found = band_limit(sine, 100, low=0.67, high=35.0)

    middle = slice(1000, 3000)
    np.testing.assert_allclose(found[:, middle], gain * sine[:, middle], atol=0.06)


def test_gaps_stay_gaps_and_do_not_ring() -> None:
    """A missing second is missing afterwards, and the rest is finite and near the sine."""
    sine = _sine(3.0, 250)
    sine[:, 1000:1250] = np.nan

    found = band_limit(sine, 250, high=35.0)

    np.testing.assert_array_equal(np.isnan(found), np.isnan(sine))
    np.testing.assert_allclose(found[:, 100:900], sine[:, 100:900], atol=0.05)


def test_a_lead_that_is_wholly_missing_stays_so() -> None:
    """An absent lead does not disturb its neighbour."""
    signal = np.concatenate([_sine(5, 100), np.full((1, 1000), np.nan, np.float32)])

    found = band_limit(signal, 100, low=0.67, high=35)

    assert np.isnan(found[1]).all()
    assert np.isfinite(found[0]).all()


def test_mains_are_removed_and_the_ecg_band_is_not() -> None:
    """50 Hz goes, 20 Hz stays."""
    found = remove_mains(_sine(50, 500) + _sine(20, 500), 500, 50)

    np.testing.assert_allclose(found[:, 1000:4000], _sine(20, 500)[:, 1000:4000], atol=0.05)


def test_mains_above_the_rate_change_nothing() -> None:
    """At 100 Hz there is no 50 Hz to remove."""
    sine = _sine(20, 100)

    assert remove_mains(sine, 100, 50) is sine


@settings(derandomize=True, max_examples=40, deadline=None)
@given(rate=st.sampled_from([100.0, 128.0, 250.0, 257.0, 333.3, 400.0, 500.0, 1000.0]))
def test_resampling_keeps_sines_and_length(rate: float) -> None:
    """A 7 Hz sine is the same sine at the new rate, and ten seconds stay ten seconds."""
    found = resample(_sine(7, rate), rate, 100.0)

    assert abs(found.shape[1] - 1000) <= 1
    n = min(found.shape[1], 1000)
    np.testing.assert_allclose(found[:, 50 : n - 50], _sine(7, 100)[:, 50 : n - 50], atol=0.03)


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [
        ("highpass", 0.5, None),
        ("bandpass", 6.0, 22.0),
        ("lowpass", None, 35.0),
        ("highpass", 300.0, None),
    ],
)
def test_filtering_equals_scipy(
    kind: Literal["highpass", "bandpass", "lowpass"], low: float | None, high: float | None
) -> None:
    """The oracle is SciPy's own filter forwards and backwards, at the same padding."""
    noise = np.random.default_rng(0).normal(size=(3, 2000)).astype(np.float32)
    bounds = [bound for bound in (low, high) if bound is not None]
    sections = butter(3, bounds if len(bounds) == 2 else bounds[0], kind, fs=1000, output="sos")
    whole = noise.astype(np.float64)
    if low is not None:
        whole -= whole.mean(axis=1, keepdims=True)
    pad = min(1999, int(1000 / (low or 1.0)))

    expected = sosfiltfilt(sections, whole, axis=1, padlen=pad)

    found = band_limit(noise, 1000, low=low, high=high)
    np.testing.assert_array_equal(found, expected.astype(np.float32))


@pytest.mark.parametrize("samples", [1, 7, 100, 2501, 5000])
@pytest.mark.parametrize(
    ("rate", "to", "up", "down"),
    [
        (500, 100, 1, 5),
        (100, 250, 5, 2),
        (500, 250, 1, 2),
        (360, 100, 5, 18),
        (360, 250, 25, 36),
        (257, 100, 100, 257),  # too large a ratio for a product of blocks
    ],
)
def test_resampling_equals_scipy_where_nothing_is_missing(
    rate: float, to: float, up: int, down: int, samples: int
) -> None:
    """The oracle is SciPy's own polyphase filter, on a signal without offset."""
    noise = np.random.default_rng(0).normal(size=(3, samples)).astype(np.float32)
    mean = noise.mean(axis=1, keepdims=True, dtype=np.float64)

    expected = resample_poly(noise - mean, up, down, axis=1) + mean

    np.testing.assert_allclose(resample(noise, rate, to), expected, atol=1e-6)


def test_resampling_keeps_gaps_where_they_were() -> None:
    """Two seconds missing at 500 Hz are two seconds missing at 100 Hz."""
    sine = _sine(7, 500)
    sine[:, 1000:2000] = np.nan

    missing = np.isnan(resample(sine, 500, 100))[0]

    assert missing[200:400].all()
    assert missing.sum() == 200
