"""Tests of precord.digitize.separator: gaps between the leads of a row."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from precord.digitize import digitize
from precord.digitize.separator import find_gaps, find_separators
from precord.digitize.trace import Traces
from precord.image.page import Style, draw_page
from precord.simulate import simulate


def _row() -> np.ndarray:
    """Return a straight trace."""
    return np.full(600, 100.0, np.float32)


def test_a_short_gap_in_a_straight_trace_is_one() -> None:
    """Its middle is; not a missing column, nor a long stretch without ink."""
    row = _row()
    row[200:206] = np.nan
    row[300] = np.nan
    row[400:440] = np.nan
    assert np.flatnonzero(find_gaps(row)).tolist() in ([202], [203])


def test_a_gap_in_a_steep_stroke_is_none() -> None:
    """Of a complex some columns may be too faint."""
    row = _row()
    row[195:200] -= np.arange(1, 6) * 8
    row[206:211] -= np.arange(5, 0, -1) * 8
    row[200:206] = np.nan
    assert not find_gaps(row).any()


def test_gaps_in_half_of_the_rows_part_leads() -> None:
    """Rhythm strips have none; a gap of one row alone is a fault of its print."""
    y = np.stack([_row()] * 6)
    y[:3, 200:206] = np.nan
    y[5, 400:406] = np.nan
    zero = np.full(6, 100.0)
    traces = Traces(y, zero, 3.0, np.zeros((300, 600), bool), np.zeros(6, np.intp))
    marks = find_separators(traces)
    assert marks[200:206].max() == 1.0
    assert marks[400:406].max() < 0.5
    assert marks[300] == 0.0


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["3x4", "3x4+1"])
def test_columns_begin_where_the_gaps_are(layout: str) -> None:
    """No ticks are printed, and the gaps mark every boundary."""
    record = simulate(("SR",), np.random.default_rng(8)).record
    n = round(2.5 * record.rate)
    signal = record.signal.copy()
    half = round(0.012 * record.rate)
    main = [k for k in range(12) if layout == "3x4" or k != 1]
    for cut in (n, 2 * n, 3 * n):
        signal[main, cut - half : cut + half] = np.nan
    page = draw_page(
        replace(record, signal=signal), layout=layout, style=Style(separator="none"), dpi=150
    )
    file = io.BytesIO()
    Image.fromarray(page.picture).save(file, "PNG")
    reading = digitize(file.getvalue(), "gaps.png")
    assert reading.arrangement is not None
    assert reading.arrangement.marks > 0.75
    firsts = [piece.first for piece in reading.arrangement.pieces[:4]]
    assert np.abs(np.diff(firsts) - 625).max() <= 1
