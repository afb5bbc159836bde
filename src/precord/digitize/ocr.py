"""Words in a picture, read by `rapidocr` where it is installed (`pip install precord[ocr]`).

Its models come in its wheel; nothing is fetched. Without it no words are known, and nothing
here is missed: pages are read and blacked out all the same (`redact`).
"""

from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from precord.digitize.redact import Box

_SURE = 0.5  # of 1, from which a text is believed


def can_read_words() -> bool:
    """Tell whether words can be read here."""
    return find_spec("rapidocr") is not None


def read_words(picture: NDArray[np.uint8]) -> list[Box] | None:
    """Return the texts in an RGB picture with their edges; None where none can be read here."""
    if not can_read_words():
        return None
    engine = _engine()
    found = engine(np.ascontiguousarray(picture[..., ::-1]))
    if found.boxes is None or found.txts is None:
        return []
    boxes = []
    for corners, text, score in zip(found.boxes, found.txts, found.scores, strict=True):
        if score >= _SURE:
            left, top = np.min(corners, axis=0)
            right, bottom = np.max(corners, axis=0)
            boxes.append(Box(str(text), float(left), float(top), float(right), float(bottom)))
    return boxes


def _engine() -> Any:
    """Return the reader, quiet and on one thread."""
    from rapidocr import RapidOCR  # noqa: PLC0415 - optional, and slow to load

    return RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.use_cls": False,
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
        }
    )
