"""What a vision tower sees of a record: the signed map, or one beat as in Qiu et al. 2023.

Between the two stand signed maps from which one thing is withheld, polarity, voltage or all
beats but one: they tell what the paper's pictures cost by losing each. Weights say which view
they were trained on; everything that embeds goes through here.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from precord.errors import SignalError
from precord.image.encodings import SignedMap, signed_map
from precord.image.qiu2023 import SIZE, Style, cut_beat, draw_beat
from precord.image.withhold import one_beat, without_polarity, without_voltage
from precord.record import Record
from precord.signal.beats import find_beats
from precord.signal.prepare import prepare

PATCH = 16  # pixels of a patch's side, as in ViT-B/16
_PATCHES = SIZE // PATCH


class View(StrEnum):
    """The kinds of image."""

    SIGNED = "signed"
    SIGNED_NO_POLARITY = "signed-no-polarity"
    SIGNED_NO_VOLTAGE = "signed-no-voltage"
    SIGNED_ONE_BEAT = "signed-one-beat"
    QIU2023_GRID = "qiu2023-grid"
    QIU2023_CONCAT = "qiu2023-concat"

    @property
    def is_map(self) -> bool:
        """Return whether this is a signed map, whole or with something withheld."""
        return self.value.startswith("signed")


@dataclass(frozen=True, slots=True, eq=False)
class BeatPicture:
    """One beat as a picture; black and without a patch where no beat was found.

    Attributes:
        pixels: (3, 224, 224) uint8.
        mask: (14, 14) bool, whether there is a picture.
        is_calibrated: never: such a picture holds no voltage.
    """

    pixels: NDArray[np.uint8]
    mask: NDArray[np.bool_]
    is_calibrated: bool = False


EcgImage = SignedMap | BeatPicture


def view_record(record: Record, view: View) -> EcgImage:
    """Return the image of *record* that a vision tower for *view* reads.

    The beat of a record is drawn by its signal, so the same record gives the same picture.

    Raises:
        SignalError: The record is too short, or its first ten seconds are missing.
    """
    prepared = prepare(record)
    if view.is_map:
        return _withhold(signed_map(prepared), prepared, view)
    style = Style.GRID if view is View.QIU2023_GRID else Style.CONCAT
    rng = np.random.default_rng(zlib.crc32(np.ascontiguousarray(record.signal).tobytes()))
    try:
        picture = draw_beat(cut_beat(record, rng), style)
    except SignalError:  # a lead is missing, or no beat lies whole in it: nothing to see
        nothing = np.zeros((3, SIZE, SIZE), np.uint8)
        return BeatPicture(nothing, np.zeros((_PATCHES, _PATCHES), np.bool_))
    pixels = np.ascontiguousarray(picture.transpose(2, 0, 1))
    return BeatPicture(pixels, np.ones((_PATCHES, _PATCHES), np.bool_))


def _withhold(shown: SignedMap, prepared: Record, view: View) -> SignedMap:
    """Return *shown* without what *view* withholds."""
    if view is View.SIGNED_NO_POLARITY:
        return without_polarity(shown)
    if view is View.SIGNED_NO_VOLTAGE:
        return without_voltage(shown)
    if view is View.SIGNED_ONE_BEAT:
        return one_beat(shown, find_beats(prepared))
    return shown


def stack_images(
    images: Sequence[EcgImage],
) -> tuple[NDArray[Any], NDArray[np.float32], NDArray[np.float32]]:
    """Return pixels, mask and scale flag of images of one kind, a row each.

    Signed maps: (B, 12, 1000) float32 twice. Pictures: (B, 3, 224, 224) uint8 and
    (B, 14, 14) float32. The flag is (B,) float32.
    """
    pixels: NDArray[Any] = np.stack([image.pixels for image in images])
    mask = np.stack([image.mask for image in images]).astype(np.float32)
    calibrated = np.array([image.is_calibrated for image in images], np.float32)
    return pixels, mask, calibrated
