"""Light evened out: the brightness of bare paper, and the lines that stand out from it."""

from functools import reduce

import cv2
import numpy as np
from numpy.typing import NDArray


def show_lines(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return (height, width): darkness of the grid, light and trace evened out."""
    planes = (plane.astype(np.float32) for plane in cv2.split(picture))
    dark = 1.0 - reduce(np.minimum, (plane / background(plane) for plane in planes))
    dark = np.clip(dark, 0.0, 1.0)
    size = max(16, min(dark.shape) // 12)
    mean = cv2.blur(dark, (size, size))
    spread = np.sqrt(np.maximum(cv2.blur(dark**2, (size, size)) - mean**2, 1e-6))
    is_trace = cv2.dilate((dark > mean + 2.5 * spread).astype(np.uint8), np.ones((3, 3), np.uint8))
    dark = np.minimum(dark, mean + 1.3 * spread)
    dark = np.where(is_trace > 0, mean, dark)  # a trace is darker than any line
    dark = dark - cv2.blur(dark, (size, size))
    spread = np.sqrt(np.maximum(cv2.blur(dark**2, (size, size)), 0.0)) + 0.004
    return np.asarray(dark / spread, np.float32)


def background(
    plane: NDArray[np.float32], seen: NDArray[np.bool_] | None = None
) -> NDArray[np.float32]:
    """Return the brightness of the bare paper around each pixel of one colour.

    What is not *seen* has no part in it.
    """
    height, width = plane.shape
    factor = max(1, round(max(height, width) / 600))
    size = max(1, width // factor), max(1, height // factor)
    small = cv2.resize(plane, size, interpolation=cv2.INTER_AREA)
    weight = np.ones_like(small)
    if seen is not None:
        weight = (
            cv2.resize(seen.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.99
        ) * 1.0
    weight = np.asarray(weight, np.float32)
    nine = np.ones((9, 9), np.uint8)
    bright = cv2.dilate(small * weight, nine) * (near := cv2.dilate(weight, nine))
    bright = cv2.GaussianBlur(bright, (0, 0), 7) / (cv2.GaussianBlur(near, (0, 0), 7) + 1e-6)
    full = cv2.resize(bright, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.maximum(np.asarray(full, np.float32), 8.0)
