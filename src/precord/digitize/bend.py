"""From line numbers to pixels: a homography, and a smooth bend on top of it."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Bend:
    """From line numbers to pixels: a homography, and a smooth polynomial on top of it."""

    homography: Array
    weights: Array
    middle: Array
    size: Array
    degree: int

    @classmethod
    def fit(cls, numbers: Array, pixels: Array) -> "Bend":
        """Fit to (points, 2) numbers and pixels; points that do not fit are left out."""
        homography, inlier = cv2.findHomography(
            numbers.astype(np.float32), pixels.astype(np.float32), cv2.RANSAC, 12.0
        )
        if homography is None:
            homography = np.eye(3)
        kept = inlier.ravel() > 0 if inlier is not None else np.ones(len(numbers), bool)
        middle, size = numbers.mean(0), np.ptp(numbers, axis=0) / 2 + 1e-6
        degree = 3 if kept.sum() > 40 else 1
        bend = cls(homography, np.zeros((_terms(degree), 2)), middle, size, degree)
        flat = bend.to_pixels(numbers)
        basis = _basis((numbers - middle) / size, degree)
        for _ in range(4):
            left = pixels - flat
            ridge = 1e-3 * kept.sum() * np.eye(basis.shape[1])
            weights = np.linalg.solve(
                basis[kept].T @ basis[kept] + ridge, basis[kept].T @ left[kept]
            )
            errors = np.hypot(*(left - basis @ weights).T)
            kept = errors < max(1.5, 3.0 * float(np.median(errors)))
        return cls(homography, weights, middle, size, degree)

    def to_pixels(self, numbers: Array) -> Array:
        """Return (..., 2) pixels of (..., 2) line numbers."""
        shape = numbers.shape
        points = numbers.reshape(-1, 2)
        h = self.homography
        w = points @ h[2, :2] + h[2, 2]
        flat = (points @ h[:2, :2].T + h[:2, 2]) / w[:, None]
        around = np.clip((points - self.middle) / self.size, -1.15, 1.15)
        return np.asarray((flat + _basis(around, self.degree) @ self.weights).reshape(shape))


def _terms(degree: int) -> int:
    """Return how many terms a polynomial of two variables has."""
    return (degree + 1) * (degree + 2) // 2


def _basis(points: Array, degree: int) -> Array:
    """Return (points, terms): the powers of two variables up to *degree* together."""
    u, v = points[:, 0], points[:, 1]
    return np.stack([u**i * v**j for i in range(degree + 1) for j in range(degree + 1 - i)], 1)
