"""The baseline that is no retrieval model: a convolutional network that learns statements alone.

Run with `precord train configs/supervised.py --out runs/supervised`. A residual
one-dimensional network, real records alone, no text: what retrieval gains from everything
else is what it finds beyond this. Its vector is a fixed random projection of its last layer.
Trained to the end on folds 1-8; no fold chooses a checkpoint.
"""

from dataclasses import replace
from pathlib import Path
from runpy import run_path

from precord.model.joint import ModelConfig
from precord.model.vit import VitConfig
from precord.score import ScoreWeights

_FIRST = run_path(str(Path(__file__).with_name("first.py")))["CONFIG"]

CONFIG = replace(
    _FIRST,
    model=ModelConfig(vision=VitConfig(depth=0), fusion=None),
    folds=(1, 2, 3, 4, 5, 6, 7, 8),
    validation_fold=None,
    passes=30,
    simulated=0,
    simulated_share=0.0,
    contrastive_weight=0.0,
    alike_weight=0.0,
    matching_weight=0.0,
    masked_word_weight=0.0,
    score=ScoreWeights(ecg=1.0),
)
