"""Tests of precord.train.augment."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from precord.train.augment import augment
from precord.train.config import AugmentConfig
from tests.train.conftest import STILL

Maps = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]


@pytest.fixture
def maps(rng: np.random.Generator) -> Maps:
    """Return pixels, mask and scale flag of forty records."""
    pixels = rng.normal(0, 0.3, (40, 12, 1000)).astype(np.float32)
    return pixels, np.ones_like(pixels), np.ones(40, np.float32)


def test_nothing_configured_changes_nothing(maps: Maps, rng: np.random.Generator) -> None:
    """With all at zero the batch comes back as it was."""
    pixels, mask, calibrated = augment(*maps, STILL, rng)

    np.testing.assert_array_equal(pixels, maps[0])
    np.testing.assert_array_equal(mask, maps[1])
    np.testing.assert_array_equal(calibrated, maps[2])


def test_the_input_is_left_alone(maps: Maps, rng: np.random.Generator) -> None:
    """Augmentation works on a copy."""
    before = [part.copy() for part in maps]

    augment(*maps, AugmentConfig(), rng)

    for part, old in zip(maps, before, strict=True):
        np.testing.assert_array_equal(part, old)


def test_what_is_masked_is_zero_and_polarity_stays(maps: Maps, rng: np.random.Generator) -> None:
    """Masked samples are zero; the others keep their sign where no noise or shift is added."""
    config = replace(AugmentConfig(), noise=0.0, shift_seconds=0.0, drop_leads=0.5, window=0.5)

    pixels, mask, _ = augment(*maps, config, rng)

    assert (pixels[mask == 0] == 0).all()
    kept = mask > 0
    np.testing.assert_array_equal(np.sign(pixels[kept]), np.sign(maps[0][kept]))


def test_a_forgotten_scale_has_its_own_gain_per_lead(maps: Maps, rng: np.random.Generator) -> None:
    """Leads of a record without scale are stretched each by another factor."""
    pixels, _, calibrated = augment(*maps, replace(STILL, forget_scale=1.0), rng)

    assert (calibrated == 0).all()
    ratio = np.median(pixels / maps[0], axis=-1)  # (B, L)
    assert (ratio > 0).all()
    assert ratio.std(axis=1).min() > 0.05


def test_a_printed_page_keeps_a_quarter_of_each_lead(maps: Maps, rng: np.random.Generator) -> None:
    """Columns of 2.5 s; lead II may stay whole as the rhythm strip."""
    _, mask, _ = augment(*maps, replace(STILL, window=1.0), rng)

    shares = mask.mean(axis=-1)  # (B, L)
    others = np.delete(shares, 1, axis=1)
    np.testing.assert_allclose(others, 0.25)
    assert set(np.round(shares[:, 1], 2).tolist()) == {0.25, 1.0}
    assert mask[0, 0, :250].all()
    assert mask[0, 11, 750:].all()
