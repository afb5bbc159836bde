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
    varied = augment(*maps, STILL, rng)

    np.testing.assert_array_equal(varied.pixels, maps[0])
    np.testing.assert_array_equal(varied.mask, maps[1])
    np.testing.assert_array_equal(varied.calibrated, maps[2])
    np.testing.assert_array_equal(varied.whole, maps[0])
    assert not varied.hidden.any()


def test_the_input_is_left_alone(maps: Maps, rng: np.random.Generator) -> None:
    """Augmentation works on a copy."""
    before = [part.copy() for part in maps]

    augment(*maps, AugmentConfig(), rng)

    for part, old in zip(maps, before, strict=True):
        np.testing.assert_array_equal(part, old)


def test_what_is_masked_is_zero_and_polarity_stays(maps: Maps, rng: np.random.Generator) -> None:
    """Masked samples are zero; the others keep their sign where no noise or shift is added."""
    config = replace(AugmentConfig(), noise=0.0, shift_seconds=0.0, drop_leads=0.5, window=0.5)

    varied = augment(*maps, config, rng)

    assert (varied.pixels[varied.mask == 0] == 0).all()
    kept = varied.mask > 0
    np.testing.assert_array_equal(np.sign(varied.pixels[kept]), np.sign(maps[0][kept]))


def test_a_forgotten_scale_has_its_own_gain_per_lead(maps: Maps, rng: np.random.Generator) -> None:
    """Leads of a record without scale are stretched each by another factor."""
    varied = augment(*maps, replace(STILL, forget_scale=1.0), rng)

    assert (varied.calibrated == 0).all()
    ratio = np.median(varied.pixels / maps[0], axis=-1)  # (B, L)
    assert (ratio > 0).all()
    assert ratio.std(axis=1).min() > 0.05


def test_a_printed_page_keeps_a_quarter_of_each_lead(maps: Maps, rng: np.random.Generator) -> None:
    """Columns of 2.5 s; lead II may stay whole as the rhythm strip."""
    mask = augment(*maps, replace(STILL, window=1.0), rng).mask

    shares = mask.mean(axis=-1)  # (B, L)
    others = np.delete(shares, 1, axis=1)
    np.testing.assert_allclose(others, 0.25)
    assert set(np.round(shares[:, 1], 2).tolist()) == {0.25, 1.0}
    assert mask[0, 0, :250].all()
    assert mask[0, 11, 750:].all()


def test_what_is_hidden_can_be_looked_up(maps: Maps, rng: np.random.Generator) -> None:
    """Spans are hidden in all leads; a sample is shown, hidden, or never was there."""
    maps[1][:, 3] = 0
    config = replace(STILL, spans=1.0, drop_leads=0.5, noise=0.1, shift_seconds=0.5)

    varied = augment(*maps, config, rng)

    assert varied.hidden.any(axis=(1, 2)).all()
    assert not (varied.hidden * varied.mask).any()
    assert not varied.hidden[:, 3].any()
    assert not varied.whole[(varied.hidden + varied.mask) == 0].any()
    only_spans = varied.mask[:, [0, 1, 2]].max(axis=1) == 0  # (B, T)
    assert 0.03 < only_spans.mean() < 0.4
