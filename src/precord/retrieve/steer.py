"""A search that stresses one aspect of the ECG: rhythm, conduction, ST-T or voltage.

The statements of that aspect alone are compared, with their own weights; how alike the two
are in all decides among cases that share them equally. The kinds are those of
`statements.STATEMENTS`: rhythm statements and premature beats; the superclass CD and a
prolonged PR; STTC and the form statements of ST, T and QT; HYP and the voltages.
Shapes: Q queries, N cases, S statements.
"""

from dataclasses import replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from precord.relevance import StatementTable
from precord.statements import CODES, STATEMENTS, Superclass

_REST = 0.25  # what likeness in all weighs beside the aspect


class Aspect(StrEnum):
    """What a search can stress."""

    RHYTHM = "rhythm"
    CONDUCTION = "conduction"
    ST_T = "st-t"
    VOLTAGE = "voltage"


_MORE = {
    Aspect.RHYTHM: {"PVC", "PAC", "PRC(S)"},
    Aspect.CONDUCTION: {"LPR"},
    Aspect.ST_T: {"STD_", "STE_", "LOWT", "NT_", "INVT", "TAB_"},
    Aspect.VOLTAGE: {"VCLVH", "LVOLT", "HVOLT"},
}
_CLASSES = {
    Aspect.CONDUCTION: Superclass.CD,
    Aspect.ST_T: Superclass.STTC,
    Aspect.VOLTAGE: Superclass.HYP,
}


def codes_of(aspect: Aspect) -> frozenset[str]:
    """Return the statements that speak of *aspect*."""
    found = set(_MORE[aspect])
    for code, statement in STATEMENTS.items():
        is_rhythm = aspect is Aspect.RHYTHM and "r" in statement.kinds
        superclass = statement.superclass
        if is_rhythm or (superclass is not None and superclass is _CLASSES.get(aspect)):
            found.add(code)
    return frozenset(found)


def stress(
    total: NDArray[np.floating],
    probabilities: NDArray[np.float32],
    table: StatementTable,
    aspect: Aspect,
) -> NDArray[np.float32]:
    """Return scores (Q, N) that stress *aspect*.

    Args:
        total: (Q, N) plain scores; NaN stays NaN.
        probabilities: (Q, S) of the queries' statements.
        table: the cases' statements.
        aspect: what to stress.
    """
    codes = codes_of(aspect)
    weights = np.where([code in codes for code in CODES], table.weights, 0).astype(np.float32)
    overlap = replace(table, weights=weights).expected_overlap(probabilities)
    return np.asarray((1 - _REST) * overlap + _REST * total, np.float32)
