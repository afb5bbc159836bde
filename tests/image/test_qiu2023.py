"""Tests of precord.image.qiu2023; the golden pictures are remade by `python -m tests.image.golden`.

No second implementation of the whole is at hand: the fields are tested against pyts
(test_field.py), the arrangement here, and the golden pictures keep both as they are.
"""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from precord.errors import SignalError
from precord.image.encodings import gramian_sum
from precord.image.qiu2023 import METHODS, SIZE, Method, Style, cut_beat, draw_beat
from precord.leads import LEADS
from tests.image.golden import beating, golden_path


@pytest.mark.parametrize("style", Style)
def test_golden(style: Style) -> None:
    """No grey level differs by more than one."""
    image = draw_beat(cut_beat(beating(), np.random.default_rng(1)), style)

    golden = np.asarray(Image.open(golden_path(style)), np.int16)
    assert np.abs(image.astype(np.int16) - golden).max() <= 1


def test_a_beat_is_one_second_round_its_peak() -> None:
    """Sample 35 is the R peak of lead II; each lead reaches magnitude 1."""
    beat = cut_beat(beating(), np.random.default_rng(3))

    assert beat.shape == (12, 100)
    assert np.argmax(np.abs(beat[1])) == pytest.approx(35, abs=1)
    np.testing.assert_allclose(np.abs(beat).max(axis=1), 1, atol=1e-6)


def test_the_seed_draws_the_beat() -> None:
    """The same seed the same beat; others another, of a record whose beats differ."""
    record = beating(growth=0.2)
    beats = [cut_beat(record, np.random.default_rng(seed))[1] for seed in (1, 1, 2, 3, 4)]

    assert np.array_equal(beats[0], beats[1])
    assert any(not np.array_equal(beats[0], other) for other in beats[2:])


def test_leads_are_laid_column_by_column() -> None:
    """The tile of V2 (row 2, column 3) is the Gramian field of V2, shrunk."""
    beat = cut_beat(beating(), np.random.default_rng(1))
    image = draw_beat(beat, Style.GRID, [Method.GAF])

    v2 = LEADS.index("V2")
    alone = Image.fromarray((gramian_sum(beat[v2 : v2 + 1])[0] + 1) / 2)
    tile = np.asarray(alone.resize((56, 75), Image.Resampling.BILINEAR)) * 255
    ours = image[75:150, 112:168, 0]  # 224 / 3 = 74.7 rows, 224 / 4 columns a tile
    assert np.corrcoef(ours[3:-3, 3:-3].ravel(), tile[3:-3, 3:-3].ravel())[0, 1] > 0.95


def test_channels() -> None:
    """Red, green and blue are the three methods alone; one method fills all three."""
    beat = cut_beat(beating(), np.random.default_rng(1))
    colour = draw_beat(beat, Style.GRID)

    assert colour.shape == (SIZE, SIZE, 3)
    for i, method in enumerate(METHODS):
        alone = draw_beat(beat, Style.GRID, [method])
        assert np.array_equal(alone[..., 0], alone[..., 2])
        assert np.array_equal(alone[..., 0], colour[..., i])


def test_refusals() -> None:
    """Two methods; a lead that is absent; a record too short for one whole beat."""
    record = beating()
    beat = cut_beat(record, np.random.default_rng(1))
    with pytest.raises(SignalError, match="2 encodings, expected one or three"):
        draw_beat(beat, Style.GRID, METHODS[:2])
    without = replace(record, signal=record.signal[:-1], leads=record.leads[:-1])
    with pytest.raises(SignalError, match="no lead V6; this image needs all twelve"):
        cut_beat(without, np.random.default_rng(1))
    short = replace(record, signal=record.signal[:, :300])
    with pytest.raises(SignalError, match="no beat"):
        cut_beat(short, np.random.default_rng(1))
