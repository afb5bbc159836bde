"""How exactly PDFs are read from their lines: `python benchmarks/vector_pdf.py -n 5`.

Each layout, speed and gain of `precord render` is drawn *n* times to a PDF, each time another
raw PTB-XL record of folds 1 to 8 in PRECORD_SHARED, and read back. The score is that of
`digitize_score`. Redirect standard output to docs/results/vector-pdf.md.
"""

import argparse
import os
import sys
import time
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
from digitize_score import score, shown

from digitize import list_files
from precord.digitize import digitize
from precord.errors import PrecordError
from precord.image.layout import GAINS, LAYOUTS, SPEEDS, Calibration
from precord.image.paper import save_record
from precord.io import read
from precord.leads import LEADS

NOTE = (
    "Records of PTB-XL folds 1 to 8, at 500 Hz; each layout at 25 and 50 mm/s and at 5, 10 and "
    "20 mm/mV. A refused page is 0 dB. Target: 60 dB."
)


class Read(NamedTuple):
    """What became of one page: dB of its leads, whether all stand right, seconds to read it."""

    snr_db: tuple[float, ...]
    is_right: bool
    seconds: float


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=5, help="pages of each layout, speed and gain")
    n = parser.parse_args().n
    files = list_files(Path(os.environ["PRECORD_SHARED"], "data", "ptb-xl"))
    ways = list(product(LAYOUTS, SPEEDS, GAINS))
    out = ["# PDF to record, by its lines", "", f"`python benchmarks/vector_pdf.py -n {n}`. {NOTE}"]
    out += [
        "",
        "| layout | pages | lowest dB of a lead | median dB | layout, speed, gain right | s |",
    ]
    out += ["|---|---|---|---|---|---|"]
    everything: list[Read] = []
    with TemporaryDirectory() as folder:
        for layout in LAYOUTS:
            found = [
                _read(files[(k * n + i) * 3 % len(files)], Path(folder, "page.pdf"), *way)
                for k, way in enumerate(ways)
                for i in range(n)
                if way[0] == layout
            ]
            out.append(_row(layout, found))
            everything += found
    out.append(_row("all", everything))
    sys.stdout.write("\n".join([*out, ""]))


def _read(file: Path, page: Path, layout: str, speed: float, gain: float) -> Read:
    """Draw a record, read it back, and compare."""
    record, calibration = read(file), Calibration(speed, gain)
    save_record(record, page, layout=layout, calibration=calibration)
    begin = time.perf_counter()
    try:
        reading = digitize(page.read_bytes(), page.name)
    except PrecordError:
        return Read((0.0,) * len(LEADS), is_right=False, seconds=time.perf_counter() - begin)
    seconds = time.perf_counter() - begin
    snr = score(shown(record, layout, calibration), record.rate, reading.record)
    notes = " ".join(reading.record.provenance.notes)
    is_right = (
        reading.arrangement is not None
        and reading.arrangement.layout == layout
        and f"speed {speed:g} mm/s" in notes
        and f"gain {gain:g} mm/mV" in notes
    )
    return Read(tuple(float(value) for value in snr), is_right, seconds)


def _row(name: str, found: list[Read]) -> str:
    """Return a line of the table."""
    snr = np.array([one.snr_db for one in found])
    right = sum(one.is_right for one in found)
    seconds = np.median([one.seconds for one in found])
    return (
        f"| {name} | {len(found)} | {snr.min():.1f} | {np.median(snr):.1f} | {right} "
        f"| {seconds:.1f} |"
    )


if __name__ == "__main__":
    main()
