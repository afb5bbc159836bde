"""Tests of precord.digitize.lean: rows that were printed askew are put below one another."""

import io
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from precord.digitize import digitize
from precord.digitize.arrange import Arrangement, Piece
from precord.digitize.lean import find_lean_of_strips, shift_rows
from precord.digitize.pulse import Pulse
from precord.digitize.trace import Traces
from precord.image.page import Style, draw_page
from precord.leads import Lead
from precord.record import Record
from precord.simulate import simulate

ZERO = np.array([200.0, 500.0, 800.0, 1100.0])
COLUMNS = 2700


def _beats(at: np.ndarray, seed: int) -> np.ndarray:
    """Return heights of beats of one shape, half a second apart, at fractions of columns."""
    rng = np.random.default_rng(seed)
    y = np.zeros(at.shape)
    for centre, height in zip(rng.uniform(20, 100, 4), rng.uniform(-60, 60, 4), strict=True):
        y += height * np.exp(-0.5 * ((at % 125.0 - centre) / 6.0) ** 2)
    return y


def _page(slope: float, strip: int = 1) -> tuple[Traces, Arrangement]:
    """Return 3x4+1 whose rows lean by *slope*; the strip is the first lead of row *strip*."""
    shapes = [0, 1, 2, strip]
    rows = [
        z - _beats(np.arange(COLUMNS) - slope * z, s) for z, s in zip(ZERO, shapes, strict=True)
    ]
    y = np.stack(rows).astype(np.float32)
    names = [[Lead.I, Lead.AVR], [Lead.II, Lead.AVL], [Lead.III, Lead.AVF]]
    pieces = []
    for row, (first, second) in enumerate(names):
        y[row, 725:] = ZERO[row] - _beats(np.arange(COLUMNS - 725.0), 10 + row)
        pieces += [Piece(first, row, 100, 725), Piece(second, row, 725, 1350)]
    traces = Traces(y, ZERO, 3.0, np.zeros((1, COLUMNS), bool), np.zeros(4, np.intp))
    return traces, Arrangement("3x4+1", tuple(pieces), 100, 0.1)


@pytest.mark.parametrize("slope", [0.007, -0.004, 0.0013])
def test_a_strip_tells_how_far_its_lead_stands_from_it(slope: float) -> None:
    """To a third of a column, from the first row to the last."""
    lean = find_lean_of_strips(*_page(slope))
    assert lean is not None
    assert np.ptp(lean) == pytest.approx(abs(slope) * 900.0, abs=0.35)
    assert np.sign(lean[-1] - lean[0]) == np.sign(slope)


def test_rows_below_one_another_stay() -> None:
    """And so do those whose strip is no lead of the page."""
    assert find_lean_of_strips(*_page(0.0)) is None
    assert find_lean_of_strips(*_page(0.007, strip=5)) is None


def test_rows_move_by_fractions_of_columns() -> None:
    """A straight line stays one; what is not there stays so, and pulses move along."""
    y = np.stack([np.arange(50.0), np.arange(50.0)]).astype(np.float32)
    y[1, 30] = np.nan
    traces = Traces(y, ZERO[:2], 3.0, np.zeros((1, 50), bool), np.array([1, 0], np.intp))
    moved, pulses = shift_rows(traces, [Pulse(10, 20, 10.0, 5.0), None], np.array([-1.5, 2.25]))

    assert moved.offset.tolist() == [-1, 2]
    assert np.allclose(moved.y[0, 2:], np.arange(2, 50) - 1.5)
    assert np.isnan(moved.y[1, 28])
    assert np.allclose(moved.y[1, :26], np.arange(26) + 2.25)
    assert np.isnan(moved.y[1, 48:]).all()
    assert pulses == [Pulse(12, 22, 10.0, 5.0), None]


@pytest.mark.slow
def test_a_page_printed_askew_keeps_the_laws_of_the_limb_leads() -> None:
    """Each row 16 ms later than the one above it, as under a slanting printer's head."""
    record = simulate(("SR",), np.random.default_rng(11)).record
    pages = [draw_page(_later(record, 0.016 * k), layout="3x4+1", style=Style()) for k in range(4)]
    places = pages[0].layout
    ys = sorted({strip.y for strip in places.strips})
    cuts = [0.0, *((a + b) / 2 for a, b in pairwise(ys)), places.height + 99]
    edges = [round(cut * pages[0].px_per_mm) for cut in cuts]
    bands = [p.picture[a:b] for p, (a, b) in zip(pages, pairwise(edges), strict=True)]
    file = io.BytesIO()
    Image.fromarray(np.vstack(bands)).save(file, "PNG")

    found = digitize(file.getvalue(), "askew.png").record
    one, two, three = (_lead(found, lead) for lead in (Lead.I, Lead.II, Lead.III))
    both = np.isfinite(one) & np.isfinite(two) & np.isfinite(three)
    rest = (two - one - three)[both]
    assert np.std(rest) < 0.15 * np.std(two[both])


def _later(record: Record, seconds: float) -> Record:
    """Return what is *seconds* later on paper."""
    signal = np.roll(record.signal, round(seconds * record.rate), axis=1)
    return Record(signal, record.leads, record.rate)


def _lead(record: Record, lead: Lead) -> np.ndarray:
    """Return a lead that must be there."""
    signal = record.lead(lead)
    assert signal is not None
    return signal
