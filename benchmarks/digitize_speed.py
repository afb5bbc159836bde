"""How often the heart tells 25 mm/s, and how often wrongly: `python benchmarks/digitize_speed.py`.

Two tables. The first asks `digitize.heart` about records of PTB-XL folds 1 to 8, those in
millivolts and those per standard deviation, as a perfect reader would read them off pages: three
rows of four columns, or all leads at once, at 25 mm/s and at 50, and at 50 with columns as long as
at 25 (half of the seconds) and twice as long. The second draws pages without pulses from the raw
ones (seeds from --first on), at both speeds, and reads them. Told of a page at 50 mm/s is wrong.
"""

import argparse
import csv
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from digitize import list_files
from precord.digitize import Options
from precord.digitize.heart import SLOW, rule_out_fast
from precord.digitize.reading import read_picture
from precord.errors import PrecordError
from precord.image.distort import distort, load_ranges
from precord.image.layout import Calibration
from precord.image.page import draw_page, draw_style
from precord.io import read
from precord.leads import LEADS
from precord.record import Record, Scale

_PAGES = (  # mm/s, columns, and seconds of each
    (25.0, 4, 2.5), (25.0, 1, 10.0), (50.0, 4, 1.25), (50.0, 4, 2.5), (50.0, 1, 5.0),
)  # fmt: skip
_LAYOUTS = ("3x4", "3x4+1", "3x4+3", "6x2", "6x2+1", "12x1")
_KINDS = ("clean", "scan", "photo")


def main() -> None:
    """Write both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=90, help="pages at each speed")
    parser.add_argument("--first", type=int, default=7000, help="seed of the first page")
    parser.add_argument("--step", type=int, default=1, help="ask each so manieth record only")
    options = parser.parse_args()
    shared = Path(os.environ["PRECORD_SHARED"], "data")
    files = list_files(shared / "ptb-xl")
    out = ["| records, mm/s | columns | seconds of each | records | told 25 |"]
    out += ["|---|---|---|---|---|"]
    told, count = np.zeros(len(_PAGES), int), 0
    for k, record in enumerate(_records(shared, files)):
        if k % options.step:
            continue
        count += 1
        told += [_is_told(_shown(record, *page), page[0]) for page in _PAGES]
    for (speed, columns, seconds), n in zip(_PAGES, told, strict=True):
        out.append(f"| {speed:g} | {columns} | {seconds:g} | {count} | {n} |")
    out += ["", "| pages, mm/s | drawn | could be read at 25 | told 25 |", "|---|---|---|---|"]
    seeds = range(options.first, options.first + options.n)
    for speed in (25.0, 50.0):
        answers = [_ask_page(seed, files[seed * 7 % len(files)], speed) for seed in seeds]
        could = sum(answer is not None for answer in answers)
        out.append(f"| {speed:g} | {len(answers)} | {could} | {sum(map(bool, answers))} |")
    sys.stdout.write("\n".join([*out, ""]))


def _records(shared: Path, files: list[Path]) -> Iterator[Record]:
    """Yield the records of folds 1 to 8, in millivolts and then per standard deviation."""
    for file in files:
        yield read(file)
    folder = shared / "ptb-xl-zscored"
    with (folder / "metadata.csv").open(encoding="utf-8") as table:
        folds = {int(row["ecg_id"]): int(row["strat_fold"]) for row in csv.DictReader(table)}
    with np.load(folder / "signals.npz") as stored:
        numbers, signals = stored["ecg_id"], stored["signal"]
    for number, signal in zip(numbers, signals, strict=True):
        if folds[int(number)] <= 8:
            yield Record((signal / 200).astype(np.float32), LEADS, 250.0, Scale.UNKNOWN)


def _shown(record: Record, _: float, columns: int, seconds: float) -> Record:
    """Return what a page shows of a record: each lead in its column, or all at once."""
    n = round(seconds * record.rate)
    if columns == 1:
        return replace(record, signal=record.signal[:, :n])
    signal = np.full((len(record.leads), columns * n), np.nan, np.float32)
    for k in range(len(record.leads)):
        first = k // (len(record.leads) // columns) * n
        signal[k, first : first + n] = record.signal[k, first : first + n]
    return replace(record, signal=signal)


def _is_told(shown: Record, speed: float) -> bool:
    """Tell whether 25 mm/s is told of a record that was printed at *speed*."""
    return rule_out_fast(replace(shown, rate=shown.rate * SLOW / speed)) is not None


def _ask_page(seed: int, file: Path, speed: float) -> bool | None:
    """Return whether 25 mm/s is told of a page, None where it could not be read at 25."""
    rng = np.random.default_rng(seed)
    style = replace(draw_style(rng), pulse="none")
    layout, dpi = str(rng.choice(_LAYOUTS)), float(rng.choice([100, 150, 200, 300]))
    scale = Calibration(speed, 10.0)
    page = draw_page(read(file), layout=layout, style=style, dpi=dpi, calibration=scale)
    kind = str(rng.choice(_KINDS))
    picture = distort(page, load_ranges(kind), rng).picture
    try:
        reading = read_picture(picture, "page", kind, Options(speed=SLOW))
    except PrecordError:
        return None
    return rule_out_fast(reading.record) is not None


if __name__ == "__main__":
    main()
