"""Tests of precord.image.page and precord.image.distort: the truth follows the picture."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from precord.image.distort import distort, load_ranges
from precord.image.page import Style, draw_page
from precord.leads import LEADS
from precord.record import Record


def _flat() -> Record:
    """Return twelve leads of 0 mV."""
    return Record(np.zeros((12, 5000), np.float32), LEADS, 500.0)


def test_crossings_lie_on_the_thick_lines() -> None:
    """Around each crossing the darkest row and column are the crossing's, within a pixel."""
    page = draw_page(_flat(), layout="12x1", style=Style(separator="none"), dpi=200)
    green = page.picture[..., 1].astype(float)
    for x, y in page.crossings[1:-1:4, 3:-1:9].reshape(-1, 2):
        column, row = round(x), round(y)
        patch = green[row - 3 : row + 4, column - 15 : column + 16]
        assert abs(int(np.argmin(np.median(patch, axis=1))) - 3) <= 1


@pytest.mark.parametrize("kind", ["scan", "photo"])
def test_truth_moves_with_the_picture(kind: str) -> None:
    """A black square drawn on each of five crossings is found where the truth says."""
    page = draw_page(_flat(), layout="3x4", dpi=150)
    page = replace(page, picture=page.picture.copy())
    picks = [(2, 4), (2, 50), (10, 27), (18, 6), (18, 48)]
    for row, column in picks:
        x, y = (round(v) for v in page.crossings[row, column])
        page.picture[y - 5 : y + 6, x - 5 : x + 6] = (0, 0, 255)
    ranges = {
        k: v
        for k, v in load_ranges(kind).items()
        if k in ("rotation_deg", "perspective", "curl_mm")
    }
    bent = distort(page, ranges, np.random.default_rng(3))
    blue = bent.picture[..., 2].astype(int) - bent.picture[..., 0]

    for row, column in picks:
        x, y = (round(v) for v in bent.crossings[row, column])
        patch = np.clip(blue[y - 12 : y + 13, x - 12 : x + 13], 60, None) - 60
        moments = cv2.moments(patch.astype(np.float32))
        assert moments["m10"] / moments["m00"] == pytest.approx(12, abs=1.0)
        assert moments["m01"] / moments["m00"] == pytest.approx(12, abs=1.0)


def test_a_seed_gives_the_same_picture() -> None:
    """Twice the same seed, twice the same pixels; another seed, others."""
    page = draw_page(_flat(), layout="3x4+1", dpi=80)
    one, two, other = (
        distort(page, load_ranges("photo"), np.random.default_rng(seed)).picture
        for seed in (1, 1, 2)
    )

    np.testing.assert_array_equal(one, two)
    assert (one != other).any()
