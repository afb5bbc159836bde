"""One small budget for every view of an ECG, so that views can be compared: six minutes on a core.

    PRECORD_VIEW=qiu2023-grid precord cross-validate configs/budget.py --out runs/budget-grid

PRECORD_VIEW is "signed" (ours), "signed-no-polarity", "signed-no-voltage", "signed-one-beat",
"qiu2023-grid" or "qiu2023-concat"; PRECORD_READERS is how many towers read every ECG. All have
the same steps, texts, losses and score, no simulation, no fusion encoder and no fold that
chooses a checkpoint. Both kinds of tower take 0.15 to 0.17 billion multiplications a record.
"""

import os
from dataclasses import replace
from pathlib import Path
from runpy import run_path

from precord.image.view import View
from precord.model.joint import ModelConfig
from precord.model.picture import PictureConfig
from precord.model.vit import VitConfig

_FIRST = run_path(str(Path(__file__).with_name("first.py")))["CONFIG"]
_VIEW = View(os.environ.get("PRECORD_VIEW", "signed"))

CONFIG = replace(
    _FIRST,
    model=ModelConfig(
        vision=VitConfig(view=_VIEW) if _VIEW.is_map else PictureConfig(view=_VIEW, depth=2),
        fusion=None,
        readers=int(os.environ.get("PRECORD_READERS", "1")),
    ),
    folds=(1, 2, 3, 4, 5, 6, 7, 8),
    validation_fold=None,
    passes=20,
    simulated=0,
    simulated_share=0.0,
    matching_weight=0.0,
    masked_word_weight=0.0,
    score=replace(_FIRST.score, matching=0.0),
)
