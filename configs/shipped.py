"""The weights that ship, in stages: docs/decisions/0015-training.md.

Run with `precord train configs/shipped.py --out runs/shipped`. Simulated and real records first,
real ones alone for the last three tenths; pairs of texts and hidden signals throughout. PTB-XL
folds 1-8 train and nothing chooses; the thresholds of statements come from a cross-validation
inside them (`make calibrate`). Fold 9 is never read.
"""

from dataclasses import replace
from pathlib import Path
from runpy import run_path

_FIRST = run_path(str(Path(__file__).with_name("first.py")))["CONFIG"]

CONFIG = replace(
    _FIRST,
    folds=(1, 2, 3, 4, 5, 6, 7, 8),
    validation_fold=None,
    model=replace(_FIRST.model, redraws=True),
    passes=30,
    simulated_share=0.4,
    simulated_until=0.7,
    augment=replace(_FIRST.augment, spans=0.5),
    hidden_signal_weight=1.0,
    text_pairs=64,
    score=replace(_FIRST.score, statements=0.55, superclasses=0.35),
)
