"""How long the three fields of one record take, beside pyts, and a picture of every encoding.

Usage: python benchmarks/encodings.py [--picture docs/images/encodings.png]

Both sides get the same simulated beat, 12 leads of 100 samples, as float32; times are the
medians of paired repetitions in one process. pyts is a development dependency.
"""

import argparse
import platform
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from precord.image.encodings import draw_map, gramian_sum, recurrence, signed_map, transitions
from precord.image.qiu2023 import Method, Style, cut_beat, draw_beat
from precord.record import Record
from precord.signal.prepare import prepare
from precord.simulate import simulate

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # numba's, on import
    from pyts.image import GramianAngularField, MarkovTransitionField, RecurrencePlot

REPETITIONS = 100


def main() -> None:
    """Print one line a side, and draw if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--picture", type=Path)
    record = simulate(("CLBBB",), np.random.default_rng(3)).record
    beat = cut_beat(record, np.random.default_rng(1))
    oracles = (
        GramianAngularField(sample_range=None),
        RecurrencePlot(),
        MarkovTransitionField(n_bins=4, strategy="quantile"),
    )

    def ours() -> None:
        gramian_sum(beat), recurrence(beat), transitions(beat)

    def theirs() -> None:
        for oracle in oracles:
            oracle.transform(beat)

    theirs()  # numba compiles on the first call
    pairs = [(measure(ours), measure(theirs)) for _ in range(REPETITIONS)]
    own, other = (statistics.median(side) * 1e3 for side in zip(*pairs, strict=True))
    sys.stdout.write(
        f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}\n"
        f"GASF + RP + MTF of one record: {own:.1f} ms (target 5); pyts {other:.1f} ms\n"
    )
    if (path := parser.parse_args().picture) is not None:
        draw(record, path)


def measure(work: Callable[[], None]) -> float:
    """Return how many seconds *work* takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def draw(record: Record, path: Path) -> None:
    """Draw the four fields and both layouts of one beat, above the signed map of ten seconds."""
    beat = cut_beat(record, np.random.default_rng(1))
    top = [draw_beat(beat, Style.GRID, [method]) for method in Method]
    top += [draw_beat(beat, style) for style in Style]
    gap = np.full((224, 8, 3), 255, np.uint8)
    row = np.concatenate([part for image in top for part in (image, gap)][:-1], axis=1)
    bottom = Image.fromarray(draw_map(signed_map(prepare(record)))).resize((row.shape[1], 260))
    white = np.full((8, row.shape[1], 3), 255, np.uint8)
    Image.fromarray(np.concatenate([row, white, np.asarray(bottom)])).save(path, optimize=True)


if __name__ == "__main__":
    main()
