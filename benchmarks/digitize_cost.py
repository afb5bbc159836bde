"""What a reading costs: `python benchmarks/digitize_cost.py -n 5` prints the table.

Scans of 150 to 300 dpi and photos of 12 megapixels, drawn from PTB-XL records of folds 1 to 8,
each read by `precord digitize` in a process of its own. Seconds of processor and the peak of
resident memory; the start of Python, what it imports, and writing record and overlay are in it.
Targets: a scan within 3 s, a photo within 6 s, 1 GB.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from digitize import draw_pages, list_files

MEGAPIXELS = 12.0
KINDS = {"scan": None, "photo": MEGAPIXELS}


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=5, help="pages of each kind")
    n = parser.parse_args().n
    files = list_files(Path(os.environ["PRECORD_SHARED"], "data", "ptb-xl"))
    lines = ["| pages | megapixels | s of processor, median and most | peak memory, MB |"]
    lines += ["|---|---|---|---|"]
    with tempfile.TemporaryDirectory() as folder:
        for kind, megapixels in KINDS.items():
            found = []
            for k in range(n):
                picture = draw_pages(kind, 9000 + k, files[(k * 11 + 5) % len(files)])[0].picture
                path = Path(folder) / f"{kind}-{k}.jpg"
                found.append((_save(np.asarray(picture), path, megapixels), *_read(path)))
            size, seconds, memory = np.array(found).T
            lines.append(
                f"| {kind} | {size.min():.1f} to {size.max():.1f} | {np.median(seconds):.1f}, "
                f"{seconds.max():.1f} | {memory.max():.0f} |"
            )
    sys.stdout.write("\n".join([*lines, ""]))


def _save(picture: NDArray[np.uint8], path: Path, megapixels: float | None) -> float:
    """Write *picture* as JPEG, of so many *megapixels* where they are given; return how many."""
    image = Image.fromarray(picture)
    if megapixels is not None:
        factor = (megapixels * 1e6 / (image.width * image.height)) ** 0.5
        image = image.resize((round(image.width * factor), round(image.height * factor)))
    image.save(path, quality=92)
    return image.width * image.height / 1e6


def _read(path: Path) -> tuple[float, float]:
    """Return seconds of processor and peak memory in MB of a reading; a refusal is one too."""
    command = [
        sys.executable,
        "-m",
        "precord",
        "digitize",
        str(path),
        "-o",
        str(path.with_suffix("")),
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, usage = os.wait4(process.pid, 0)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


if __name__ == "__main__":
    main()
