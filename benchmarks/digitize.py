"""How well pages are read: `python benchmarks/digitize.py -n 8 > docs/results/digitize.md`.

Pages are drawn from raw PTB-XL records of folds 1 to 8 in PRECORD_SHARED, in layouts, styles
and resolutions drawn at random, and distorted by the committed ranges. The score is that of
`digitize_score`; a refused page is 0 dB.
"""

import argparse
import csv
import os
import sys
import time
from pathlib import Path

import numpy as np
from digitize_score import score, shown

from precord.digitize import Options, digitize
from precord.digitize.reading import read_picture
from precord.errors import PrecordError
from precord.image.distort import distort, load_ranges
from precord.image.layout import Calibration
from precord.image.page import draw_page, draw_style
from precord.io import read

_LAYOUTS = ("3x4", "3x4+1", "3x4+1", "3x4+3", "6x2", "6x2+1", "12x1", "cabrera")


def main() -> None:
    """Write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=200, help="pages of each kind")
    n = parser.parse_args().n
    shared = Path(os.environ["PRECORD_SHARED"], "data")
    files = _files(shared / "ptb-xl")
    out = ["# Paper to record", "", f"`python benchmarks/digitize.py -n {n}`", ""]
    out += ["| pages | median dB of leads | 10th percentile | refused | read below 3 dB | s |"]
    out += ["|---|---|---|---|---|---|"]
    out += [_row(kind, n, files) for kind in ("clean", "scan", "photo")]
    out += ["", "| real picture | answer |", "|---|---|"]
    out += [_real(path) for path in sorted((shared / "paper-images").iterdir())]
    sys.stdout.write("\n".join([*out, ""]))


def _files(folder: Path) -> list[Path]:
    """Return the records of folds 1 to 8."""
    with (folder / "ptbxl_database.csv").open(encoding="utf-8") as table:
        rows = [row for row in csv.DictReader(table) if int(float(row["strat_fold"])) <= 8]
    return [folder / f"{row['filename_hr']}.hea" for row in rows]


def _row(kind: str, n: int, files: list[Path]) -> str:
    """Return the line of one kind of page."""
    scores, refused, low, begin = [], 0, 0, time.perf_counter()
    for k in range(n):
        rng = np.random.default_rng(100 + k)
        record = read(files[(k * 7) % len(files)])
        layout = str(rng.choice(_LAYOUTS))
        calibration = Calibration(25.0, float(rng.choice([10.0, 10.0, 10.0, 5.0])))
        dpi = float(rng.choice([100, 150, 200, 300]))
        page = draw_page(
            record, layout=layout, style=draw_style(rng), dpi=dpi, calibration=calibration
        )
        page = distort(page, load_ranges(kind), rng)
        try:
            found = read_picture(page.picture, "page", kind, Options()).record
        except PrecordError:
            found = None
            refused += 1
        leads = score(shown(record, layout, calibration), record.rate, found)
        low += int(found is not None and np.median(leads) < 3.0)
        scores.append(leads)
    seconds = (time.perf_counter() - begin) / n
    all_leads = np.concatenate(scores)
    return (
        f"| {kind} | {np.median(all_leads):.1f} | {np.quantile(all_leads, 0.1):.1f} "
        f"| {refused} of {n} | {low} of {n} | {seconds:.1f} |"
    )


def _real(path: Path) -> str:
    """Return what became of one real picture."""
    try:
        record = digitize(path.read_bytes(), path.name).record
    except PrecordError as error:
        return f"| {path.name} | refused: {str(error).partition(': ')[2]} |"
    return f"| {path.name} | {'; '.join(record.provenance.notes)} |"


if __name__ == "__main__":
    main()
