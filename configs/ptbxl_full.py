"""All of PTB-XL: folds 1-7 of 21,799 recordings train, fold 8 chooses, 9 and 10 are not read.

    precord get ptb-xl ptb-xl --rate 500
    PRECORD_PTBXL=ptb-xl precord train configs/ptbxl_full.py --out runs/ptbxl-full

On a GPU if there is one; on several, or on several machines, the second line becomes

    PRECORD_PTBXL=ptb-xl torchrun --nproc-per-node 4 -m precord train configs/ptbxl_full.py \
        --out runs/ptbxl-full

A pass has ten times the recordings of first.py, so fewer passes do. Nobody has run it to its
end yet: what it costs on two cores is about two days.
"""

import os
from dataclasses import replace
from pathlib import Path
from runpy import run_path

_FIRST = run_path(str(Path(__file__).with_name("first.py")))["CONFIG"]

CONFIG = replace(
    _FIRST,
    corpora=(("ptb-xl", Path(os.environ.get("PRECORD_PTBXL", "ptb-xl"))),),
    reports=None,  # every recording brings its own
    passes=15,
    simulated_share=0.25,
    bfloat16=False,
)
