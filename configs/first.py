"""What the other configurations start from: folds 1-7 train, fold 8 chooses, simulation helps.

It made the weights before those that ship, which shipped.py makes. Run with
`precord train configs/first.py --out runs/first`. It reads the recordings in the folder `data`
of PRECORD_SHARED, which defaults to `../shared`. Fold 9 is never read.
"""

import os
from pathlib import Path

from precord.train.config import AugmentConfig, TrainConfig

DATA = Path(os.environ.get("PRECORD_SHARED", "../shared")) / "data"

CONFIG = TrainConfig(
    corpora=(("ptb-xl", DATA / "ptb-xl"), ("ptb-xl-zscored", DATA / "ptb-xl-zscored")),
    reports=DATA / "ptb-xl-metadata" / "metadata.csv.gz",
    passes=30,
    simulated=12_000,
    simulated_share=0.5,
    augment=AugmentConfig(drop_leads=0.1, window=0.1, noise=0.08),
    bfloat16=True,
)
