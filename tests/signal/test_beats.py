"""Tests of precord.signal.beats: what is computed at once equals what a plain loop computes.

Whether beats are found at all, test_measure asks.
"""

import warnings

import numpy as np
import pytest
from numpy.typing import NDArray

from precord.signal.beats import _find_dominant, median_row

Floats = NDArray[np.float64]
_START, _STOP, _MOST = 70, 140, 12  # samples of a window: its QRS, and how far that may move


def _draw_beats(seed: int, n: int = 9) -> Floats:
    """Return (n, 12, 250) windows: every third of another kind, each moved and noisy."""
    rng = np.random.default_rng(seed)
    times = np.arange(250) - 100
    kinds = [
        rng.normal(0, 1, (12, 1)) * np.exp(-np.square(times / width)) * np.cos(times / width)
        for width in (8, 20)
    ]
    moved = [
        np.roll(kinds[i % 3 == 2], int(rng.integers(-_MOST - 3, _MOST + 4)), axis=1)
        for i in range(n)
    ]
    return np.stack(moved) + rng.normal(0, rng.uniform(0.02, 0.4), (n, 12, 250))


def _loop_over_shifts(windows: Floats) -> tuple[list[bool], list[int]]:
    """Return the same as `_find_dominant`, one beat, one shift, one correlation at a time."""
    rows = [beat[:, _START:_STOP].ravel() for beat in windows]
    closeness = np.corrcoef(rows)
    seed = int(np.argmax((closeness > 0.85).sum(axis=1) + closeness.mean(axis=1)))
    kind = [row for row, close in zip(rows, closeness[seed], strict=True) if close > 0.85]
    template = np.median(kind, axis=0)
    like, shifts = [], []
    for beat in windows:
        found = {
            shift: np.corrcoef(beat[:, _START + shift : _STOP + shift].ravel(), template)[0, 1]
            for shift in range(-_MOST, _MOST + 1)
        }
        shifts.append(max(found, key=lambda shift: found[shift]))
        like.append(bool(found[shifts[-1]] > 0.85))
    return like, shifts


@pytest.mark.parametrize("seed", range(12))
def test_the_commonest_kind_is_that_of_a_plain_loop(seed: int) -> None:
    """Which beats are of it, and by how much each is moved."""
    windows = _draw_beats(seed)

    like, shifts = _find_dominant(windows)

    expected = _loop_over_shifts(windows)
    assert like.any()
    assert (like.tolist(), shifts.tolist()) == expected


def test_beats_that_are_moved_and_not_alike_are_among_those_drawn() -> None:
    """Else the test above would not say much."""
    found = [_loop_over_shifts(_draw_beats(seed)) for seed in range(12)]

    assert len({shift for _, shifts in found for shift in shifts}) > _MOST
    assert 0.2 < np.mean([like for kinds, _ in found for like in kinds]) < 0.9


def test_flat_stretches_are_like_nothing() -> None:
    """No correlation exists there: no beat is of any kind, none is moved."""
    with np.errstate(invalid="ignore"):
        like, shifts = _find_dominant(np.zeros((3, 12, 250)))

    assert not like.any()
    assert not shifts.any()


@pytest.mark.parametrize("n", [1, 2, 3, 8, 9])
@pytest.mark.parametrize("missing", [0.0, 0.3, 0.9])
def test_a_median_is_numpys(n: int, missing: float) -> None:
    """With NaN, too: of what is there, and NaN where nothing is."""
    rng = np.random.default_rng(n)
    rows = rng.normal(size=(n, 12, 40))
    rows[rng.random(rows.shape) < missing] = np.nan

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy's own, of columns without a value
        expected = np.nanmedian(rows, axis=0)

    np.testing.assert_array_equal(median_row(rows), expected)
