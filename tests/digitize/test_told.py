"""Tests of what tells a page's speed: one whole pulse, or a printed heart rate."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from precord.digitize import Options, digitize, told
from precord.digitize.printed import find_heart_rate
from precord.digitize.pulse import Pulse, tell_by_one
from precord.digitize.redact import Box
from precord.errors import PrecordError
from precord.image.layout import Calibration
from precord.image.page import Style, draw_page
from precord.signal.beats import find_beats
from precord.simulate import simulate

PICTURES = Path(os.environ.get("PRECORD_SHARED", "../shared"), "data", "paper-images")
CUT = float("nan")


def _words(*rows: tuple[str, float, float]) -> list[Box]:
    """Return words of text, left edge and top, each 10 high and 10 wide for each letter."""
    return [Box(text, x, y, x + 10.0 * len(text), y + 10.0) for text, x, y in rows]


@pytest.mark.parametrize(
    ("words", "rate"),
    [
        ([("Vent. rate", 0, 0), ("67 BPM", 200, 0)], 67.0),
        ([("80", 200, 1), ("BPM", 260, 0), ("148", 200, 15), ("ms", 260, 15)], 80.0),
        ([("72/min", 0, 0)], 72.0),
        ([("BPM", 260, 0)], None),
        ([("67 BPM", 200, 0), ("150 BPM", 200, 20)], None),  # of the atria, perhaps
        ([("80", 200, 40), ("BPM", 260, 0)], None),  # on another line
        ([("80", 300, 0), ("BPM", 260, 0)], None),  # behind it
        ([("999 BPM", 200, 0)], None),
        ([("67 ms", 200, 0)], None),
    ],
)
def test_a_heart_rate_stands_before_its_unit(
    words: list[tuple[str, float, float]], rate: float | None
) -> None:
    """With it or on its line, and only one."""
    assert find_heart_rate(_words(*words)) == rate


@pytest.mark.parametrize(
    ("pulses", "scale"),
    [
        ([(10.0, 5.0), None, None], (10.0, 25.0)),
        ([(5.1, 10.2), (5.1, CUT), None], (5.0, 50.0)),
        ([(10.0, 5.4), None], None),  # a beat may be as wide as that
        ([(10.7, 5.0), None], None),
        ([(10.0, 5.0), (20.0, CUT)], None),  # they do not agree
        ([(10.0, 5.0), (10.0, 5.0)], None),  # there are several: other rules
        ([(10.0, CUT), None], None),
    ],
)
def test_one_whole_pulse_tells_gain_and_speed_if_it_is_exact(
    pulses: list[tuple[float, float] | None], scale: tuple[float, float] | None
) -> None:
    """1 mV and 0.2 s, each within 5 %."""
    found = [None if p is None else Pulse(40, 90, *p) for p in pulses]
    assert tell_by_one(found) == scale


@pytest.mark.slow
@pytest.mark.parametrize("speed", [25.0, 50.0])
def test_a_printed_heart_rate_tells_the_speed(
    speed: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a pulse; a rate that the traces have at no speed tells nothing."""
    record = simulate(("SR",), np.random.default_rng(5)).record
    page = draw_page(
        record,
        layout="3x4",
        dpi=120,
        style=Style(pulse="none"),
        calibration=Calibration(speed, 10.0),
    )
    file = io.BytesIO()
    Image.fromarray(page.picture).save(file, "PNG")
    beats = find_beats(record)
    rate = round(60.0 * record.rate / float(np.mean(np.diff(beats))))

    monkeypatch.setattr(told, "read_words", lambda _: _words((f"{rate} BPM", 0, 0)))
    found = digitize(file.getvalue(), "x.png").record
    assert found.rate == 10.0 * speed
    assert any(f"printed {rate}/min" in note for note in found.provenance.notes)

    for other in (round(1.2 * rate), 3 * rate):
        monkeypatch.setattr(told, "read_words", lambda _, n=other: _words((f"{n} BPM", 0, 0)))
        with pytest.raises(PrecordError, match="--speed 25 or --speed 50"):
            digitize(file.getvalue(), "x.png")


@pytest.mark.slow
def test_the_heart_tells_25_where_nothing_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    """And is said to; of the same record at 50 mm/s, nothing is told."""
    monkeypatch.setattr(told, "read_words", lambda _: None)
    record = simulate(("SR",), np.random.default_rng(5)).record
    files = []
    for speed in (25.0, 50.0):
        page = draw_page(
            record, layout="6x2", dpi=120, style=Style(pulse="none"), calibration=Calibration(speed)
        )
        file = io.BytesIO()
        Image.fromarray(page.picture).save(file, "PNG")
        files.append(file.getvalue())

    found = digitize(files[0], "slow.png")
    stated = digitize(files[0], "slow.png", Options(speed=25.0))
    assert found.record.rate == 250.0
    assert any("told by the heart" in note for note in found.record.provenance.notes)
    assert all(a < b for a, b in zip(found.snr_db, stated.snr_db, strict=True))
    sure, doubted = (one.record.provenance.confidence for one in (stated, found))
    assert sure is not None
    assert doubted is not None
    assert all(a < b for a, b in zip(doubted, sure, strict=True))
    with pytest.raises(PrecordError, match="--speed 25 or --speed 50"):
        digitize(files[1], "fast.png")


@pytest.mark.slow
@pytest.mark.skipif(not PICTURES.exists(), reason="no shared data")
def test_a_real_page_with_one_pulse_that_can_be_followed() -> None:
    """Its five other pulses touch the edge of the paper; 10 mm high and 5 mm wide are printed."""
    picture = PICTURES / "ecg00006.png"
    reading = digitize(picture.read_bytes(), picture.name, Options())
    assert reading.record.rate == 250.0
    assert reading.record.is_calibrated
    assert reading.arrangement is not None
    assert reading.arrangement.layout == "3x4+3"
