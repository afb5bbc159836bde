"""`precord digitize`: a scan, photo or PDF of an ECG to WFDB, CSV and a picture of the reading."""

from pathlib import Path
from typing import Annotated

import typer

Picture = Annotated[
    Path,
    typer.Argument(
        metavar="PICTURE", exists=False, help="PNG, JPEG, TIFF, BMP, WebP, HEIC, PDF, DICOM PDF."
    ),
]
Out = Annotated[
    Path, typer.Option("-o", "--out", metavar="STEM", exists=False, help="Name of the record.")
]
Corners = Annotated[
    str | None,
    typer.Option(metavar="X,Y ...", help="Four corners of the ECG in pixels, clockwise."),
]
LayoutName = Annotated[
    str | None,
    typer.Option("--layout", help="3x4, 3x4+1, 3x4+2, 3x4+3, 6x2, 6x2+1, 12x1 or cabrera."),
]
Speed = Annotated[float | None, typer.Option(help="Of the paper, mm/s: 25 or 50.")]
Gain = Annotated[float | None, typer.Option(help="Height of 1 mV in mm: 5, 10 or 20.")]
Rotate = Annotated[int, typer.Option(help="Turn clockwise first: 90, 180 or 270 degrees.")]
PageNumber = Annotated[int | None, typer.Option("--page", help="Of a PDF or TIFF, from 1.")]


def digitize(  # noqa: PLR0913 - one argument per option of the command
    picture: Picture,
    *,
    out: Out,
    corners: Corners = None,
    layout: LayoutName = None,
    speed: Speed = None,
    gain: Gain = None,
    rotate: Rotate = 0,
    page: PageNumber = None,
) -> None:
    """Read the ECG in PICTURE, and write STEM.hea and .dat, STEM.csv and STEM-overlay.png.

    Look at the overlay before the record is used. WFDB is left out where no calibration
    pulse was found and --gain is not given. Exit status: 0 done, 1 the picture cannot be
    read, 2 wrong usage.
    """
    from PIL import Image

    from precord.cli.terminal import grid, output, say, waiting
    from precord.digitize import Options, draw_overlay
    from precord.digitize import digitize as read_page
    from precord.io import write_csv, write_wfdb
    from precord.io.dicom import is_dicom
    from precord.io.dicom_document import digitize_object
    from precord.io.file import read_bytes, shown

    options = Options(_parse_corners(corners), layout, speed, gain, rotate, page)
    with waiting("reading the page"):
        data = read_bytes(picture)
        read = digitize_object if is_dicom(data) else read_page
        reading = read(data, shown(picture), options)
    record = reading.record
    table = grid("lead", "confidence", "expected signal to noise")
    for lead, confidence, snr in zip(
        record.leads, record.provenance.confidence, reading.snr_db, strict=True
    ):
        table.add_row(lead, f"{confidence:.2f}", f"{snr:.0f} dB")
    output().print(table)
    for note in record.provenance.notes:
        say(note)
    written = [write_csv(record, out.with_name(f"{out.name}.csv"))]
    if record.is_calibrated:
        written.append(write_wfdb(record, out))
    if reading.grid is not None:
        path = out.with_name(f"{out.name}-overlay.png")
        Image.fromarray(draw_overlay(reading)).save(path)
        written.append(path)
    say(f"written: {', '.join(str(path) for path in written)}")


def _parse_corners(text: str | None) -> tuple[tuple[float, float], ...] | None:
    """Return the points of a text such as "10,20 900,25 890,700 5,690"."""
    if text is None:
        return None
    try:
        points = tuple(tuple(float(v) for v in pair.split(",")) for pair in text.split())
    except ValueError:
        points = ()
    if len(points) != 4 or any(len(point) != 2 for point in points):
        raise typer.BadParameter("--corners needs four points, as in '10,20 900,25 890,700 5,690'")
    return tuple((point[0], point[1]) for point in points)
