"""How well pages are read: `python benchmarks/digitize.py -n 12 > docs/results/digitize.md`.

With --fit, other pages (other records and seeds) first set the weights of the expected signal to
noise: a ridge regression of each lead's true dB on the evidence, all kinds of pages alike.
With --pages FILE each page's result is kept there as a line of JSON, and a run that was
interrupted goes on where it stopped. Real pictures: `digitize_real.py`.

Pages are drawn from raw PTB-XL records of folds 1 to 8 in PRECORD_SHARED, in layouts, styles
and resolutions drawn at random, and distorted by the committed ranges. The scores are those of
`digitize_score`; a refused page is 0 dB. docs/results/digitize-confidence.png is drawn anew, but
with --first or --kinds: these ask pages beside those of the table, such as nobody has looked at.
"""

import argparse
import csv
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from digitize_draw import draw
from digitize_score import (
    INTERVALS,
    challenge_score,
    find_wrong,
    measure_beats,
    measure_intervals,
    score,
    shown,
)

from precord.digitize import Options
from precord.digitize.confidence import FEATURES
from precord.digitize.reading import Reading, read_picture
from precord.errors import PrecordError
from precord.image.distort import distort, load_ranges
from precord.image.layout import Calibration
from precord.image.page import Page, draw_page, draw_style
from precord.io import read
from precord.record import Record

WEIGHTS = Path(__file__).parents[1] / "src/precord/digitize/confidence.json"
NOTE = (
    "records of PTB-XL folds 1 to 8; a refused page and a page read without a scale are 0 dB. "
    "Targets: clean 18 and 13 (10th percentile), scan 16, photo 12 dB; refused at most 2, 5 and "
    "15 %. ST is the level 100 ms behind the R peak (about J+60 ms) over that 80 ms before it"
)
_KINDS = ("clean", "scan", "photo")
_FIRST = 100  # seed of the first page of the table
_LAYOUTS = ("3x4", "3x4+1", "3x4+1", "3x4+3", "6x2", "6x2+1", "12x1", "cabrera")


def main() -> None:
    """Write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=200, help="pages of each kind")
    parser.add_argument("--first", type=int, default=_FIRST, help="seed of the first page")
    parser.add_argument("--kinds", nargs="+", choices=_KINDS, default=_KINDS, help="of pages")
    parser.add_argument("--fit", type=int, default=0, help="pages of each kind to learn from")
    parser.add_argument("--pages", type=Path, help="keep each page's result in this file")
    options = parser.parse_args()
    shared = Path(os.environ["PRECORD_SHARED"], "data")
    files = list_files(shared / "ptb-xl")
    if options.fit:
        _fit(options.fit, files, options.pages)
    out = ["# Paper to record", "", f"`python benchmarks/digitize.py -n {options.n}`; {NOTE}.", ""]
    out += ["| pages | median dB of leads | 10th percentile | refused | read below 3 dB "]
    out[-1] += "| ST error, mV | R and S error, mV | leads wrong | s of processor |"
    out += ["|---|---|---|---|---|---|---|---|---|"]
    which = range(options.first, options.first + options.n)
    pages = {kind: _measured(kind, which, files, options.pages) for kind in options.kinds}
    out += [_row(kind, pages[kind]) for kind in options.kinds]
    out += ["", "| pages | Challenge 2024, mean dB | rate, /min | PR, ms | QRS, ms | QT, ms |"]
    out += ["|---|---|---|---|---|---|"]
    out += [_intervals(kind, pages[kind]) for kind in options.kinds]
    if options.first == _FIRST and set(options.kinds) == set(_KINDS):
        out += ["", draw(pages)]
    sys.stdout.write("\n".join([*out, ""]))


def list_files(folder: Path) -> list[Path]:
    """Return the records of folds 1 to 8."""
    with (folder / "ptbxl_database.csv").open(encoding="utf-8") as table:
        rows = [row for row in csv.DictReader(table) if int(float(row["strat_fold"])) <= 8]
    return [folder / f"{row['filename_hr']}.hea" for row in rows]


def _fit(n: int, files: list[Path], kept: Path | None) -> None:
    """Set the weights of the expected dB from *n* pages of each kind, none of those measured."""
    places = [("fit-" + kind, 5000 + k, files[(k * 7 + 3) % len(files)])
              for k in range(n) for kind in _KINDS]  # fmt: skip
    found = _run(places, kept)
    rows = np.concatenate([np.array(page["evidence"], float) for page in found if page["evidence"]])
    truth = np.concatenate([np.array(page["snr"]) for page in found if page["evidence"]])
    known = np.isfinite(rows).all(axis=1)
    x, y = rows[known], np.clip(truth[known], -10.0, 25.0)
    x[:, FEATURES.index("pulses")] = 0.0  # only pages with pulses have a scale to be judged by
    spread = x.std(axis=0)
    spread[0] = 1.0  # the constant
    scaled = x / np.where(spread > 0, spread, 1.0)
    ridge = np.eye(x.shape[1]) * 0.02 * len(x)
    ridge[0, 0] = 0.0
    weights = np.linalg.solve(scaled.T @ scaled + ridge, scaled.T @ y)
    weights = np.where(spread > 0, weights / np.where(spread > 0, spread, 1.0), 0.0)
    WEIGHTS.write_text(json.dumps({"weights": [round(float(w), 3) for w in weights]}) + "\n")
    error = float(np.median(np.abs(x @ weights - y)))
    sys.stderr.write(f"{len(y)} leads, expected within {error:.1f} dB: {weights.round(2)}\n")


def _measured(
    kind: str, seeds: range, files: list[Path], kept: Path | None
) -> list[dict[str, Any]]:
    """Return what became of the pages of a kind that *seeds* draw."""
    places = [(kind, seed, files[(seed - _FIRST) * 7 % len(files)]) for seed in seeds]
    return _run(places, kept)


def _run(places: list[tuple[str, int, Path]], kept: Path | None) -> list[dict[str, Any]]:
    """Return the results of pages, those already in *kept* from there."""
    known: dict[tuple[str, int], dict[str, Any]] = {}
    if kept is not None and kept.exists():
        pages = [json.loads(line) for line in kept.read_text("utf-8").splitlines()]
        known = {(page["kind"], page["seed"]): page for page in pages}
    results = []
    for kind, seed, path in places:
        page = known.get((kind, seed))
        if page is None:
            page = _measure(kind, seed, path)
            if kept is not None:
                with kept.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(page) + "\n")
        results.append(page)
    return results


def _measure(kind: str, seed: int, path: Path) -> dict[str, Any]:
    """Draw and read one page, and return all that the tables need."""
    page, record, (layout, calibration) = draw_pages(kind.removeprefix("fit-"), seed, path)
    begin = time.process_time()
    found: Reading | None = None
    refusal = ""
    try:
        found = read_picture(page.picture, "page", kind, Options(), limit=_limit(kind))
    except PrecordError as error:
        refusal = str(error)
    seconds = time.process_time() - begin
    read_one = None if found is None else found.record
    truth = shown(record, layout, calibration)
    leads, shift = score(truth, record.rate, read_one)
    beats = measure_beats(record, truth, read_one, shift)
    is_judged = found is not None and found.record.is_calibrated
    rows = [found.evidence.row(i).tolist() for i in range(len(leads))] if found else []
    return {
        "kind": kind, "seed": seed, "layout": layout, "dpi": round(page.px_per_mm * 25.4),
        "refusal": refusal, "snr": leads.round(2).tolist(), "seconds": round(seconds, 2),
        "expected": [] if found is None else [round(v, 2) for v in found.snr_db],
        "evidence": rows if is_judged else [], "st": beats["st"], "rs": beats["rs"],
        "wrong": find_wrong(record, truth, read_one, shift),
        "challenge": challenge_score(truth, record.rate, read_one).round(2).tolist(),
        "intervals": measure_intervals(record, read_one),
    }  # fmt: skip


def _limit(kind: str) -> float:
    """Return the expected dB below which a page is refused; to learn from, none is."""
    from precord.digitize.reading import MIN_SNR  # noqa: PLC0415 - beside its only use

    return -np.inf if kind.startswith("fit-") else MIN_SNR


def draw_pages(kind: str, seed: int, path: Path) -> tuple[Page, Record, tuple[str, Calibration]]:
    """Return a page of *kind*, the record on it, and its layout and scale."""
    rng = np.random.default_rng(seed)
    record = read(path)
    layout = str(rng.choice(_LAYOUTS))
    calibration = Calibration(25.0, float(rng.choice([10.0, 10.0, 10.0, 5.0])))
    dpi = float(rng.choice([100, 150, 200, 300]))
    page = draw_page(record, layout=layout, style=draw_style(rng), dpi=dpi, calibration=calibration)
    return distort(page, load_ranges(kind), rng), record, (layout, calibration)


def _row(kind: str, pages: list[dict[str, Any]]) -> str:
    """Return the line of one kind of page."""
    leads = np.concatenate([np.array(page["snr"]) for page in pages])
    refused = sum(bool(page["refusal"]) for page in pages)
    low = sum(not page["refusal"] and float(np.median(page["snr"])) < 3.0 for page in pages)
    errors = [np.array([v for page in pages for v in page[name]]) for name in ("st", "rs")]
    st, rs = (f"{np.median(np.abs(e)):.3f}" if e.size else "-" for e in errors)
    wrong = sum(page["wrong"] for page in pages)
    seconds = float(np.mean([page["seconds"] for page in pages]))
    return (
        f"| {kind} | {np.median(leads):.1f} | {np.quantile(leads, 0.1):.1f} "
        f"| {refused} of {len(pages)} | {low} of {len(pages)} | {st} | {rs} | {wrong} "
        f"| {seconds:.1f} |"
    )


def _intervals(kind: str, pages: list[dict[str, Any]]) -> str:
    """Return the line of a kind of page: the Challenge's score, and errors of what is measured.

    Median of the errors' size, its 90th percentile, and how many pages have one, of those on
    whose record there is something to measure.
    """
    score = float(np.mean([np.mean(page["challenge"]) for page in pages]))
    cells = [kind, f"{score:.1f}"]
    for name in INTERVALS:
        read = [page["intervals"].get(name) for page in pages if page["intervals"]]
        errors = np.abs([error for error in read if error is not None])
        middle, high = np.quantile(errors, [0.5, 0.9]) if errors.size else (np.nan, np.nan)
        cells.append(f"{middle:.1f}, {high:.1f} ({errors.size} of {len(read)})")
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
