"""How well pages are read: `python benchmarks/digitize.py -n 12 > docs/results/digitize.md`.

With --fit, other pages (other records and seeds) first set the weights of the expected signal to
noise: a ridge regression of each lead's true dB on the evidence, all kinds of pages alike.

Pages are drawn from raw PTB-XL records of folds 1 to 8 in PRECORD_SHARED, in layouts, styles
and resolutions drawn at random, and distorted by the committed ranges. The score is that of
`digitize_score`; a refused page is 0 dB.
"""

import argparse
import csv
import json
import os
import sys
import time
from pathlib import Path

import numpy as np
from digitize_score import score, shown

from precord.digitize import Options, digitize
from precord.digitize.confidence import FEATURES
from precord.digitize.reading import read_picture
from precord.errors import PrecordError
from precord.image.distort import distort, load_ranges
from precord.image.layout import Calibration
from precord.image.page import Page, draw_page, draw_style
from precord.io import read
from precord.record import Record

WEIGHTS = Path(__file__).parents[1] / "src/precord/digitize/confidence.json"
NOTE = (
    "records of PTB-XL folds 1 to 8; a refused page and a page read without a scale are 0 dB. "
    "Targets: clean 18, scan 16, photo 12 dB"
)
_LAYOUTS = ("3x4", "3x4+1", "3x4+1", "3x4+3", "6x2", "6x2+1", "12x1", "cabrera")


def main() -> None:
    """Write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=200, help="pages of each kind")
    parser.add_argument("--fit", type=int, default=0, help="pages of each kind to learn from")
    options = parser.parse_args()
    n = options.n
    shared = Path(os.environ["PRECORD_SHARED"], "data")
    files = _files(shared / "ptb-xl")
    if options.fit:
        _fit(options.fit, files)
    command = f"python benchmarks/digitize.py -n {n}" + (
        f" --fit {options.fit}" if options.fit else ""
    )
    out = ["# Paper to record", "", f"`{command}`; {NOTE}.", ""]
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


def _fit(n: int, files: list[Path]) -> None:
    """Set the weights of the expected dB from *n* pages of each kind, none of those measured."""
    evidence, truth = [], []
    for kind in ("clean", "scan", "photo"):
        for k in range(n):
            page, record, look = _draw(kind, 5000 + k, files[(k * 7 + 3) % len(files)])
            try:
                found = read_picture(page.picture, "page", kind, Options())
            except PrecordError:
                continue
            if found.record.is_calibrated:
                leads = score(shown(record, *look), record.rate, found.record)
                rows = np.stack([found.evidence.row(i) for i in range(len(leads))])
                is_known = np.isfinite(rows).all(axis=1)
                evidence.append(rows[is_known])
                truth.append(np.clip(leads, -10.0, 25.0)[is_known])
    x, y = np.concatenate(evidence), np.concatenate(truth)
    x[:, FEATURES.index("pulses")] = 0.0  # only pages with pulses have a scale to be judged by
    spread = x.std(axis=0)
    spread[0] = 1.0  # the constant
    scaled = x / np.where(spread > 0, spread, 1.0)
    ridge = np.eye(x.shape[1]) * 0.02 * len(x)
    ridge[0, 0] = 0.0
    weights = np.linalg.solve(scaled.T @ scaled + ridge, scaled.T @ y)
    weights = np.where(spread > 0, weights / np.where(spread > 0, spread, 1.0), 0.0)
    WEIGHTS.write_text(json.dumps({"weights": [round(float(w), 3) for w in weights]}) + "\n")
    sys.stderr.write(f"{len(y)} leads of {len(truth)} pages: {weights.round(2)}\n")


def _draw(kind: str, seed: int, path: Path) -> tuple[Page, Record, tuple[str, Calibration]]:
    """Return a page of *kind*, the record on it, and its layout and scale."""
    rng = np.random.default_rng(seed)
    record = read(path)
    layout = str(rng.choice(_LAYOUTS))
    calibration = Calibration(25.0, float(rng.choice([10.0, 10.0, 10.0, 5.0])))
    dpi = float(rng.choice([100, 150, 200, 300]))
    page = draw_page(record, layout=layout, style=draw_style(rng), dpi=dpi, calibration=calibration)
    return distort(page, load_ranges(kind), rng), record, (layout, calibration)


def _row(kind: str, n: int, files: list[Path]) -> str:
    """Return the line of one kind of page."""
    scores, refused, low, begin = [], 0, 0, time.perf_counter()
    for k in range(n):
        page, record, look = _draw(kind, 100 + k, files[(k * 7) % len(files)])
        try:
            found = read_picture(page.picture, "page", kind, Options()).record
        except PrecordError:
            found = None
            refused += 1
        leads = score(shown(record, *look), record.rate, found)
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
