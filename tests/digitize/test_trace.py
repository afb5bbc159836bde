"""Tests of precord.digitize.trace: known curves drawn with a pen come back."""

import cv2
import numpy as np
from numpy.typing import NDArray

from precord.digitize.pulse import Pulse, find_cut_pulse, keep_aligned
from precord.digitize.separator import find_separators
from precord.digitize.trace import follow

_SHIFT = 4
_WIDTH, _HEIGHT = 1500, 700


def _curve(zero: float, high: float, every: int = 250) -> NDArray[np.float64]:
    """Return (columns,) heights of a line with narrow triangles, *high* pixels up."""
    x = np.arange(_WIDTH)
    away = np.abs((x - 100) % every - every // 2)
    slow = 6 * np.sin(2 * np.pi * x / 400)
    return np.asarray(zero + slow - high * np.clip(1 - away / 9, 0, 1), np.float64)


def _ink(*curves: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the ink of a pen four pixels wide that draws *curves*."""
    plane = np.zeros((_HEIGHT, _WIDTH), np.uint8)
    for curve in curves:
        points = np.stack([np.arange(_WIDTH), curve], 1)
        fixed = np.rint(points * 2**_SHIFT).astype(np.int32)
        cv2.polylines(plane, [fixed], False, 255, 4, cv2.LINE_AA, _SHIFT)
    blurred = cv2.GaussianBlur(plane, (0, 0), 0.8)
    return np.asarray(blurred / np.float32(255.0), np.float32)


def test_heights_of_narrow_peaks_come_back() -> None:
    """A peak 8 mm high and 2 mm wide keeps its height to 3 %; the line is right to 0.03 mm."""
    truth = _curve(350, 80)
    found = follow(_ink(truth))
    assert found is not None
    assert len(found.y) == 1
    inner = slice(30, -30)
    y, truth = found.y[0, inner], truth[inner]
    assert np.isfinite(y).all()
    is_level = np.abs(np.gradient(truth)) < 0.2
    assert np.median(np.abs(y - truth)[is_level]) < 0.3
    for at in range(225 - 30, truth.size, 250):
        assert abs(y[at - 5 : at + 6].min() - truth[at - 5 : at + 6].min()) < 0.03 * 80


def test_dirt_in_a_column_does_not_hide_the_trace() -> None:
    """Thirty specks above the trace are more than the runs that are kept of a column."""
    ink = _ink(_curve(600, 80))
    for y in range(20, 500, 16):
        ink[y : y + 4, 700:704] = 1.0
    found = follow(ink)
    assert found is not None
    assert np.isfinite(found.y[-1, 690:715]).all()


def test_rows_whose_complexes_meet_keep_their_own_heights() -> None:
    """The upper row's troughs reach into the lower row's peaks, elsewhere both are right."""
    upper, lower = _curve(200, -60), _curve(400, 60)
    found = follow(_ink(upper, lower))
    assert found is not None
    assert len(found.y) == 2
    for y, truth in zip(found.y, (upper, lower), strict=True):
        assert np.nanmedian(np.abs(y - truth)) < 0.3
        assert np.nanmax(np.abs(y - truth)[30:-30]) < 30


def test_marks_between_leads_are_told_from_beats() -> None:
    """Ticks above and below both rows are marks; beats, which go one way, are not."""
    ink = _ink(_curve(200, 60), _curve(450, 60))
    for zero in (200, 450):
        for begin in (-40, 20):
            ink[zero + begin : zero + begin + 20, 749:752] = 1.0
    found = follow(ink)
    assert found is not None
    marks = find_separators(found)
    assert marks[748:753].max() == 1.0
    assert np.delete(marks, np.arange(740, 761)).max() < 0.6


def test_a_pulse_cut_off_by_the_edge_still_has_a_height() -> None:
    """Flat at 10 mm for 3 mm and then down to the line: the gain is known, the width is not."""
    y = np.full(1000, 300.0, np.float32)
    y[20:50] = 200.0
    y[:20] = np.nan
    pulse = find_cut_pulse(y)
    assert pulse is not None
    assert abs(pulse.height - 10.0) < 0.2
    assert np.isnan(pulse.width)


def test_pulses_stand_below_one_another() -> None:
    """What looks like a pulse elsewhere in a row is a beat."""
    pulse = Pulse(100, 150, 10.0, 5.0)
    stray = Pulse(400, 450, 10.0, 5.0)
    assert keep_aligned([pulse, stray, None, pulse]) == [pulse, None, None, pulse]


def test_a_row_that_wanders_off_its_line_is_found() -> None:
    """Five rows 13 mm apart; the fourth drifts by 19 mm and gathers at no height."""
    x = np.arange(_WIDTH)
    rows = [_curve(zero, 10) for zero in (70.0, 200.0, 330.0, 590.0)]
    rows.insert(3, np.asarray(365.0 + 190.0 * x / _WIDTH, np.float64))
    found = follow(_ink(*rows))
    assert found is not None
    assert len(found.zero) == 5
    assert np.nanmedian(np.abs(found.y[3] - rows[3])) < 0.5


def test_ink_that_two_rows_share_is_known() -> None:
    """It is where complexes meet, in both rows, and nowhere in rows that stand apart."""
    met = follow(_ink(_curve(200, -110), _curve(400, 110)))
    assert met is not None
    assert met.is_shared is not None
    peaks = np.abs((np.arange(_WIDTH) - 100) % 250 - 125) < 20
    assert met.is_shared[:, peaks].any(axis=1).all()
    assert not met.is_shared[:, ~peaks].any()

    apart = follow(_ink(_curve(200, 60), _curve(400, 60)))
    assert apart is not None
    assert apart.is_shared is not None
    assert not apart.is_shared.any()
