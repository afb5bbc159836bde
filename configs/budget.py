"""One small budget for everything that is compared: 551 steps of 64 records, ten minutes on a core.

    PRECORD_VIEW=qiu2023-grid precord cross-validate configs/budget.py --out runs/budget-grid

All have the same steps, texts, losses and score, no fusion encoder and no fold that chooses a
checkpoint; both kinds of tower take 0.15 to 0.17 billion multiplications a record. What may
differ:

- PRECORD_VIEW: "signed" (ours), "signed-no-polarity", "signed-no-voltage", "signed-one-beat",
  "qiu2023-grid" or "qiu2023-concat".
- PRECORD_TOWER: how a map becomes tokens, at about 0.15 billion multiplications a record each:
  "shipped" (a residual convolutional stem, patches of 160 ms, two layers), "convolutions" (no
  transformer), "four-layers" (a thinner stem), "linear-patches" (no stem, seven layers),
  "short-patches" (80 ms) or "long-patches" (320 ms).
- PRECORD_TARGETS: "soft", or "hard": only the same statements are alike.
- PRECORD_SIMULATED: the share of every batch that is simulated; 0 unless set. With 1 no real
  record trains, and no real report is read.
- PRECORD_UNTIL: the share of the passes after which no record is simulated; 1 unless set.
- PRECORD_RECORDS: train on so many recordings of folds 1-8 alone.
- PRECORD_STEPS: the share of the steps, 1 unless set.
- PRECORD_TEXT_PAIRS: pairs of texts without an ECG in every step.
- PRECORD_REDRAW: the weight of redrawing what is hidden of an ECG.
- PRECORD_SEED.
"""

import math
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

_TOWERS = {
    "shipped": VitConfig(view=_VIEW) if _VIEW.is_map else None,
    "convolutions": VitConfig(stem=(56, 96, 184), depth=0),
    "four-layers": VitConfig(stem=(44, 72, 160), blocks=1, depth=4),
    "linear-patches": VitConfig(stem=(160,), blocks=0, strides=(16,), depth=7),
    "short-patches": VitConfig(stem=(40, 64, 128), strides=(2, 2, 2), width=128),
    "long-patches": VitConfig(stem=(64, 112, 192), strides=(2, 4, 4), width=192),
}
_TOWER = _TOWERS[os.environ.get("PRECORD_TOWER", "shipped")]

_REDRAW = float(os.environ.get("PRECORD_REDRAW", "0"))
_SHARE = float(os.environ.get("PRECORD_SIMULATED", "0"))
_ALL, _SIMULATED = 1764, 12_000
_RECORDS = int(os.environ.get("PRECORD_RECORDS", "0")) or None
_WALKED = _SIMULATED if _SHARE == 1 else _RECORDS or _ALL  # of these one pass takes all
_PASSES = 20 * _ALL / _WALKED * float(os.environ.get("PRECORD_STEPS", "1"))  # of whole batches

CONFIG = replace(
    _FIRST,
    corpora=() if _SHARE == 1 else _FIRST.corpora,
    reports=None if _SHARE == 1 else _FIRST.reports,
    model=ModelConfig(
        vision=_TOWER or PictureConfig(view=_VIEW, depth=2),
        fusion=None,
        redraws=_REDRAW > 0,
    ),
    folds=(1, 2, 3, 4, 5, 6, 7, 8),
    validation_fold=None,
    augment=replace(_FIRST.augment, spans=0.5 if _REDRAW else 0.0),
    hidden_signal_weight=_REDRAW,
    records=_RECORDS,
    passes=round(_PASSES if _SHARE == 1 else _PASSES * (1 - _SHARE)),
    simulated=_SIMULATED if _SHARE else 0,
    simulated_share=_SHARE,
    simulated_until=float(os.environ.get("PRECORD_UNTIL", "1")),
    sharpness=math.inf if os.environ.get("PRECORD_TARGETS") == "hard" else _FIRST.sharpness,
    text_pairs=int(os.environ.get("PRECORD_TEXT_PAIRS", "0")),
    matching_weight=0.0,
    masked_word_weight=0.0,
    score=replace(_FIRST.score, matching=0.0),
    seed=int(os.environ.get("PRECORD_SEED", "1")),
)
