"""Tests of precord.image.encodings against pyts, and of what the fields cannot show."""

import warnings

import numpy as np
import pytest
from numpy.typing import NDArray

from precord.image.encodings import gramian_difference, gramian_sum, recurrence, transitions

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # numba's, on import
    from pyts.image import GramianAngularField, MarkovTransitionField, RecurrencePlot


@pytest.fixture
def beat(rng: np.random.Generator) -> NDArray[np.float32]:
    """Return (12, 100) from -1 to 1: smooth, each lead with its own shape."""
    walk = np.cumsum(rng.normal(size=(12, 100)), axis=1)
    walk -= walk.mean(axis=1, keepdims=True)
    return np.asarray(walk / np.abs(walk).max(axis=1, keepdims=True), np.float32)


def test_gramian_fields_equal_pyts(beat: NDArray[np.float32]) -> None:
    """Sum and difference, without pyts's own scaling."""
    for method, field in (("summation", gramian_sum), ("difference", gramian_difference)):
        oracle = GramianAngularField(sample_range=None, method=method).transform(beat)
        np.testing.assert_allclose(field(beat), oracle, atol=1e-5)


def test_recurrence_equals_pyts(beat: NDArray[np.float32]) -> None:
    """Distances, no threshold."""
    np.testing.assert_allclose(recurrence(beat), RecurrencePlot().transform(beat), atol=1e-6)


@pytest.mark.parametrize("n_bins", [2, 4, 7])
def test_transitions_equal_pyts(beat: NDArray[np.float32], n_bins: int) -> None:
    """Quantile bins."""
    oracle = MarkovTransitionField(n_bins=n_bins, strategy="quantile").transform(beat)

    np.testing.assert_allclose(transitions(beat, n_bins), oracle, atol=1e-6)


def test_a_flat_lead_is_no_error() -> None:
    """All samples in one bin, which follows itself."""
    flat = np.zeros((1, 5), np.float32)

    assert (transitions(flat) == 1).all()
    assert (recurrence(flat) == 0).all()
    assert (gramian_sum(flat) == -1).all()


def test_polarity_is_lost_but_for_the_difference_field(beat: NDArray[np.float32]) -> None:
    """X and -x: equal sum, recurrence and transitions; the difference field turns over."""
    np.testing.assert_allclose(gramian_sum(-beat), gramian_sum(beat), atol=1e-6)
    np.testing.assert_allclose(recurrence(-beat), recurrence(beat), atol=1e-6)
    assert np.mean(np.abs(transitions(-beat) - transitions(beat)) > 1e-6) < 0.05  # ties at edges
    np.testing.assert_allclose(gramian_difference(-beat), -gramian_difference(beat), atol=1e-6)
    assert np.abs(gramian_difference(beat)).max() > 0.5
