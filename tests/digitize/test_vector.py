"""Tests of reading the lines of a PDF: pages of precord, and pages as others lay them out.

The other pages are written here, operator by operator (`vendor_pdf`), from the same known
signal; what precord renders is read back in every layout, speed and gain by
benchmarks/vector_pdf.py.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from precord.digitize import Options, digitize
from precord.errors import UnsupportedFormatError
from precord.image.layout import Calibration
from precord.image.paper import save_record
from precord.leads import LEADS, Lead
from precord.record import Record, Scale
from precord.simulate import simulate
from tests.digitize.vendor_pdf import Sheet, write_pdf

POINT = 72 / 25.4
COLUMNS = ((0, 3, 6, 9), (1, 4, 7, 10), (2, 5, 8, 11))  # of LEADS, by rows: 3x4


@pytest.fixture(scope="module")
def record() -> Record:
    """Return ten seconds of twelve leads at 500 Hz."""
    return simulate(("SR",), np.random.default_rng(3)).record


def snr(record: Record, found: Record, lead: Lead, first: float, last: float) -> float:
    """Return the dB of a lead between two seconds, but for one offset."""
    truth, got = record.lead(lead), found.lead(lead)
    assert truth is not None
    assert got is not None
    at = np.arange(round(first * record.rate), round(last * record.rate) - 2)
    read = np.interp(at / record.rate, np.arange(got.size) / found.rate, got)
    signal = truth[at].astype(float) - truth[at].mean()
    noise = signal - (read - read.mean())
    return float(10 * np.log10((signal**2).sum() / (noise**2).sum()))


def worst(record: Record, found: Record) -> float:
    """Return the dB of the worst lead of a page of 3x4 columns at 25 mm/s."""
    return min(
        snr(record, found, LEADS[k], 2.5 * column, 2.5 * (column + 1))
        for row in COLUMNS
        for column, k in enumerate(row)
    )


@dataclass(frozen=True)
class Vendor:
    """How another program writes a page of 3x4: lengths in mm of paper, y upwards.

    Attributes:
        digits: of each coordinate behind the point.
        way: "lead" a path per lead, "row" per row, "page" one, "steps" one per sample,
            "clip" ten seconds of each lead behind a window.
        grid: "lines", "thick" ones only, or "none".
        pulse: "own" line before each row, "joined" to it, or "none".
    """

    digits: int = 4
    way: str = "lead"
    grid: str = "lines"
    pulse: str = "own"
    names: bool = True
    words: str = "25 mm/s   10 mm/mV   0.05-150 Hz"
    gain: float = 10.0

    def draw(self, record: Record) -> str:
        """Return the content stream, in millimetres."""
        parts = ["0.1 w 0 0 0 RG", *self._grid(), "0.25 w"]
        rows = [self._row(record, row, 165.0 - 45.0 * n) for n, row in enumerate(COLUMNS)]
        if self.way == "page":
            parts += [" ".join(path for row in rows for path in row) + " S"]
        else:
            parts += [path if path.endswith("Q") else f"{path} S" for row in rows for path in row]
        words = [(20.0, 200.0, self.words)] if self.words else []
        if self.names:
            words += [
                (34.0 + 62.5 * column, 165.0 - 45.0 * n + 12.0, LEADS[k])
                for n, row in enumerate(COLUMNS)
                for column, k in enumerate(row)
            ]
        parts += [f"BT /F1 3 Tf {x} {y} Td ({text}) Tj ET" for x, y, text in words]
        return "\n".join(parts)

    def _grid(self) -> Iterator[str]:
        """Yield the lines of the grid, 290 mm by 180 mm."""
        for step, color in ((1, 0.9), (5, 0.7)):
            if self.grid == "none" or (self.grid == "thick" and step == 1):
                continue
            lines = [f"{x} 10 m {x} 190 l" for x in range(5, 291, step)]
            lines += [f"5 {y} m 290 {y} l" for y in range(10, 191, step)]
            yield f"{color} {color} 0.6 RG {' '.join(lines)} S 0 0 0 RG"

    def _row(self, record: Record, row: tuple[int, ...], zero: float) -> list[str]:
        """Return the paths of one row."""
        x0, paths, joined = 32.0, [], []
        pulse = [(18, 0), (20, 0), (20, 1), (25, 1), (25, 0), (27, 0)]
        shape = np.array([(x, zero + self.gain * y) for x, y in pulse], float)
        for column, k in enumerate(row):
            points = self._points(record.signal[k], x0, zero)
            inside = points[1250 * column : 1250 * (column + 1)]
            window = f"q {x0 + 62.5 * column - 0.01:.4f} 0 62.5 210 re W n "
            if self.way == "clip":
                paths.append(f"{window}{self._path(points)} S Q")
            elif self.way == "steps":
                paths += [self._path(np.stack(two)) for two in itertools.pairwise(inside)]
            elif self.way == "row":
                joined.append(inside)
            else:
                paths.append(self._path(inside))
        if self.pulse == "joined":
            joined.insert(0, np.concatenate([shape, [[32.0 - 0.05, zero]]]))
        elif self.pulse == "own":
            paths.append(self._path(shape))
        return [*paths, self._path(np.concatenate(joined))] if joined else paths

    def _points(self, signal: NDArray[np.float32], x0: float, zero: float) -> NDArray[np.float64]:
        """Return (samples, 2) mm of ten seconds of a lead."""
        x = x0 + np.arange(signal.size) / 500.0 * 25.0
        middle = float(np.median(signal))
        return np.stack([x, zero + self.gain * (signal.astype(float) - middle)], 1)

    def _path(self, points: NDArray[np.float64]) -> str:
        """Return the operators of a line."""
        pairs = [f"{x:.{self.digits}f} {y:.{self.digits}f}" for x, y in points]
        return f"{pairs[0]} m {' l '.join(pairs[1:])} l"


def page(content: str, scale: float = 1.0, **more: str) -> bytes:
    """Return a PDF whose page shows a content in mm at *scale*."""
    k = POINT * scale
    size = (297.0 * scale, 210.0 * scale)
    return write_pdf(Sheet(f"{k:.6f} 0 0 {k:.6f} 0 0 cm\n{content}", size, **more))


@pytest.mark.parametrize("layout", ["3x4+1", "12x1", "cabrera"])
def test_a_rendered_page_comes_back(record: Record, tmp_path: Path, layout: str) -> None:
    """What `precord render` drew is read to 90 dB and more, at its own rate, in millivolts."""
    path = tmp_path / "page.pdf"
    save_record(record, path, layout=layout, calibration=Calibration(25.0, 5.0))

    reading = digitize(path.read_bytes(), path.name)

    found = reading.record
    assert (found.rate, found.scale, found.leads) == (500.0, Scale.MILLIVOLT, LEADS)
    assert found.provenance.format == "PDF"
    assert reading.arrangement is not None
    assert reading.arrangement.layout == layout
    seconds = {"3x4+1": 2.5, "12x1": 10.0, "cabrera": 5.0}[layout]
    assert snr(record, found, Lead.II, 0.0, seconds) > 90
    assert snr(record, found, Lead.AVR, *((2.5, 5.0) if layout == "3x4+1" else (0.0, seconds))) > 90


@pytest.mark.parametrize(
    ("vendor", "least"),
    [
        (Vendor(), 90.0),
        (Vendor(way="row"), 90.0),
        (Vendor(way="row", pulse="joined"), 90.0),
        (Vendor(way="page"), 90.0),
        (Vendor(way="steps"), 90.0),
        (Vendor(way="clip"), 90.0),
        (Vendor(names=False), 90.0),
        (Vendor(way="row", names=False), 90.0),
        (Vendor(digits=2), 40.0),  # 0.01 mm is 1 uV and 0.4 ms; the smallest lead has 40 uV
        (Vendor(grid="thick"), 90.0),
        (Vendor(grid="none"), 90.0),
        (Vendor(grid="none", pulse="none"), 90.0),
        (Vendor(words=""), 90.0),
        (Vendor(gain=5.0, words="25 mm/s 5 mm/mV"), 90.0),
        (Vendor(pulse="none"), 90.0),
    ],
    ids=str,
)
def test_pages_of_other_programs(record: Record, vendor: Vendor, least: float) -> None:
    """However the lines are cut into paths, each lead comes back at its time, in millivolts."""
    found = digitize(page(vendor.draw(record)), "vendor.pdf").record

    assert (found.scale, found.leads) == (Scale.MILLIVOLT, LEADS)
    assert found.rate == pytest.approx(500.0, rel=1e-4)
    assert worst(record, found) > least


@pytest.mark.parametrize(
    "sheet",
    [
        "scaled",
        "form",
        "turned by the page",
        "turned in the page",
        "anisotropic",
    ],
)
def test_transforms_are_undone(record: Record, sheet: str) -> None:
    """A page saved at 71 %, drawn upside down in a form, or turned, is the same ECG."""
    content, k = Vendor().draw(record), POINT
    size, tall = (297.0, 210.0), (210.0, 297.0)
    turned = f"0 {k:.6f} {-k:.6f} 0 {210 * k:.6f} 0 cm\n{content}"
    data = {
        "scaled": page(content, 0.71),
        "form": write_pdf(
            Sheet(f"q {k:.6f} 0 0 {-k:.6f} 0 {210 * k:.6f} cm /Fm Do Q", size, content,
                  "1 0 0 -1 0 210")
        ),
        "turned by the page": write_pdf(Sheet(turned, tall, more="/Rotate 90")),
        "turned in the page": write_pdf(Sheet(turned, tall)),
        "anisotropic": write_pdf(Sheet(f"{k:.6f} 0 0 {0.9 * k:.6f} 0 0 cm\n{content}", size)),
    }[sheet]  # fmt: skip

    found = digitize(data, "vendor.pdf").record

    assert found.rate == pytest.approx(500.0, rel=1e-4)
    assert worst(record, found) > 80


def test_speed_and_gain_are_never_assumed(record: Record) -> None:
    """Without words and pulse: speed is asked for, amplitudes unknown, options supply both."""
    data = page(Vendor(words="", pulse="none").draw(record))

    with pytest.raises(UnsupportedFormatError, match="--speed 25 or --speed 50"):
        digitize(data, "bare.pdf")
    unknown = digitize(data, "bare.pdf", Options(speed=25.0)).record
    assert unknown.scale is Scale.UNKNOWN
    assert np.nanstd(unknown.signal, axis=1) == pytest.approx(1.0, abs=1e-3)
    assert any("--gain" in note for note in unknown.provenance.notes)
    known = digitize(data, "bare.pdf", Options(speed=25.0, gain=10.0)).record
    assert worst(record, known) > 90


@pytest.mark.parametrize("words", ["25 mm/s 5 mm/mV", "25 mm/s limb 10 mm/mV chest 5 mm/mV"])
def test_gains_that_differ_are_unknown(record: Record, words: str) -> None:
    """Words against the pulse, or two gains in words: no millivolts, and a note says why."""
    found = digitize(page(Vendor(words=words).draw(record)), "vendor.pdf").record

    assert found.scale is Scale.UNKNOWN
    assert any("more than one gain: 5 and 10" in note for note in found.provenance.notes)


def test_half_a_page_says_what_is_missing(record: Record) -> None:
    """Nine leads are a record of nine leads, and a note names the three that are not there."""
    missing = replace(record, signal=record.signal.copy())
    content = Vendor().draw(missing)
    kept = [line for line in content.splitlines() if "219.5" not in line.split(" m ")[0]]
    kept = [line for line in kept if not any(f"({v})" in line for v in ("V4", "V5", "V6"))]

    found = digitize(page("\n".join(kept)), "half.pdf").record

    assert found.leads == LEADS[:9]
    assert any("9 of the twelve" in n and "V4 V5 V6" in n for n in found.provenance.notes)


def test_a_layout_that_the_names_contradict_is_refused(record: Record) -> None:
    """Names printed beside the traces are believed more than an option."""
    data = page(Vendor().draw(record))

    with pytest.raises(UnsupportedFormatError, match="they show 3x4"):
        digitize(data, "vendor.pdf", Options(layout="6x2"))


def test_lines_that_make_no_ecg_are_read_as_a_picture() -> None:
    """A page of text and a table is read as a picture, and refused, in one line."""
    lines = " ".join(f"20 {y} m 190 {y} l S" for y in range(50, 200, 10))
    words = "BT /F1 5 Tf 30 100 Td (V1 25 mm/s 10 mm/mV) Tj ET"
    data = write_pdf(Sheet(f"0.2 w {lines} {words}", (80.0, 80.0)))

    with pytest.raises(UnsupportedFormatError, match=r"table\.pdf: ") as refusal:
        digitize(data, "table.pdf")
    assert "\n" not in str(refusal.value)
