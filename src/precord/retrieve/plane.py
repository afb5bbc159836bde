"""A library's ECG vectors on a plane, for the eye: their two principal components.

Source: Pearson 1901 (doi:10.1080/14786440109462720). Deterministic: the same library gives the
same plane. It is no map of likeness: two of 256 directions are shown, and `share` says how
little of the spread they hold.

Shapes: N cases, D width.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from precord.library.protocol import Vectors


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """Where cases lie on the plane.

    Attributes:
        rows: (N,) of the library's vectors.
        places: (N, 2) from -1 to 1.
        share: of the spread of all vectors that lies in the plane.
    """

    rows: NDArray[np.intp]
    places: NDArray[np.float64]
    share: float


def project(vectors: Vectors, n: int) -> Plane:
    """Return at most *n* cases on the plane of all, evenly taken in the order of adding.

    Cases without an ECG vector are left out.
    """
    there = np.flatnonzero(~np.isnan(vectors.ecg).any(axis=1))
    if there.size < 2:
        return Plane(there, np.zeros((there.size, 2)), 0.0)
    whole = vectors.ecg[there].astype(np.float64)
    centre = whole.mean(axis=0)
    spread, axes = np.linalg.eigh(np.cov(whole, rowvar=False))  # ascending
    axes = axes[:, ::-1][:, :2]  # (D, 2)
    largest = np.abs(axes).argmax(axis=0)
    axes = axes * np.sign(axes[largest, [0, 1]])  # a sign of its own would be the machine's choice
    taken = np.unique(np.linspace(0, there.size - 1, min(n, there.size)).round().astype(np.intp))
    places = (whole[taken] - centre) @ axes
    places /= max(float(np.abs(places).max()), 1e-12)
    return Plane(there[taken], places, float(spread[-2:].sum() / max(spread.sum(), 1e-12)))
