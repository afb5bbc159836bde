"""The page measured: PNG by its pixels, PDF by its lines, SVG by its elements, each to 0.1 mm.

The signal is known: 1 mV for 0.2 s at each second. Where it must stand follows from the
paper's speed and gain and from the layouts written down here, not from the code that draws.
"""

import re
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pypdfium2
import pytest
from numpy.typing import NDArray
from PIL import Image

from precord.digitize import digitize
from precord.digitize.pdf import Stroke, read_content
from precord.image.layout import GRID_LEFT, GRID_WIDTH, TRACE_LEFT, Calibration, lay_out
from precord.image.paper import COLORS, save_record
from precord.leads import LEADS
from precord.record import Record, Scale

Floats = NDArray[np.float64]
COLUMNS = {"3x4": 4, "3x4+1": 4, "3x4+3": 4, "6x2": 2, "6x2+1": 2, "12x1": 1, "cabrera": 2}
LINES = {"3x4": 12, "3x4+1": 13, "3x4+3": 15, "6x2": 12, "6x2+1": 13, "12x1": 12, "cabrera": 12}
CLOSE = 0.1  # mm


def _steps() -> Record:
    """Return ten seconds at 500 Hz: 1 mV for the first 0.2 s of each second, else 0."""
    signal = np.zeros((12, 5000), np.float32)
    for second in range(10):
        signal[:, second * 500 : second * 500 + 100] = 1.0
    return Record(signal, LEADS, 500.0)


def _check_trace(points: Floats, speed: float, gain: float, *, is_turned: bool) -> None:
    """Check that a trace, (points, 2) mm, steps by *gain* each second, and by nothing else."""
    base = float(np.median(points[:, 1]))
    up = (points[:, 1] - base) if is_turned else (base - points[:, 1])
    is_up = up > gain / 2
    np.testing.assert_allclose(up[is_up], gain, atol=CLOSE)
    np.testing.assert_allclose(up[~is_up], 0.0, atol=CLOSE)
    rises = points[1:, 0][np.diff(is_up.astype(int)) == 1]
    falls = points[1:, 0][np.diff(is_up.astype(int)) == -1]
    np.testing.assert_allclose(np.diff(rises), speed, atol=CLOSE)
    np.testing.assert_allclose(np.diff(falls), speed, atol=CLOSE)
    for fall in falls:
        began = [rise for rise in [points[0, 0], *rises] if rise < fall][-1]
        if began > points[0, 0]:
            assert fall - began == pytest.approx(0.2 * speed, abs=CLOSE)


def _check_grid(lines: list[Floats]) -> None:
    """Check that lines stand 1 mm apart in both directions, and each fifth is there twice."""
    for axis in (0, 1):
        along = [line for line in lines if np.ptp(line[:, axis]) < 1e-3]
        places = np.sort(np.array([line[0, axis] for line in along]))
        single = places[np.diff(places, prepend=-np.inf) > 0.01]
        np.testing.assert_allclose(np.diff(single), 1.0, atol=0.01)
        assert single.size - 1 == round(float(np.ptp(single)))
        assert len(places) - len(single) == (len(single) - 1) // 5 + 1
        if axis == 0:
            assert single[0] == pytest.approx(GRID_LEFT, abs=CLOSE)
            assert single[-1] == pytest.approx(GRID_LEFT + GRID_WIDTH, abs=CLOSE)


@pytest.mark.parametrize(
    ("layout", "speed", "gain"),
    [
        ("3x4", 25.0, 10.0), ("3x4+1", 50.0, 5.0), ("3x4+3", 25.0, 20.0), ("6x2", 50.0, 10.0),
        ("6x2+1", 25.0, 5.0), ("12x1", 25.0, 10.0), ("cabrera", 50.0, 20.0),
    ],
)  # fmt: skip
def test_a_pdf_is_exact(tmp_path: Path, layout: str, speed: float, gain: float) -> None:
    """In a PDF the grid, the pulses and every trace of every layout stand where they must."""
    path = tmp_path / "page.pdf"
    save_record(_steps(), path, layout=layout, calibration=Calibration(speed, gain))
    with pypdfium2.PdfDocument(path) as document:
        content = read_content(document[0])

    def lines(least: int, most: int) -> list[Floats]:
        return [s.points for s in content.strokes if least <= len(s.points) <= most]

    assert content.size[0] == pytest.approx(297.0, abs=CLOSE)
    _check_grid([p for p in lines(2, 2) if np.ptp(p, axis=0).max() > 20.0])
    pulses, traces = lines(6, 6), lines(100, 5000)
    assert len(traces) == LINES[layout]
    for pulse in pulses:
        steps = [0.0, 2.5, 2.5, 2.5 + 0.2 * speed, 2.5 + 0.2 * speed, 5.0 + 0.2 * speed]
        np.testing.assert_allclose(pulse[:, 0] - pulse[0, 0], steps, atol=CLOSE)
        np.testing.assert_allclose(pulse[0, 1] - pulse[:, 1], [0, 0, gain, gain, 0, 0], atol=CLOSE)
    width = 250.0 / COLUMNS[layout]
    for n, trace in enumerate(traces):
        is_strip = np.ptp(trace[:, 0]) > width + 1.0
        column = 0 if is_strip else n % COLUMNS[layout]
        assert trace[0, 0] == pytest.approx(TRACE_LEFT + column * width, abs=CLOSE)
        length = (250.0 if is_strip else width) - speed / 500.0  # to the last sample
        assert np.ptp(trace[:, 0]) == pytest.approx(length, abs=CLOSE)
        turned = layout == "cabrera" and n == 4  # third row, first column: -aVR
        _check_trace(trace, speed, gain, is_turned=turned)


@pytest.mark.parametrize(
    ("dpi", "layout", "speed", "gain"),
    [(96.0, "12x1", 25.0, 5.0), (150.0, "3x4+1", 25.0, 10.0), (233.0, "6x2", 50.0, 20.0)],
)
def test_a_png_is_exact(tmp_path: Path, dpi: float, layout: str, speed: float, gain: float) -> None:
    """In the pixels of a PNG, thick lines and traces stand where they must."""
    record, calibration = _steps(), Calibration(speed, gain)
    path = tmp_path / "page.png"
    save_record(record, path, layout=layout, calibration=calibration, dpi=dpi)
    with Image.open(path) as picture:
        pixels = np.asarray(picture.convert("RGB"), float)
    px = dpi / 25.4
    places = lay_out(record, layout=layout, calibration=calibration)
    red = pixels[..., 0] - pixels[..., 1]
    low, high = round((places.grid_top + 1) * px), round((places.height - 1) * px)
    across = red[low:high].mean(axis=0)
    for x in GRID_LEFT + 5.0 * np.arange(1, 55):
        assert _centre(across, x, px) == pytest.approx(x, abs=CLOSE)
    down = red[:, round((GRID_LEFT + 1) * px) : round((GRID_LEFT + 3) * px)].mean(axis=1)
    for y in places.grid_top + 5.0 * np.arange(1, round(places.grid_height / 5) - 1):
        assert _centre(down, y, px) == pytest.approx(y, abs=CLOSE)

    dark = np.clip(0.92 - pixels[..., 0] / 255.0, 0.0, 1.0)  # in red light the grid is lighter
    strip = next(strip for strip in places.strips if strip.x == TRACE_LEFT)
    for second in range(1, int(strip.duration)):  # the name stands over the first
        x = strip.x + second * speed
        top = dark[:, round((x + 0.05 * speed) * px) : round((x + 0.15 * speed) * px)].mean(axis=1)
        zero = dark[:, round((x + 0.5 * speed) * px) : round((x + 0.9 * speed) * px)].mean(axis=1)
        assert _centre(top, strip.y - gain, px) == pytest.approx(strip.y - gain, abs=CLOSE)
        assert _centre(zero, strip.y, px) == pytest.approx(strip.y, abs=CLOSE)
        middle = slice(round((strip.y - 0.7 * gain) * px), round((strip.y - 0.3 * gain) * px))
        fall = dark[middle].mean(axis=0)
        assert _centre(fall, x + 0.2 * speed, px) == pytest.approx(x + 0.2 * speed, abs=CLOSE)


def _centre(profile: Floats, near: float, px: float) -> float:
    """Return the mm at which a profile of pixels is centred within half a mm of a place."""
    middle = near * px - 0.5
    at = np.arange(int(np.ceil(middle - 0.45 * px)), int(middle + 0.45 * px) + 1)
    best = int(at[np.argmax(profile[at])])
    at = np.arange(best - 2, best + 3)
    weight = np.maximum(profile[at] - np.median(profile), 0.0)
    return float(((at + 0.5) / px * weight).sum() / weight.sum())


def test_an_svg_is_exact(tmp_path: Path) -> None:
    """In an SVG every trace of the layout with most rows steps as it must."""
    path = tmp_path / "page.svg"
    save_record(_steps(), path, layout="3x4+3", calibration=Calibration(25.0, 5.0))
    tree = ET.parse(path).getroot()  # noqa: S314 - written a moment ago by this test
    traces = []
    for group in tree.iter("{http://www.w3.org/2000/svg}g"):
        if group.get("id", "").startswith("trace-"):
            shape = next(group.iter("{http://www.w3.org/2000/svg}path")).get("d", "")
            numbers = np.array(re.findall(r"-?\d+\.?\d*", shape), float)
            traces.append(numbers.reshape(-1, 2) * 25.4 / 72)

    assert len(traces) == LINES["3x4+3"]
    for trace in traces:
        _check_trace(trace, 25.0, 5.0, is_turned=False)


@pytest.mark.parametrize("color", COLORS)
def test_the_grid_has_the_colour_asked_for(tmp_path: Path, color: str) -> None:
    """Thin and thick lines of a PDF have the colours of the table, and no other lines do."""
    path = tmp_path / "page.pdf"
    save_record(_steps(), path, layout="3x4", color=color)
    with pypdfium2.PdfDocument(path) as document:
        content = read_content(document[0])

    long = [s for s in content.strokes if len(s.points) == 2 and np.ptp(s.points, 0).max() > 20]
    assert {_hex(stroke) for stroke in long} == set(COLORS[color][:2])


def _hex(stroke: Stroke) -> str:
    """Return a line's colour as the web writes it."""
    red, green, blue, _ = stroke.style.color
    return f"#{red:02x}{green:02x}{blue:02x}"


def test_a_page_of_unknown_scale_has_lines_of_time_only(tmp_path: Path) -> None:
    """In its PDF no long line is level, no pulse stands, and it is read as of unknown scale."""
    path = tmp_path / "page.pdf"
    record = Record(_steps().signal, LEADS, 500.0, Scale.UNKNOWN)
    save_record(record, path, layout="3x4+1")
    with pypdfium2.PdfDocument(path) as document:
        content = read_content(document[0])
    long = [s.points for s in content.strokes if len(s.points) == 2]
    long = [points for points in long if np.ptp(points, axis=0).max() > 20.0]

    assert all(np.ptp(points[:, 0]) < 1e-3 for points in long)
    assert not [s for s in content.strokes if len(s.points) == 6]
    assert "amplitudes not comparable" in " ".join(word.text for word in content.words)
    steps = [b - a for a, b in pairwise(sorted({round(float(p[0, 0]), 2) for p in long}))]
    np.testing.assert_allclose(steps, 1.0, atol=0.01)
    assert digitize(path.read_bytes(), "page.pdf").record.scale is Scale.UNKNOWN
