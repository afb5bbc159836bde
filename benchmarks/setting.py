"""What the benchmarks of answers share: weights that never saw who asks, and their gallery.

The shipped weights were trained on PTB-XL folds 1 to 8, so no ECG at hand but fold 9 is new to
them. What may be chosen and learnt therefore asks the weights of a cross-validation of the same
recipe: `precord cross-validate configs/first.py --out runs/cv-first` leaves two of them, one
trained on folds 5 to 8, whom folds 1 to 4 ask, and one the other way round.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from precord.encoder import Encoder
from precord.evaluate.material import Material, open_gallery, read_material
from precord.library.sqlite import SqliteLibrary

ROOT = Path(__file__).parents[1]
ASKING = ((1, 2, 3, 4), (5, 6, 7, 8))  # by part, as `precord cross-validate` cuts the folds
KINDS = ("ptb-xl", "ptb-xl-zscored")
SMALL = (4,)  # who asks where all of a part would take too long


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One half of the cross-validation: its weights, and the library of what trained them."""

    weights: Path
    encoder: Encoder
    library: SqliteLibrary
    material: Material


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what names the data, the cross-validation and the folder of its libraries."""
    parser.add_argument(
        "--shared", type=Path, default=Path(os.environ.get("PRECORD_SHARED", "../shared"))
    )
    parser.add_argument("--runs", type=Path, default=ROOT / "runs")
    parser.add_argument("--cross", type=Path, default=ROOT / "runs/cv-first")


@contextmanager
def open_part(
    arguments: argparse.Namespace, number: int, asking: Sequence[int] | None = None
) -> Iterator[Part]:
    """Open part *number*; the folds *asking* of it ask, or all of them."""
    corpora = [(kind, arguments.shared / "data" / kind) for kind in KINDS]
    weights = arguments.cross / f"part-{number}" / "weights"
    encoder = Encoder.load(weights, threads=1)
    with open_gallery(corpora, ASKING[1 - number], arguments.runs, encoder) as library:
        material = read_material(corpora, asking or ASKING[number], library, encoder, tell)
        yield Part(weights, encoder, library, material)


def tell(stage: str, n: int) -> Callable[[int], None]:
    """Say on standard error which stage begins."""
    sys.stderr.write(f"{stage}: {n}\n")
    return lambda _: None


def table(columns: Sequence[object], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table."""
    lines = [columns, ("---",) * len(columns), *rows]
    return "".join(f"| {' | '.join(str(cell) for cell in line)} |\n" for line in lines)
