"""The configuration of first.py with a pretrained language model as its text tower.

    PRECORD_TEXT_TOWER=path/or/hub-id precord train configs/minilm.py --out runs/minilm

PRECORD_TEXT_TOWER is a folder that `save_pretrained` wrote or an id of the Hugging Face hub;
without it the small sentence encoder all-MiniLM-L6-v2 is fetched. PRECORD_TEXT_TRAINING is
"frozen", "lora" or "full"; PRECORD_TEXT_POOLING is "mean" for encoders and "last" for
decoders. PRECORD_BASE=budget takes the small budget of budget.py instead. Needs
`pip install 'precord[train,hf]'`.
"""

import os
from dataclasses import replace
from pathlib import Path
from runpy import run_path
from typing import Literal, cast

from precord.model.hf import HfTextConfig

_NAME = os.environ.get("PRECORD_BASE", "first")
_BASE = run_path(str(Path(__file__).with_name(f"{_NAME}.py")))["CONFIG"]
_TRAINING = os.environ.get("PRECORD_TEXT_TRAINING", "lora")
_POOLING = os.environ.get("PRECORD_TEXT_POOLING", "mean")

CONFIG = replace(
    _BASE,
    model=replace(
        _BASE.model,
        text=HfTextConfig(
            os.environ.get("PRECORD_TEXT_TOWER", "sentence-transformers/all-MiniLM-L6-v2"),
            pooling=cast("Literal['mean', 'last']", _POOLING),
            training=cast("Literal['frozen', 'lora', 'full']", _TRAINING),
        ),
    ),
)
