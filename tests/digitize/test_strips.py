"""Tests of precord.digitize.strips: which lead a rhythm strip is."""

import numpy as np
from numpy.typing import NDArray

from precord.digitize.strips import name_strip
from precord.leads import Lead


def _beats(at: list[int], height: float) -> NDArray[np.float64]:
    """Return (columns,) narrow complexes, each *at* a column."""
    columns = np.arange(1000)[:, None]
    each = height * np.exp(-(((columns - np.array(at)) / 2.0) ** 2))
    return np.asarray(each.sum(axis=1), np.float64)


def test_a_strip_is_its_lead_though_the_page_is_bent_by_a_pixel_between_two_beats() -> None:
    """Blurred as they are compared, the two correlate; as they are, they do not."""
    lead, other = _beats([100, 350], 80.0), _beats([100, 350], 80.0)
    other[[104, 354]] = other[[105, 355]] = -40.0  # an S wave
    strip = _beats([101, 349, 600, 850], 80.0)
    leads = {Lead.II: (0, lead[:450]), Lead.III: (0, other[:450])}
    found = name_strip(strip, leads, set())
    assert found is not None
    assert found[0] is Lead.II
    assert found[1] > 0.9


def test_a_strip_of_another_rhythm_is_no_lead_of_the_page() -> None:
    """Blurring does not make everything alike."""
    leads = {Lead.II: (0, _beats([100, 350], 80.0)[:450])}
    assert name_strip(_beats([30, 210, 390], 80.0), leads, set()) is None
