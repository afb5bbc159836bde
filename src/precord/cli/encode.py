"""`precord encode`: an ECG as the image that a vision model reads."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from precord.cli.argument import Ecg

if TYPE_CHECKING:  # these import NumPy
    import numpy as np
    from numpy.typing import NDArray

    from precord.image.qiu2023 import Method
    from precord.record import Record


DEFAULT_METHODS = "gaf,rp,mtf"  # red, green and blue of Qiu et al. 2023


class StyleName(StrEnum):
    """How an ECG is laid out."""

    SIGNED = "signed"
    GRID = "grid"
    CONCAT = "concat"


class BeatStyle(StrEnum):
    """How the leads of one beat share an image."""

    GRID = "grid"
    CONCAT = "concat"


Style = Annotated[
    StyleName,
    typer.Option(
        help="signed: our map of ten seconds; grid, concat: one beat, as Qiu et al. 2023."
    ),
]
Methods = Annotated[
    str,
    typer.Option(
        "--method", metavar="LIST", help="One or three of gaf, gadf, rp, mtf: red, green, blue."
    ),
]
Seed = Annotated[int, typer.Option(min=0, help="Draws the beat.")]
OwnMethods = Annotated[
    str | None,
    typer.Option(
        "--method",
        metavar="LIST",
        help="Of grid and concat: one or three of gaf, gadf, rp, mtf as red, green, blue.",
        show_default="gaf,rp,mtf",
    ),
]
OwnSeed = Annotated[
    int | None,
    typer.Option("--seed", min=0, help="Of grid and concat: draws the beat.", show_default="1"),
]
Out = Annotated[Path, typer.Option("-o", "--out", metavar="PNG", exists=False)]


def encode(
    ecg: Ecg,
    *,
    out: Out,
    style: Style = StyleName.GRID,
    method: OwnMethods = None,
    seed: OwnSeed = None,
) -> None:
    """Write an ECG as an image.

    grid and concat need all twelve leads and one whole beat; they show neither voltage nor
    rhythm nor polarity. signed shows ten seconds, so it takes no method and no seed. Exit
    status: 0 done, 1 the ECG cannot be shown so, 2 wrong usage.
    """
    from PIL import Image

    from precord.cli.terminal import say
    from precord.io import read

    if out.suffix.lower() != ".png":
        raise typer.BadParameter(f"--out {str(out)!r}, expected a name that ends in .png")
    if style is StyleName.SIGNED and (method is not None or seed is not None):
        raise typer.BadParameter("--method and --seed are for --style grid and concat")
    methods = parse_methods(method or DEFAULT_METHODS)
    record = read(ecg)
    if style is StyleName.SIGNED:
        image = _draw_signed(record)
    else:
        image = _draw(record, style, methods, 1 if seed is None else seed)
    Image.fromarray(image).save(out)
    say(f"{out}: {image.shape[1]} x {image.shape[0]} pixels, {style}")


def parse_methods(text: str) -> "tuple[Method, ...]":
    """Return the encodings of a list such as "gaf,rp,mtf"."""
    from precord.image.qiu2023 import Method

    names = [name.strip().lower() for name in text.split(",")]
    known = [method.value for method in Method]
    if len(names) not in {1, 3} or not set(names) <= set(known):
        raise typer.BadParameter(f"--method {text!r}, expected one or three of {', '.join(known)}")
    return tuple(Method(name) for name in names)


def _draw(
    record: "Record", style: StyleName, methods: "tuple[Method, ...]", seed: int
) -> "NDArray[np.uint8]":
    """Return the image of one beat, (224, 224, 3)."""
    import numpy as np

    from precord.image.qiu2023 import Style, cut_beat, draw_beat

    return draw_beat(cut_beat(record, np.random.default_rng(seed)), Style(style.value), methods)


def _draw_signed(record: "Record") -> "NDArray[np.uint8]":
    """Return the signed map, (192, 1000, 3)."""
    from precord.image.encodings import draw_map, signed_map
    from precord.signal.prepare import prepare

    return draw_map(signed_map(prepare(record)))
