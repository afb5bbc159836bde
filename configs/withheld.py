"""The small budget of budget.py, from which seven statements are withheld, for true zero-shot.

Run with `precord train configs/withheld.py --out runs/withheld`; `precord evaluate --beside
"withheld=runs/withheld/weights"` then asks for them by name. No record that has or names one
of them trains or chooses, real or simulated, nor does the tokeniser read their names.

They were chosen before any such weights were trained: of each kind (rhythm, conduction, form,
hypertrophy) those that are commonest in folds 1-8 and have relatives that stay, without which
a name means nothing: flutter for fibrillation, left and incomplete right block for right.
"""

from dataclasses import replace
from pathlib import Path
from runpy import run_path

_BUDGET = run_path(str(Path(__file__).with_name("budget.py")))["CONFIG"]

CONFIG = replace(
    _BUDGET, withheld=frozenset({"AFIB", "STACH", "CRBBB", "LAFB", "1AVB", "PVC", "LVH"})
)
