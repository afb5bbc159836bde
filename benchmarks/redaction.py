"""Whose ECG it is, on what is kept of a page: `python benchmarks/redaction.py -n 20`.

Pages drawn from PTB-XL folds 1 to 8 bear an invented name, date of birth and number, once above
the grid and once between the traces, and are distorted as scans and photos. Each is read, and
blacked out as the overlay is (`digitize/redact.py`), with the words that rapidocr reads and
without any. The truth moves with the page, so that what is still seen is counted in pixels, not
by reading it again. Needs `pip install 'precord[ocr]'`. Writes docs/results/redaction.md.
"""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cv2
import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from precord.corpora import open_corpus
from precord.digitize import Options
from precord.digitize.grid import Grid
from precord.digitize.ocr import can_read_words, read_words
from precord.digitize.printed import find_gains, find_speeds
from precord.digitize.reading import read_picture
from precord.digitize.redact import redact
from precord.errors import PrecordError
from precord.image.distort import distort, load_ranges
from precord.image.layout import GRID_LEFT, Calibration
from precord.image.page import Page, draw_page, draw_style
from precord.record import Record

PAGE = Path(__file__).parents[1] / "docs/results/redaction.md"
KINDS = ("clean", "scan", "photo")
LAYOUTS = ("3x4", "3x4+1", "3x4+3", "6x2", "6x2+1", "12x1", "cabrera")
FIRST = ("Erika", "Jonas", "Margarethe", "Aisha", "Björn", "Zoë", "Mehmet", "Ingeborg")
LAST = ("Mustermann", "Schäfer", "Okonkwo", "Lindqvist", "O'Neill", "Yıldız", "Weiß", "Hofstätter")
HIDDEN = 0.9  # of a word's box that is black, or off the picture, for it to count as hidden
HURT = 0.1  # of a lead's name that is black, for it to count as hurt
Mask = NDArray[np.uint8]


@dataclass(slots=True)
class Tally:
    """What became of the words and traces of one kind of page, in one way of blacking out."""

    counts: Counter[str] = field(default_factory=Counter)
    trace: list[float] = field(default_factory=list)

    def share(self, what: str) -> str:
        """Return how many of *what* were so."""
        return f"{self.counts[what]} of {self.counts['all ' + what]}"


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=20, help="pages of each kind")
    parser.add_argument("--shared", default=os.environ.get("PRECORD_SHARED", "../shared"))
    options = parser.parse_args()
    if not can_read_words():
        sys.exit("rapidocr is not installed")
    entries = open_corpus("ptb-xl", Path(options.shared) / "data/ptb-xl").entries(range(1, 9))
    rows, scale, seconds = [], [], []
    for kind in KINDS:
        tallies = {"with rapidocr": Tally(), "without": Tally()}
        told: Counter[str] = Counter()
        for k in range(options.n):
            record = entries[(k * 7 + 5) % len(entries)].load()
            seconds.append(measure(kind, 900 + k, record, tallies, told))
        for way, tally in tallies.items():
            rows.append((kind, way, tally.counts["pages"], *(tally.share(w) for w in SHARES),
                         f"{np.mean(tally.trace):.2%}", f"{max(tally.trace):.1%}"))  # fmt: skip
        scale.append((kind, *(told[w] for w in TOLD)))
    PAGE.write_text(report(options.n, rows, scale, float(np.mean(seconds))), "utf-8")


SHARES = ("header", "between", "label")
TOLD = ("speed right", "speed wrong", "speed not read", "gain right", "gain wrong", "gain not read")


def measure(
    kind: str, seed: int, record: Record, tallies: dict[str, Tally], told: Counter[str]
) -> float:
    """Add what became of one page to *tallies* and *told*; return the seconds of reading words."""
    rng = np.random.default_rng(seed)
    calibration = Calibration(float(rng.choice([25, 50])), float(rng.choice([5, 10, 20])))
    layout = str(rng.choice(LAYOUTS))
    dpi = float(rng.choice([150, 200, 300]))
    style = draw_style(rng)
    page = draw_page(record, layout=layout, calibration=calibration, style=style, dpi=dpi)
    page, words = write_names(page, rng)
    kinds = [name for name, _ in words]
    drawn = distort(page, load_ranges(kind), np.random.default_rng(seed))
    moved = replace(page, trace=to_mask(words, page.picture.shape[:2]))
    boxes = distort(moved, load_ranges(kind), np.random.default_rng(seed)).trace
    options = Options(layout=layout, speed=calibration.speed, gain=calibration.gain)
    begin = time.process_time()
    text = " ".join(box.text for box in read_words(drawn.picture) or ())
    seconds = time.process_time() - begin
    for what, found, truth in (
        ("speed", find_speeds(text), calibration.speed),
        ("gain", find_gains(text), calibration.gain),
    ):
        told[f"{what} {judge(found, truth)}"] += 1
    try:
        reading = read_picture(drawn.picture, "page", kind, options)
    except PrecordError:
        return seconds
    if reading.grid is None or reading.traces is None:
        return seconds
    flat, rows = reading.grid, reading.traces.y
    for way, known in (("with rapidocr", read_words(flat.flat) or ()), ("without", ())):
        black = (redact(np.full_like(flat.flat, 255), rows, known) == 0).all(axis=-1)
        count(tallies[way], kinds, flatten(boxes, flat), black)
        trace = cv2.remap(drawn.trace, flat.to_picture, None, cv2.INTER_LINEAR) > 200
        tallies[way].trace.append(float(black[trace].mean()) if trace.any() else 0.0)
    return seconds


def judge(found: set[float], truth: float) -> str:
    """Return whether exactly the true number was read."""
    if len(found) != 1:
        return "not read"
    return "right" if found == {truth} else "wrong"


def write_names(page: Page, rng: np.random.Generator) -> tuple[Page, list[tuple[str, Any]]]:
    """Return the page with a person's facts on it, and the kind and box of each word in pixels.

    Words are those facts, in the header and between the traces, and the leads' names.
    """
    image = Image.fromarray(page.picture)
    pen = ImageDraw.Draw(image)
    px, places = page.px_per_mm, page.layout
    path = Path(mpl.get_data_path(), "fonts", "ttf", page.style.font)
    large, small = (ImageFont.truetype(path, max(6, round(size * px))) for size in (3.2, 2.6))
    words: list[tuple[str, Any]] = []
    gap = places.strips[0].y + places.pitch / 2  # between the first two rows
    for kind, y, font in (("header", 4.0, large), ("between", gap, small)):
        x = GRID_LEFT + (60.0 if kind == "between" else 0.0)
        for fact in draw_person(rng):
            box = pen.textbbox((x * px, y * px), fact, font, anchor="ls")
            pen.text((x * px, y * px), fact, (page.style.ink,) * 3, font, anchor="ls")
            words.append((kind, box))
            x = box[2] / px + 4.0
    for strip in places.strips:
        at = (strip.x + 1.2) * px, (strip.y - page.style.label_above) * px
        words.append(("label", pen.textbbox(at, strip.label, large, anchor="ls")))
    return replace(page, picture=np.asarray(image)), words


def draw_person(rng: np.random.Generator) -> Iterator[str]:
    """Yield name, date of birth and number of somebody who is not."""
    yield f"{rng.choice(LAST)}, {rng.choice(FIRST)}"
    day = f"{rng.integers(1, 29):02d}", f"{rng.integers(1, 13):02d}", str(rng.integers(1920, 2010))
    yield ".".join(day) if rng.random() < 0.5 else "-".join(reversed(day))
    yield f"ID {rng.integers(10**5, 10**9)}"


def to_mask(words: list[tuple[str, Any]], shape: tuple[int, ...]) -> Mask:
    """Return (height, width): the number of the word whose box is there, counted from 1."""
    mask = np.zeros(shape, np.uint8)
    for number, (_, (left, top, right, bottom)) in enumerate(words, 1):
        mask[int(top) : int(bottom) + 1, int(left) : int(right) + 1] = number
    return mask


def flatten(mask: Mask, grid: Grid) -> Mask:
    """Return *mask* of the picture as seen on the flat page, without what blurs at its edges."""
    around = np.ones((3, 3), np.uint8)
    sharp = np.where(cv2.erode(mask, around) == cv2.dilate(mask, around), mask, 0)
    flat = cv2.remap(sharp.astype(np.uint8), grid.to_picture, None, cv2.INTER_NEAREST)
    return np.asarray(np.where(grid.seen, flat, 0), np.uint8)


def count(tally: Tally, kinds: list[str], boxes: Mask, black: NDArray[np.bool_]) -> None:
    """Count the words that are hidden, and the leads' names that are hurt."""
    tally.counts["pages"] += 1
    for number, kind in enumerate(kinds, 1):
        here = boxes == number
        covered = float(black[here].mean()) if here.any() else 1.0  # off the flat page
        tally.counts[f"all {kind}"] += 1
        tally.counts[kind] += covered > (HURT if kind == "label" else HIDDEN)


def report(n: int, rows: list[Any], scale: list[Any], seconds: float) -> str:
    """Return the page of results."""
    columns = ("pages", "words known", "read", "header hidden", "between traces hidden",
               "leads' names hurt", "trace black, mean", "worst page")  # fmt: skip
    return f"""# Whose ECG it is, on what is kept of a page

- command: `python benchmarks/redaction.py -n {n}`, rapidocr {version("rapidocr")}
- pages: {n} of each kind, records of PTB-XL folds 1 to 8, layout, speed, gain, style and
  resolution (150 to 300 dpi) drawn at random, layout and scale given to the digitiser
- date: {datetime.now(UTC):%Y-%m-%d}

Each page bears an invented name, date of birth and number twice: in the header, and between the
first two rows of traces, where print seldom is. A word is hidden where at least {HIDDEN:.0%} of its
box is black or off the picture; a lead's name is hurt where more than {HURT:.0%} of it is black. A
page that is refused leaves no picture.

{table(columns, rows)}
What rapidocr reads of the line "25 mm/s 10 mm/mV" (25 or 50; 5, 10 or 20) on the same pictures, as
they come from the scanner or camera; {seconds:.1f} s of processor a page:

{table(("pages", *TOLD), scale)}"""


def table(columns: tuple[str, ...], rows: list[Any]) -> str:
    """Return a Markdown table."""
    lines = [columns, ("---",) * len(columns), *rows]
    return "".join(f"| {' | '.join(str(cell) for cell in line)} |\n" for line in lines)


if __name__ == "__main__":
    main()
