"""Pages that precord did not draw: `python benchmarks/foreign.py` prints what becomes of them.

Raw records of PTB-XL, folds 1 to 8, drawn by matplotlib (`foreign_draw`) as carts and people's
own scripts print them, saved as PNG, JPEG and PDF, and degraded. Each page is first read with
nothing said; where that asks for what the page does not say, with speed and gain as a person
gives them. SNR as in `digitize_score`; what is refused is 0 dB. The worst a page can do is be
read at a speed or a gain that is not its own.
"""

import argparse
import json
import os
import re
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from digitize_score import find_wrong, score
from foreign_draw import STYLES, Style, degrade, draw, to_bytes, to_pdf, to_pixels
from numpy.typing import NDArray
from PIL import Image

from digitize import list_files
from precord.digitize import Options, Reading, digitize, draw_overlay
from precord.errors import PrecordError
from precord.io import read
from precord.leads import LEADS
from precord.record import Record

Array = NDArray[Any]
FORMS = (
    ("png", 100, ""), ("jpeg", 150, "turned"), ("jpeg", 200, "askew"), ("png", 300, "lit"),
    ("pdf", 0, ""),
)  # fmt: skip
_RIGHT = (0.85, 1.18)  # times its own size or length that a page may be read


def main() -> None:
    """Write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("styles", nargs="*", help="of some only")
    parser.add_argument("--forms", nargs="+", type=int, default=range(len(FORMS)), help="of FORMS")
    parser.add_argument("--first", type=int, default=0, help="number of the first record")
    parser.add_argument("--keep", type=Path, help="folder for pages and overlays")
    options = parser.parse_args()
    files = list_files(Path(os.environ["PRECORD_SHARED"], "data", "ptb-xl"))
    pages = []
    for s, (name, style) in enumerate(STYLES.items()):
        if options.styles and name not in options.styles:
            continue
        for f, form in ((f, FORMS[f]) for f in options.forms):
            number = options.first + 31 * s + 7 * f
            page = measure(name, style, form, files[number % len(files)], options.keep)
            pages.append(page)
            sys.stderr.write(json.dumps(page) + "\n")
    out = ["| pages | median dB | 10th percentile | asked for speed or gain | refused "]
    out[-1] += "| read below 3 dB | wrong scale | leads wrong | s of processor |"
    out += ["|---|---|---|---|---|---|---|---|---|"]
    kinds = {page["style"]: [p for p in pages if p["style"] == page["style"]] for page in pages}
    forms = {page["form"]: [p for p in pages if p["form"] == page["form"]] for page in pages}
    for kind, found in (*kinds.items(), *forms.items(), ("all", pages)):
        out.append(_row(kind, found))
    sys.stdout.write("\n".join([*out, ""]))


def measure(
    name: str, style: Style, form: tuple[str, int, str], path: Path, keep: Path | None
) -> dict[str, Any]:
    """Draw one page and read it; return what the tables need."""
    record = read(path)
    leads = {str(lead): record.signal[k].astype(float) for k, lead in enumerate(record.leads)}
    page, shown = draw(style, leads, record.rate)
    kind, dpi, how = form
    if kind == "pdf":
        data = to_pdf(page)
    else:
        picture = degrade(to_pixels(page, dpi), how, np.random.default_rng(int(path.stem[:5])))
        data = to_bytes(picture, kind.upper())
    label = f"{kind} {dpi or ''} {how}".strip().replace("  ", " ")
    stem = f"{name} {label} {path.stem}".replace(" ", "-")
    if keep is not None:
        keep.mkdir(exist_ok=True)
        (keep / f"{stem}.{kind}").write_bytes(data)
    begin = time.process_time()
    reading, asked, refusal = read_page(data, stem, style)
    result = {"style": name, "form": label, "stem": stem, "asked": asked, "refusal": refusal}
    result["seconds"] = round(time.process_time() - begin, 2)
    if keep is not None and reading is not None:
        Image.fromarray(draw_overlay(reading)).save(keep / f"{stem}.overlay.png")
    truth = np.stack([shown[str(lead)] for lead in LEADS])
    found = None if reading is None else reading.record
    snr, shift = score(truth, record.rate, found)
    result["snr"] = snr.round(1).tolist()
    result["wrong"] = find_wrong(record, truth, found, shift)
    result["scale"] = "" if reading is None else judge_scale(reading, style, truth, record.rate)
    return result


def read_page(data: bytes, name: str, style: Style) -> tuple[Reading | None, bool, str]:
    """Return the reading, whether speed or gain had to be given, and why it was refused."""
    try:
        reading = digitize(data, name)
    except PrecordError as error:
        if "--speed" not in str(error):
            return None, False, str(error)
    else:
        if reading.record.is_calibrated:
            return reading, False, ""
    try:
        return digitize(data, name, Options(speed=style.speed, gain=style.gain)), True, ""
    except PrecordError as error:
        return None, True, str(error)


def judge_scale(reading: Reading, style: Style, truth: Array, rate: float) -> str:
    """Return what of a reading's scale is wrong, empty where nothing is."""
    notes = "; ".join(reading.record.provenance.notes)
    wrong = []
    for what, true in (("speed", style.speed), ("gain", style.gain)):
        told = re.search(rf"{what} ([\d.]+) mm", notes)
        if told is not None and float(told[1]) != true:
            wrong.append(f"{what} {told[1]}")
    seconds = reading.record.signal.shape[1] / reading.record.rate
    if not _RIGHT[0] < seconds / (truth.shape[1] / rate) < _RIGHT[1]:
        wrong.append(f"{seconds:.1f} s")
    if reading.record.is_calibrated:
        sizes = _sizes(reading.record, truth)
        if not _RIGHT[0] < sizes < _RIGHT[1]:
            wrong.append(f"{sizes:.2f} times as high")
    return ", ".join(wrong)


def _sizes(record: Record, truth: Array) -> float:
    """Return how many times as high as it is the ECG was read, by the spread of its leads."""
    found = []
    for lead, row in zip(record.leads, record.signal, strict=True):
        own = truth[LEADS.index(lead)]
        found.append(np.nanstd(row) / np.nanstd(own))
    return float(np.median(found))


def _row(kind: str, pages: list[dict[str, Any]]) -> str:
    """Return one line of the table."""
    leads = np.concatenate([page["snr"] for page in pages])
    low = sum(not page["refusal"] and float(np.median(page["snr"])) < 3.0 for page in pages)
    cells = [
        kind, f"{np.median(leads):.1f}", f"{np.quantile(leads, 0.1):.1f}",
        *(str(sum(bool(page[key]) for page in pages)) for key in ("asked", "refusal")),
        str(low), str(sum(bool(page["scale"]) for page in pages)),
        str(sum(page["wrong"] for page in pages)),
        f"{np.mean([page['seconds'] for page in pages]):.1f}",
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
