"""Tests of precord.digitize: pages drawn from known signals come back; the rest is refused."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from precord.digitize import Options, digitize, is_picture
from precord.digitize.confidence import Evidence, expect_snr, to_confidence
from precord.errors import FormatError, PrecordError, QueryError
from precord.image.page import Page, Style, draw_page
from precord.io import read
from precord.leads import Lead
from precord.record import Record, Scale
from precord.simulate import simulate


@pytest.fixture(scope="module")
def record() -> Record:
    """Return one simulated ECG."""
    return simulate(("SR",), np.random.default_rng(3)).record


def _png(page: Page) -> bytes:
    """Return a page as a PNG file."""
    file = io.BytesIO()
    Image.fromarray(page.picture).save(file, "PNG")
    return file.getvalue()


def _blank(kind: str = "PNG", size: tuple[int, int] = (400, 400)) -> bytes:
    """Return a white picture as a file."""
    file = io.BytesIO()
    Image.new("RGB", size, "white").save(file, kind)
    return file.getvalue()


def test_a_clean_page_comes_back(record: Record, tmp_path: Path) -> None:
    """3x4+1 at 150 dots per inch: speed and gain found, lead II alike, at most 15 % low."""
    path = tmp_path / "page.png"
    path.write_bytes(_png(draw_page(record, layout="3x4+1", dpi=150)))
    found = read(path)

    assert found.is_calibrated
    assert found.rate == 250.0
    assert found.provenance.is_digitised
    assert len(found.provenance.confidence) == len(found.leads) == 12
    truth, got = record.lead(Lead.II), found.lead(Lead.II)
    assert truth is not None
    assert got is not None
    n = min(got.size, 10 * 250)
    truth_at = np.interp(np.arange(n) / 250, np.arange(truth.size) / record.rate, truth)
    got_at = np.where(np.isfinite(got[:n]), got[:n], 0.0)
    lags = range(-8, 9)  # at most 32 ms
    assert max(float(np.corrcoef(truth_at, np.roll(got_at, k))[0, 1]) for k in lags) > 0.95
    assert np.nanmax(got) - np.nanmin(got) == pytest.approx(np.ptp(truth), rel=0.15)


def test_without_a_pulse_amplitudes_are_unknown(record: Record) -> None:
    """No pulse, no millivolts; --gain supplies them."""
    data = _png(draw_page(record, layout="3x4+1", dpi=150, style=Style(pulse="none")))

    slow = Options(speed=25.0)
    assert digitize(data, "page.png", slow).record.scale is Scale.UNKNOWN
    known = Options(speed=25.0, gain=10.0)
    assert digitize(data, "page.png", known).record.scale is Scale.MILLIVOLT


def test_what_is_no_ecg_is_refused() -> None:
    """White paper, noise, a speck and a torn file: one line each."""
    noise = np.random.default_rng(0).integers(0, 255, (500, 700, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, "PNG")
    for data in (_blank(), file.getvalue(), _blank(size=(200, 100)), _blank()[:60]):
        with pytest.raises(PrecordError) as refusal:
            digitize(data, "x.png")
        assert "\n" not in str(refusal.value)


def test_large_and_moving_pictures_are_refused() -> None:
    """The size is read before the pixels; an animation is no page; of two pages one is asked."""
    with pytest.raises(FormatError, match="million"):
        digitize(_blank(size=(12_000, 12_000)), "bomb.png")
    frames = [Image.new("RGB", (300, 300), color) for color in ("white", "red")]
    for kind, message in (("PNG", "animated"), ("TIFF", "--page 1")):
        file = io.BytesIO()
        frames[0].save(file, kind, save_all=True, append_images=frames[1:])
        with pytest.raises(FormatError, match=message):
            digitize(file.getvalue(), "frames")


def test_pictures_are_known_by_content() -> None:
    """A PNG and a PDF are pictures; text is not."""
    assert is_picture(_blank())
    assert is_picture(b"%PDF-1.7")
    assert not is_picture(b"record 12 500 5000")


@pytest.mark.parametrize(
    "wrong", [{"layout": "9x9"}, {"speed": 30.0}, {"gain": 7.0}, {"rotate": 45}]
)
def test_options_that_cannot_be(wrong: dict[str, object]) -> None:
    """An option out of range is named."""
    with pytest.raises(QueryError, match=str(next(iter(wrong)))):
        Options(**wrong)  # type: ignore[arg-type]


def test_what_cannot_be_judged_is_not_trusted() -> None:
    """Evidence that is missing gives the least confidence, never a silent pass."""
    good = Evidence(0.05, 0.95, (0.0,) * 12, 0.02, 1.0, (1.0,) * 12, 8.0)
    blind = replace(good, misfit=float("nan"))
    assert min(expect_snr(good)) > 5
    assert max(expect_snr(blind)) == -10
    assert to_confidence(max(expect_snr(blind))) < 0.1
    gaps = replace(good, gaps=(float("nan"), *good.gaps[1:]))
    assert expect_snr(gaps)[0] == -10 < expect_snr(gaps)[1]


def test_a_lead_that_shares_its_ink_is_not_trusted() -> None:
    """Half of the energy may be another row's: 3 dB at most; the other leads are as they were."""
    good = Evidence(0.05, 0.95, (0.0,) * 12, 0.02, 1.0, (1.0,) * 12, 8.0)
    crossed = replace(good, crossed=(0.5, *(0.0,) * 11))
    noise = 0.5 + 10 ** (-expect_snr(good)[0] / 10)
    assert expect_snr(crossed)[0] == pytest.approx(-10 * np.log10(noise))
    assert expect_snr(crossed)[0] < 3.02
    assert expect_snr(crossed)[1:] == expect_snr(good)[1:]


def test_a_page_on_its_head_is_turned(record: Record) -> None:
    """The same leads come back, and the record says that the picture was turned."""
    page = draw_page(record, layout="3x4+1", dpi=120)
    upright = digitize(_png(page), "page.png").record
    turned = digitize(_png(replace(page, picture=page.picture[::-1, ::-1].copy())), "page.png")
    assert "turned by 180 degrees" in turned.record.provenance.notes
    one, other = upright.lead(Lead.II), turned.record.lead(Lead.II)
    assert one is not None
    assert other is not None
    n = min(one.size, other.size)
    assert np.corrcoef(np.nan_to_num(one[:n]), np.nan_to_num(other[:n]))[0, 1] > 0.9
