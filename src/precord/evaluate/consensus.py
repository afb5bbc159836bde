"""How well the consensus tells the superclasses: nearest cases and statement head, calibrated.

AUROC of the probabilities that a reader is shown, beside those of the head and of the neighbours
alone, and their Brier skill over always saying the prevalence. Trivial answers: .5, and 0.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from precord.evaluate.calibrate import judge
from precord.evaluate.material import Material
from precord.evaluate.prompts import mean_auroc
from precord.metrics import Estimate, Resamples
from precord.relevance import to_class_probabilities, to_superclass_hot
from precord.retrieve.calibration import Calibration
from precord.retrieve.consensus import Neighbours, find_neighbours
from precord.statements import SUPERCLASSES

_RESAMPLES = 200  # of patients; each needs every AUROC anew


def judge_consensus(material: Material, calibration: Calibration) -> dict[str, Estimate]:
    """Return the tables of the superclasses that some queries have; n counts the positives.

    Args:
        material: the queries, and the gallery whose cases are asked.
        calibration: of the encoder that made both.
    """
    is_asked = np.zeros(len(material.vectors.ids), bool)
    is_asked[material.rows] = True
    found = [
        find_neighbours(q.vector, material.vectors, is_asked, calibration.neighbours)
        for q in material.encoded
    ]
    near = [one for one in found if one is not None]
    heads = to_class_probabilities(np.stack([q.statements for q in material.encoded]))
    said = _probabilities(near, heads, calibration)
    truth = to_superclass_hot([entry.statements for entry in material.entries])
    resamples = Resamples.draw(material.patients, _RESAMPLES)
    shares = np.stack([one.classes for one in near])
    kept = [i for i in range(len(SUPERCLASSES)) if 0 < truth[:, i].sum() < len(truth)]
    table = {
        f"AUROC, {name}, macro of {len(kept)}": mean_auroc(truth, scores, kept, resamples)
        for name, scores in (("consensus", said), ("head", heads), ("neighbours", shares))
    }
    for i in kept:
        table[f"AUROC, consensus, {SUPERCLASSES[i]}"] = mean_auroc(truth, said, [i], resamples)
    for i in kept:
        made = judge(said[:, i], truth[:, i] > 0, material.patients)
        skill = replace(made.skill, n=made.positives)
        table[f"Brier skill, consensus, {SUPERCLASSES[i]}"] = skill
    return table


def _probabilities(
    near: list[Neighbours], heads: NDArray[np.float32], calibration: Calibration
) -> NDArray[np.float64]:
    """Return (Q, 5) what readers are shown of each superclass."""
    return np.array(
        [
            [
                calibration.classes[name](float(one.classes[i]), float(head[i])).value
                for i, name in enumerate(SUPERCLASSES)
            ]
            for one, head in zip(near, heads, strict=True)
        ]
    )
