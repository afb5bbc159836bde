"""Sources made level: where an ECG lies must not tell how it was stored.

Recordings with and without a scale come from different devices and filters. Where their statements
are the same, the difference of their mean vectors is the source's and nobody's heart's, and is
taken out of the space (one step of iterative nullspace projection, Ravfogel et al. 2020,
arXiv:2004.07667). See docs/decisions/0040-ranking.md.

Shapes: N records, E joint dimensions.
"""

from collections import Counter

import numpy as np
import torch
from numpy.typing import NDArray

from precord.model.joint import JointModel
from precord.train.pool import Pool

_ENOUGH = 20  # records of each kind, to know their mean by


def level_sources(model: JointModel, vectors: NDArray[np.float32], pool: Pool) -> bool:
    """Take the direction in which ECGs with and without a scale lie apart out of *model*'s space.

    Args:
        model: whose first reader's way into the joint space is changed.
        vectors: (N, E) of *pool*, by that reader.
        pool: the records that trained it.

    Returns:
        Whether there were enough records of equal statements, and the space was changed.
    """
    commonest = Counter(pool.statements).most_common(1)[0][0]
    is_alike = np.array([codes == commonest for codes in pool.statements])
    with_scale, without = (vectors[is_alike & (pool.calibrated == scale)] for scale in (1, 0))
    if min(len(with_scale), len(without)) < _ENOUGH:
        return False
    apart = with_scale.mean(axis=0) - without.mean(axis=0)
    way = model.readers[0].ecg_proj
    direction = torch.from_numpy(apart / np.linalg.norm(apart)).to(way.weight)
    with torch.no_grad():
        way.weight -= torch.outer(direction, direction @ way.weight)
        way.bias -= direction * (direction @ way.bias)
    return True
