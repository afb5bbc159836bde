"""Tests of precord.image.layout: which lead lies where on the page, by hand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from precord.errors import QueryError
from precord.image.layout import (
    LAYOUTS,
    MM_PER_SECOND,
    Calibration,
    lay_out,
    to_mm,
)
from precord.image.paper import save_record
from precord.leads import LEADS, Lead
from precord.record import Provenance, Record


def spikes(rate: float = 500.0, seconds: float = 10.0, leads: tuple[Lead, ...] = LEADS) -> Record:
    """Return 0 mV with a spike of one sample, 1 mV high, each second."""
    signal = np.zeros((len(leads), round(rate * seconds)), np.float32)
    signal[:, :: round(rate)] = 1.0
    return Record(signal, leads, rate, provenance=Provenance("test", "spikes"))


def test_standard_layout() -> None:
    """3x4+1: columns of 2.5 s follow each other in time; the rhythm strip shows ten."""
    strips = lay_out(spikes()).strips

    assert [s.lead for s in strips] == [
        "I",
        "aVR",
        "V1",
        "V4",
        "II",
        "aVL",
        "V2",
        "V5",
        "III",
        "aVF",
        "V3",
        "V6",
        "II",
    ]
    assert [s.start for s in strips[:4]] == [0.0, 2.5, 5.0, 7.5]
    assert [s.duration for s in strips] == [2.5] * 12 + [10.0]
    assert np.diff([s.x for s in strips[:4]]) == pytest.approx([62.5] * 3)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_fits_on_a4(layout: str) -> None:
    """No strip leaves the grid, no grid leaves the page, no page is higher than A4."""
    places = lay_out(spikes(), layout=layout, n_lines=2)

    assert max(s.x + s.duration * MM_PER_SECOND for s in places.strips) <= 286.0
    assert {s.lead for s in places.strips} == set(LEADS)
    assert all(places.grid_top < s.y < places.height for s in places.strips)
    assert places.height + 9.0 <= 210.0


def test_median_of_a_lead_lies_on_zero() -> None:
    """An offset of the electrodes moves nothing on the page."""
    record = spikes()
    shifted = replace(record, signal=record.signal + 2.0)

    for strip in lay_out(record).strips:
        np.testing.assert_allclose(to_mm(record, strip)[1], to_mm(shifted, strip)[1], atol=1e-4)


def test_few_leads_get_a_row_each() -> None:
    """Three leads of a monitor are three rows in the standard order; nothing else is shown."""
    record = spikes(leads=(Lead.V1, Lead.II, Lead.III))

    assert [s.lead for s in lay_out(record).strips] == ["II", "III", "V1"]
    assert {s.duration for s in lay_out(record).strips} == {10.0}


def test_short_record_shows_every_lead() -> None:
    """Of four seconds, each column still shows two and a half."""
    record = spikes(seconds=4.0)

    starts = [s.start for s in lay_out(record).strips[:4]]
    sizes = [to_mm(record, s)[1].size for s in lay_out(record).strips]
    assert starts == [0.0, 1.5, 1.5, 1.5]
    assert sizes == [1250] * 12 + [2000]


def test_deep_trace_stays_on_the_grid() -> None:
    """The grid grows for a last row that falls 3 mV."""
    record = spikes(leads=(Lead.II,))
    record.signal[0, ::500] = -3.0
    places = lay_out(record)

    lowest = places.strips[0].y - to_mm(record, places.strips[0])[1].min()
    assert lowest < places.height


def test_fifty_mm_a_second_shows_five_seconds() -> None:
    """The page keeps its width: the second lead of a row of two begins at 2.5 s, 125 mm on."""
    strips = lay_out(spikes(), layout="6x2", calibration=Calibration(50.0, 10.0)).strips

    assert [(s.start, s.duration) for s in strips[:2]] == [(0.0, 2.5), (2.5, 2.5)]
    assert strips[1].x - strips[0].x == pytest.approx(125.0)


def test_cabrera_turns_avr() -> None:
    """In aVL I -aVR II aVF III, the third row is upside down, and says so."""
    record = spikes()
    limb = [s for s in lay_out(record, layout="cabrera").strips if s.start == 0.0]

    assert [s.label for s in limb] == ["aVL", "I", "-aVR", "II", "aVF", "III"]
    assert to_mm(record, limb[2])[1].min() == pytest.approx(-10.0)


def test_two_rhythm_strips_are_two_leads() -> None:
    """3x4+3 repeats II, V1 and V5; where II is missing, the next lead that is not shown."""
    leads = tuple(lead for lead in LEADS if lead is not Lead.II)

    assert [s.lead for s in lay_out(spikes(), layout="3x4+3").strips[-3:]] == ["II", "V1", "V5"]
    strips = lay_out(spikes(leads=leads), layout="3x4+3").strips[-3:]
    assert [s.lead for s in strips] == ["V1", "V5", "I"]


def test_paper_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    """Neither 30 mm/s nor a violet grid."""
    with pytest.raises(QueryError, match="speed 30, expected one of 25 50"):
        Calibration(30.0, 10.0)
    with pytest.raises(QueryError, match="grid 'violet'"):
        save_record(spikes(), tmp_path / "page.png", color="violet")
