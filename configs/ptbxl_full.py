"""All of PTB-XL: folds 1-7 of 21,799 recordings train, fold 8 chooses, 9 and 10 are not read.

    precord get ptb-xl ptb-xl --rate 500
    PRECORD_PTBXL=ptb-xl precord train configs/ptbxl_full.py --out runs/ptbxl-full

On a GPU if there is one; on several, or on several machines, the second line becomes

    PRECORD_PTBXL=ptb-xl torchrun --nproc-per-node 4 -m precord train configs/ptbxl_full.py \
        --out runs/ptbxl-full

The stages are those of shipped.py. A pass has ten times its recordings, so fewer passes do.
Nobody has run it to its end yet: what it costs on two cores is about three days.
"""

import os
from dataclasses import replace
from pathlib import Path
from runpy import run_path

_SHIPPED = run_path(str(Path(__file__).with_name("shipped.py")))["CONFIG"]

# No pairs of texts: there are none without a recording.
_FEWER = {"passes": 10, "simulated_share": 0.25, "text_pairs": 0}

CONFIG = replace(
    _SHIPPED,
    corpora=(("ptb-xl", Path(os.environ.get("PRECORD_PTBXL", "ptb-xl"))),),
    reports=None,  # every recording brings its own
    folds=(1, 2, 3, 4, 5, 6, 7),
    validation_fold=8,
    bfloat16=False,
    partners=tuple(replace(partner, **_FEWER) for partner in _SHIPPED.partners),
    **_FEWER,
)
