"""Real pictures of paper: `python benchmarks/digitize_real.py` prints what becomes of each.

The 26 pictures of PRECORD_SHARED have no ground truth. What can be told without one: whether a
picture is read, what its speed and gain rest on, and how far its limb leads keep Einthoven's
law: the ratio RMS(II - I - III) / RMS(II) of the millivolts read, each lead less its median; and
what it would be, were I and III moved by up to 8 ms, which tells rows that are not quite below
one another from rows that were read wrongly. The overlays of those read are drawn anew on
docs/results/digitize-real.jpg, to be looked at by eye.
Where `rapidocr` is installed printed words are used as well; the first line says so.
"""

import argparse
import os
import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from precord.digitize import digitize, draw_overlay
from precord.digitize.ocr import can_read_words
from precord.digitize.reading import Reading
from precord.errors import PrecordError
from precord.leads import Lead
from precord.record import Record

SHEET = Path(__file__).parents[1] / "docs/results/digitize-real.jpg"
COLUMNS, WIDTH, HEIGHT = 4, 540, 320  # of the sheet, and pixels of one overlay
MOVE = 0.008  # seconds: 0.2 mm of paper


def main() -> None:
    """Write the table, and the sheet of all pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="of some pictures only, which draws no sheet")
    names = parser.parse_args().names
    shared = Path(os.environ["PRECORD_SHARED"], "data", "paper-images")
    lines = [f"Printed words: {'read by rapidocr' if can_read_words() else 'not read'}.", ""]
    lines += ["| picture | answer | layout | expected dB | ratio | with I and III moved by 8 ms |"]
    lines += ["|---|---|---|---|---|---|"]
    ratios, moved, overlays = [], [], []
    for path in sorted(shared.iterdir()):
        if names and path.stem not in names:
            continue
        try:
            reading = digitize(path.read_bytes(), path.name)
        except PrecordError as error:
            lines.append(f"| {path.name} | refused: {str(error).partition(': ')[2]} | | | | |")
            continue
        ratios.append(residual(reading.record))
        moved.append(residual(reading.record, MOVE))
        overlays.append(_labelled(draw_overlay(reading), path.stem))
        lines.append(_row(path.name, reading, (ratios[-1], moved[-1])))
    if ratios:
        within = sum(ratio <= 0.2 for ratio in ratios)
        lines += [
            "",
            f"Read: {len(ratios)}. Median ratio {np.median(ratios):.2f}, {within} at most",
        ]
        lines[-1] += f" .2; median with I and III moved {np.median(moved):.2f}."
    sys.stdout.write("\n".join([*lines, ""]))
    if overlays and not names:
        cv2.imwrite(str(SHEET), _sheet(overlays), [cv2.IMWRITE_JPEG_QUALITY, 45])


def _row(name: str, reading: Reading, ratios: tuple[float, float]) -> str:
    """Return the line of a picture that was read."""
    notes = [n for n in reading.record.provenance.notes if "speed" in n or "gain" in n]
    layout = reading.arrangement.layout if reading.arrangement else ""
    expected = float(np.median(reading.snr_db))
    cells = [name, "; ".join(notes), layout, f"{expected:.0f}", *(f"{r:.2f}" for r in ratios)]
    return f"| {' | '.join(cells)} |"


def residual(record: Record, reach: float = 0.0) -> float:
    """Return RMS(II - I - III) / RMS(II) where all three were read; NaN where none is.

    The least of what it is with I and III moved by up to *reach* seconds each.
    """
    rows = [record.lead(lead) for lead in (Lead.I, Lead.II, Lead.III)]
    if any(row is None for row in rows):
        return float("nan")
    one, two, three = (row.astype(np.float64) for row in rows if row is not None)
    most = round(reach * record.rate)
    moves = range(-most, most + 1)
    found = [_unexplained(np.roll(one, a), two, np.roll(three, b)) for a in moves for b in moves]
    return float(np.min(found))


def _unexplained(
    one: NDArray[np.float64], two: NDArray[np.float64], three: NDArray[np.float64]
) -> float:
    """Return RMS(II - I - III) / RMS(II), each less its median."""
    parts = np.stack([one, two, three])
    parts = parts[:, np.isfinite(parts).all(axis=0)]
    if not parts.size:
        return float("nan")
    one, two, three = parts - np.median(parts, axis=1, keepdims=True)
    return float(np.sqrt(((two - one - three) ** 2).mean() / (two**2).mean()))


def _labelled(overlay: NDArray[np.uint8], name: str) -> NDArray[np.uint8]:
    """Return the (HEIGHT, WIDTH, 3) RGB *overlay*, with its picture's name below."""
    room = HEIGHT - 24
    factor = min(WIDTH / overlay.shape[1], room / overlay.shape[0])
    size = round(overlay.shape[1] * factor), round(overlay.shape[0] * factor)
    tile = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    tile[: size[1], : size[0]] = cv2.resize(overlay, size, interpolation=cv2.INTER_AREA)
    at = (6, HEIGHT - 7)
    cv2.putText(tile, name, at, cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    return tile


def _sheet(tiles: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Return the tiles in rows, blue first, as `cv2` writes them."""
    blank = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    tiles = [*tiles, *[blank] * (-len(tiles) % COLUMNS)]
    rows = [np.hstack(tiles[k : k + COLUMNS]) for k in range(0, len(tiles), COLUMNS)]
    return np.ascontiguousarray(np.vstack(rows)[..., ::-1]).astype(np.uint8)


if __name__ == "__main__":
    main()
