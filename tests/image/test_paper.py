"""Tests of precord.image.paper.

The oracle of the geometry is the SVG itself: its coordinates are points, 72 to the inch,
and are read here by an XML parser, not by the code that wrote them.
"""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from precord.errors import QueryError
from precord.image.layout import (
    GRID_LEFT,
    MM_PER_SECOND,
    PAGE_WIDTH,
    Calibration,
    lay_out,
)
from precord.image.paper import BANNER, DISCLAIMER, Mark, save_match, save_record
from precord.leads import LEADS, Lead
from precord.record import Acquisition, Record, Scale
from tests.image.test_layout import spikes

MM = 72 / 25.4  # points in a millimetre
NAME = "{http://www.w3.org/2000/svg}"


def _draw(record: Record, tmp_path: Path, text: str = "") -> ET.Element:
    """Return the drawn page as an XML tree."""
    save_record(record, tmp_path / "page.svg", text=text)
    return _parse(tmp_path / "page.svg")


def _parse(path: Path) -> ET.Element:
    """Return the XML tree of a page."""
    return ET.parse(path).getroot()  # noqa: S314 - written a moment ago by this test


def _points(tree: ET.Element, gid: str) -> list[np.ndarray]:
    """Return the (points, 2) of each path in each group named *gid*, in mm from the top left."""
    found = []
    for group in tree.iter(f"{NAME}g"):
        if re.sub(r"_\d+$", "", group.get("id", "")) != gid:
            continue
        for path in group.iter(f"{NAME}path"):
            numbers = re.findall(r"-?\d+\.?\d*", path.get("d", ""))
            found.append(np.array(numbers, float).reshape(-1, 2) / MM)
    return found


def _texts(tree: ET.Element) -> list[str]:
    """Return the texts of the page."""
    return ["".join(text.itertext()).strip() for text in tree.iter(f"{NAME}text")]


def test_one_second_is_25_mm_and_one_millivolt_10_mm(tmp_path: Path) -> None:
    """On the SVG page, spikes a second apart stand 25 mm apart and 10 mm high."""
    (trace,) = _points(_draw(spikes(), tmp_path), "trace-II-10")

    base = np.median(trace[:, 1])
    tops = trace[trace[:, 1] < base - 5]

    assert len(tops) == 10
    np.testing.assert_allclose(np.diff(tops[:, 0]), 25.0, atol=0.1)
    np.testing.assert_allclose(base - tops[:, 1], 10.0, atol=0.1)


def test_page_and_grid_have_their_size(tmp_path: Path) -> None:
    """The page is 297 mm wide; grid lines stand 1 and 5 mm apart in both directions."""
    tree = _draw(spikes(), tmp_path)

    assert float(tree.get("width", "").removesuffix("pt")) / MM == pytest.approx(
        PAGE_WIDTH, abs=0.1
    )
    for size, step in (("minor", 1.0), ("major", 5.0)):
        xs = [line[0, 0] for line in _points(tree, f"grid-time-{size}")]
        ys = [line[0, 1] for line in _points(tree, f"grid-millivolt-{size}")]
        np.testing.assert_allclose(np.diff(sorted(xs)), step, atol=0.01)
        np.testing.assert_allclose(np.diff(sorted(ys)), step, atol=0.01)


def test_each_row_has_a_pulse_of_one_millivolt(tmp_path: Path) -> None:
    """The calibration pulse is 10 mm high and 5 mm (0.2 s) wide, on its row's zero line."""
    record = spikes()
    pulses = _points(_draw(record, tmp_path), "pulse")

    zeros = sorted({strip.y for strip in lay_out(record).strips})
    assert len(pulses) == 4
    for pulse, zero in zip(sorted(pulses, key=lambda p: float(p[0, 1])), zeros, strict=True):
        top = pulse[pulse[:, 1] < zero - 1]
        np.testing.assert_allclose(np.ptp(pulse[:, 1]), 10.0, atol=0.1)
        np.testing.assert_allclose(np.ptp(top[:, 0]), 5.0, atol=0.1)
        assert pulse[0, 1] == pytest.approx(zero, abs=0.1)


def test_png_has_its_resolution(tmp_path: Path) -> None:
    """A PNG says its dots per inch, and is as many dots wide as that makes of 297 mm."""
    save_record(spikes(), tmp_path / "page.png", dpi=100)
    with Image.open(tmp_path / "page.png") as picture:
        width, dpi = picture.width, picture.info["dpi"]

    assert dpi == pytest.approx((100, 100), abs=0.01)
    assert width == pytest.approx(PAGE_WIDTH / 25.4 * 100, abs=1)


def test_unknown_scale_has_no_millivolts(tmp_path: Path) -> None:
    """Time lines and a banner, but no line of amplitude, no pulse and no word of mV."""
    tree = _draw(replace(spikes(), scale=Scale.UNKNOWN), tmp_path)
    texts = _texts(tree)

    assert _points(tree, "grid-time-minor")
    assert not _points(tree, "grid-millivolt-minor")
    assert not _points(tree, "grid-millivolt-major")
    assert not _points(tree, "pulse")
    assert any(BANNER in text for text in texts)
    assert not any("mV" in text for text in texts)


def test_calibrated_page_has_no_banner(tmp_path: Path) -> None:
    """The banner is for unknown scales only; the disclaimer stands on every page."""
    texts = _texts(_draw(spikes(), tmp_path))

    assert not any(BANNER in text for text in texts)
    assert DISCLAIMER in texts
    assert any("25 mm/s, 10 mm/mV" in text for text in texts)


def test_missing_samples_are_a_gap(tmp_path: Path) -> None:
    """A missing second is not bridged: the trace has two pieces, 25 mm apart."""
    record = spikes()
    record.signal[1, 2000:2500] = np.nan

    save_record(record, tmp_path / "page.svg")
    tree = _parse(tmp_path / "page.svg")
    group = next(g for g in tree.iter(f"{NAME}g") if g.get("id") == "trace-II-10")
    pieces = [p for p in re.split("(?=M)", next(group.iter(f"{NAME}path")).get("d", "")) if p]

    ends = [np.array(re.findall(r"-?\d+\.?\d*", p), float).reshape(-1, 2) / MM for p in pieces]
    assert len(ends) == 2
    assert ends[1][0, 0] - ends[0][-1, 0] == pytest.approx(25.0, abs=0.1)


def test_a_lead_that_is_missing_is_named(tmp_path: Path) -> None:
    """In the standard layout, a lead that was not recorded says so."""
    leads = tuple(lead for lead in LEADS if lead not in (Lead.II, Lead.V3))
    record = spikes(leads=leads)
    texts = _texts(_draw(record, tmp_path))

    assert "V3 not recorded" in texts
    assert "II not recorded" in texts
    assert lay_out(record).strips[-1].lead == "V1"  # the rhythm strip


def test_long_record_is_cut_and_says_so(tmp_path: Path) -> None:
    """Of thirty seconds ten are drawn, and the header says it."""
    record = spikes(seconds=30.0)
    tree = _draw(record, tmp_path)
    (trace,) = _points(tree, "trace-II-10")

    assert any("first 10 of 30.0 s" in text for text in _texts(tree))
    assert np.ptp(trace[:, 0]) == pytest.approx(250.0, abs=0.1)


def test_text_is_drawn_as_written(tmp_path: Path) -> None:
    """Dollars are no formula, control characters and what the font lacks become a mark."""
    texts = _draw_texts(tmp_path, "cost $1 and \\frac{1}{2}$ \x1b[31m 心電図 für ÄÖÜ")

    assert "cost $1 and \\frac{1}{2}$ ?[31m ??? für ÄÖÜ" in texts


def _draw_texts(tmp_path: Path, text: str) -> list[str]:
    """Return the texts of a page with *text* in its header."""
    return _texts(_draw(spikes(), tmp_path, text=text))


def test_long_report_is_cut(tmp_path: Path) -> None:
    """A report of a page's length takes two lines and ends with an ellipsis."""
    texts = _draw_texts(tmp_path, "sinusrhythmus " * 200)

    shown = [text for text in texts if text.startswith("sinusrhythmus")]
    assert len(shown) == 2
    assert shown[1].endswith("…")


def test_patient_id_is_never_drawn(tmp_path: Path) -> None:
    """Age, time and device are on the page; who it is, is not."""
    time = datetime(2020, 1, 2, 3, 4, tzinfo=UTC)
    taken = Acquisition(time=time, device="CS-12", age=71.0, patient_id="SECRET-17")
    _draw(replace(spikes(), acquisition=taken), tmp_path)

    page = (tmp_path / "page.svg").read_text()
    assert "SECRET-17" not in page
    assert "71 years · 2020-01-02 03:04 · CS-12" in page


def test_match_shows_both(tmp_path: Path) -> None:
    """Query above hit, each with its own title, text and grid."""
    query, hit = spikes(), replace(spikes(), scale=Scale.UNKNOWN)

    save_match(
        query,
        hit,
        tmp_path / "match.svg",
        query_title="Query",
        hit_title="Best match, SIMULATED",
        hit_text="linksschenkelblock",
    )

    tree = _parse(tmp_path / "match.svg")
    traces = sorted(_points(tree, "trace-II-10"), key=lambda p: float(p[0, 1]))
    assert {"Query", "Best match, SIMULATED", "linksschenkelblock"} <= set(_texts(tree))
    assert len(traces) == 2
    assert len(_points(tree, "pulse")) == 4  # of the query alone
    assert np.ptp(traces[0][:, 1]) == pytest.approx(10.0, abs=0.1)


@pytest.mark.parametrize("suffix", [".png", ".pdf", ".svg"])
def test_equal_pages_give_equal_files(tmp_path: Path, suffix: str) -> None:
    """No date and no random name is in a picture."""
    for name in "ab":
        save_record(spikes(), tmp_path / f"{name}{suffix}")

    assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


@pytest.mark.parametrize(
    ("name", "layout", "message"),
    [
        ("page.bmp", None, "ends in one of .png .pdf .svg"),
        ("page", None, "ends in one of"),
        ("no/such/folder.png", None, "cannot be written"),
        ("page.png", "5x5", "expected one of 3x4 3x4\\+1"),
    ],
)
def test_refusals(tmp_path: Path, name: str, layout: str | None, message: str) -> None:
    """A picture that cannot be made is refused in words."""
    with pytest.raises(QueryError, match=message):
        save_record(spikes(), tmp_path / name, layout=layout)


@pytest.mark.parametrize("rate", [1.0, 100.0, 257.3, 1000.0])
def test_any_rate_is_drawn(tmp_path: Path, rate: float) -> None:
    """Ten seconds are 250 mm at any rate, to within a sample."""
    rng = np.random.default_rng(1)
    record = Record(rng.normal(size=(12, round(10 * rate))).astype(np.float32), LEADS, rate)
    (trace,) = _points(_draw(record, tmp_path), "trace-II-10")

    assert np.ptp(trace[:, 0]) == pytest.approx(250.0, abs=25.0 / rate + 0.2)


@pytest.mark.parametrize(("speed", "gain"), [(25.0, 10.0), (50.0, 5.0), (25.0, 20.0)])
@pytest.mark.parametrize("dpi", [100.0, 254.0])
def test_raster_is_exact(tmp_path: Path, speed: float, gain: float, dpi: float) -> None:
    """In the pixels, 0.2 s and 1 mV of the pulse have their length to 0.1 mm.

    The edges of the dark pulse are found by their grey levels, weighted, not by the drawing
    code: 254 dots per inch are ten a millimetre.
    """
    calibration = Calibration(speed, gain)
    record = spikes(leads=(Lead.II,))
    save_record(record, tmp_path / "page.png", dpi=dpi, calibration=calibration)
    places = lay_out(record, calibration=calibration)
    with Image.open(tmp_path / "page.png") as picture:
        dark = 1.0 - np.asarray(picture.convert("RGB"), float)[..., 0] / 255.0
    dark = np.clip(dark - 0.1, 0.0, 1.0)  # in red light the grid is lighter than that
    px, y = dpi / 25.4, places.strips[0].y
    left, right = round((GRID_LEFT + 1) * px), round((GRID_LEFT + 19) * px)
    middle = dark[round((y - 0.7 * gain) * px) : round((y - 0.3 * gain) * px), left:right].sum(0)
    xs, half = np.arange(middle.size), round((4.0 + 0.1 * speed) * px)
    rise = np.average(xs[:half], weights=middle[:half])
    fall = np.average(xs[half:], weights=middle[half:])
    assert (fall - rise) / px == pytest.approx(0.2 * speed, abs=0.1)

    between = round(left + (rise + 0.3 * (fall - rise))), round(left + (rise + 0.7 * (fall - rise)))
    base = slice(round((GRID_LEFT + 2.7) * px), round((GRID_LEFT + 4.5) * px))
    top = dark[round((y - gain - 1) * px) : round((y - gain + 1) * px), slice(*between)].sum(1)
    zero = dark[round((y - 1) * px) : round((y + 1) * px), base].sum(1)
    top_y = np.average(np.arange(top.size), weights=top) + round((y - gain - 1) * px)
    zero_y = np.average(np.arange(zero.size), weights=zero) + round((y - 1) * px)
    assert (zero_y - top_y) / px == pytest.approx(gain, abs=0.1)


def test_marks_are_shaded_where_they_lie(tmp_path: Path) -> None:
    """A mark on V2 from 1.2 to 1.6 s: a box 10 mm wide, on that strip alone."""
    record = spikes()
    save_match(
        record,
        record,
        tmp_path / "match.svg",
        query_title="q",
        hit_title="h",
        marks=[Mark("V2", 6.2, 6.6, 1.0)],
    )

    tree = _parse(tmp_path / "match.svg")

    names = [g.get("id", "") for g in tree.iter(f"{NAME}g") if "mark-" in g.get("id", "")]
    assert len(names) == 1
    (box,) = _points(tree, names[0])
    assert np.ptp(box[:, 0]) == pytest.approx(0.4 * MM_PER_SECOND, abs=0.05)
