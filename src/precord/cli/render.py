"""`precord render`: one ECG file on ECG paper, as PNG, PDF or SVG."""

from pathlib import Path
from typing import Annotated

import typer

from precord.cli.argument import Ecg, check_choice, wrong_usage

Out = Annotated[
    Path, typer.Option("-o", "--out", metavar="FILE", exists=False, help=".png, .pdf or .svg.")
]
LayoutName = Annotated[
    str | None, typer.Option("--layout", help="3x4, 3x4+1, 3x4+3, 6x2, 6x2+1, 12x1 or cabrera.")
]
Speed = Annotated[float, typer.Option(help="Of the paper, mm/s: 25 or 50.")]
Gain = Annotated[float, typer.Option(help="Height of 1 mV in mm: 5, 10 or 20.")]
GridColor = Annotated[str, typer.Option("--grid", help="red, orange, green, blue or grey.")]
Dpi = Annotated[float, typer.Option(min=50, max=1200, help="Pixels per inch of a PNG.")]
Title = Annotated[str, typer.Option(help="First line of the page; else the record's name.")]


def render(  # noqa: PLR0913 - one argument per option of the command
    ecg: Ecg,
    *,
    out: Out,
    layout: LayoutName = None,
    speed: Speed = 25.0,
    gain: Gain = 10.0,
    grid: GridColor = "red",
    dpi: Dpi = 150.0,
    title: Title = "",
) -> None:
    """Draw ECG on paper in which a millimetre is a millimetre.

    A record of unknown scale gets lines of time only, and a banner that says so. Exit
    status: 0 done, 1 the file cannot be used or the page not written, 2 wrong usage.
    """
    from precord.cli.terminal import say
    from precord.image.layout import LAYOUTS, Calibration
    from precord.image.paper import COLORS, save_record
    from precord.io import read

    check_choice("--layout", layout, LAYOUTS)
    check_choice("--grid", grid, COLORS)
    with wrong_usage():
        calibration = Calibration(speed, gain)
    save_record(
        read(ecg),
        out,
        title=title,
        layout=layout,
        dpi=dpi,
        calibration=calibration,
        color=grid,
    )
    say(f"page: {out}")
