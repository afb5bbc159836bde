"""The baseline `qiu2023`: pictures of one beat as in the paper, everything else as in first.py.

Run with `precord train configs/qiu2023.py --out runs/qiu2023`; PRECORD_STYLE=concat takes the
other of the paper's two layouts. Real records alone, no simulation and no change to a
picture; as many steps as first.py, and a vision transformer of like cost. See
docs/decisions/0004-qiu2023.md for what the paper's code leaves open.
"""

import os
from dataclasses import replace
from pathlib import Path
from runpy import run_path

from precord.image.view import View
from precord.model.joint import ModelConfig
from precord.model.picture import PictureConfig
from precord.score import ScoreWeights

_STYLE = os.environ.get("PRECORD_STYLE", "grid")
_FIRST = run_path(str(Path(__file__).with_name("first.py")))["CONFIG"]

CONFIG = replace(
    _FIRST,
    model=ModelConfig(vision=PictureConfig(view=View(f"qiu2023-{_STYLE}"))),
    passes=2 * _FIRST.passes,  # without simulation a pass has half the steps
    simulated=0,
    simulated_share=0.0,
    score=ScoreWeights(),
)
