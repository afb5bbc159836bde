"""The record behind the golden pictures of test_qiu2023.py; run as a module, it remakes them."""

from pathlib import Path

import numpy as np
from PIL import Image

from precord.image.qiu2023 import Style, cut_beat, draw_beat
from precord.leads import LEADS
from precord.record import Record, Scale

RATE = 500.0
_WAVES = ((-0.18, 0.12, 0.025), (0.0, 1.0, 0.012), (0.03, -0.25, 0.012), (0.25, 0.3, 0.05))
_SIZES = (0.6, 1.1, 0.5, -0.85, 0.1, 0.8, -0.4, -0.6, 0.3, 1.2, 1.3, 1.0)  # mV, lead by lead


def beating(growth: float = 0.0) -> Record:
    """Return ten seconds, 75 beats/min: waves (s, relative size, s) that differ between leads.

    Args:
        growth: by how much of itself the last wave grows from beat to beat.
    """
    t = np.arange(int(10 * RATE)) / RATE
    signal = np.zeros((len(LEADS), t.size))
    for i, r in enumerate(np.arange(0.5, 9.8, 0.8)):
        for j, (at, size, width) in enumerate(_WAVES):
            wave = size * np.exp(-0.5 * ((t - r - at) / width) ** 2)
            grown = 1 + growth * i * (j == len(_WAVES) - 1)
            signal += np.outer([s * (1 + 0.1 * j * k) for k, s in enumerate(_SIZES)], wave * grown)
    return Record(signal.astype(np.float32), LEADS, RATE, scale=Scale.MILLIVOLT)


def golden_path(style: Style) -> Path:
    """Return where the picture of *style* lies."""
    return Path(__file__).parent / f"qiu2023-{style}.png"


if __name__ == "__main__":
    for _style in Style:
        _image = draw_beat(cut_beat(beating(), np.random.default_rng(1)), _style)
        Image.fromarray(_image).save(golden_path(_style), optimize=True)
