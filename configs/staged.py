"""What cross-validation speaks for, in stages: docs/decisions/0015-training.md.

Run with `precord train configs/staged.py --out runs/staged`. Simulated and real records first,
real ones alone for the last three tenths; pairs of texts and hidden signals throughout; folds
1-8 train, and nothing chooses. Not trained to its end yet: what ships is first.py's.
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
    passes=20,
    simulated_share=0.4,
    simulated_until=0.7,
    augment=replace(_FIRST.augment, spans=0.5),
    hidden_signal_weight=1.0,
    text_pairs=64,
)
