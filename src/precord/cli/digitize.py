"""`precord digitize`: a scan, photo or PDF of an ECG to WFDB, CSV and a picture of the reading."""

from pathlib import Path
from typing import Annotated

import typer

from precord.cli.argument import (
    Corners,
    PageNumber,
    PaperGain,
    PaperLayout,
    PaperSpeed,
    Rotate,
    parse_paper,
)

Picture = Annotated[
    Path,
    typer.Argument(
        metavar="PICTURE", exists=False, help="PNG, JPEG, TIFF, BMP, WebP, HEIC, PDF, DICOM PDF."
    ),
]
Out = Annotated[
    Path, typer.Option("-o", "--out", metavar="STEM", exists=False, help="Name of the record.")
]
_RUNS = 3  # of zlib's strategies: Z_RLE, which suits a page with much that is white, or black


def digitize(  # noqa: PLR0913 - one argument per option of the command
    picture: Picture,
    *,
    out: Out,
    corners: Corners = None,
    layout: PaperLayout = None,
    speed: PaperSpeed = None,
    gain: PaperGain = None,
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
    from precord.digitize import digitize as read_page
    from precord.digitize import draw_overlay
    from precord.errors import FormatError
    from precord.io import write_csv, write_wfdb
    from precord.io.dicom import is_dicom
    from precord.io.dicom_document import digitize_object
    from precord.io.file import read_bytes, shown

    options = parse_paper(
        corners=corners, layout=layout, speed=speed, gain=gain, rotate=rotate, page=page
    )
    if not out.parent.is_dir():  # told before the page is read, which takes seconds
        raise FormatError(f"{out}: no such folder {out.parent}; create it first")
    with waiting("reading the page") as sign:
        data = read_bytes(picture)
        read = digitize_object if is_dicom(data) else read_page
        reading = read(
            data,
            shown(picture),
            options,
            lambda stage: sign.update(f"reading the page: {stage}"),
        )
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
        header = write_wfdb(record, out)
        written += [header, header.with_suffix(".dat")]
    if reading.grid is not None:
        path = out.with_name(f"{out.name}-overlay.png")
        overlay = Image.fromarray(draw_overlay(reading))
        overlay.save(path, compress_level=1, compress_type=_RUNS)  # a fifth of the time, no larger
        written.append(path)
    say(f"written: {', '.join(str(path) for path in written)}")
