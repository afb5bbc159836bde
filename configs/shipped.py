"""The weights that ship, in stages: docs/decisions/0015-training.md, 0014-readers.md.

Run with `precord train configs/shipped.py --out runs/shipped`. Simulated and real records first,
real ones alone for the last three tenths; pairs of texts and hidden signals throughout. PTB-XL
folds 1-8 train and nothing chooses; the thresholds of statements come from a cross-validation
inside them (`make calibrate`). Fold 9 is never read. PRECORD_PARTNERS=0 or 1 leaves out the last
readers, for `make readers`.
"""

import os
from dataclasses import replace
from pathlib import Path
from runpy import run_path

from precord.model.vit import VitConfig
from precord.train.config import AugmentConfig, TreeConfig

_FIRST = run_path(str(Path(__file__).with_name("first.py")))["CONFIG"]

_STAGED = replace(
    _FIRST,
    folds=(1, 2, 3, 4, 5, 6, 7, 8),
    validation_fold=None,
    model=replace(_FIRST.model, redraws=True),
    passes=30,
    simulated_share=0.4,
    simulated_until=0.7,
    augment=replace(_FIRST.augment, spans=0.5),
    hidden_signal_weight=1.0,
)
_CONVOLUTIONS = replace(
    _STAGED,
    model=replace(_STAGED.model, vision=VitConfig(stem=(56, 96, 184), depth=0), fusion=None),
    matching_weight=0.0,
    masked_word_weight=0.0,
    seed=2,
)
_LONGER = replace(  # sees more that is simulated, and less of every record
    _CONVOLUTIONS,
    passes=50,
    simulated_share=0.5,
    augment=AugmentConfig(spans=0.5),
    seed=3,
)

_PARTNERS = (_CONVOLUTIONS, _LONGER)[: int(os.environ.get("PRECORD_PARTNERS", "2"))]

CONFIG = replace(
    _STAGED,
    text_pairs=64,
    trees=TreeConfig() if os.environ.get("PRECORD_TREES", "1") != "0" else None,
    partners=_PARTNERS,
    eight_bits=bool(_PARTNERS),
)
