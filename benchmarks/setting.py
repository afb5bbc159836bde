"""What the benchmarks of answers share: weights that never saw who asks, and their gallery.

The weights that ship were trained on all of PTB-XL folds 1 to 8: none of these may ask them. Asked
are the weights of a cross-validation of the same recipe instead, two of them: one trained on folds
5 to 8, whom folds 1 to 4 ask, and one the other way round (`make cross`). So every recording may
ask.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from precord.encoder import Encoder
from precord.evaluate.material import Material, open_gallery, read_material
from precord.library.sqlite import SqliteLibrary

ROOT = Path(__file__).parents[1]
PARTS = ((1, 2, 3, 4), (5, 6, 7, 8))  # as `precord cross-validate` cuts the folds
SMALL = (4,)  # who asks where all of a part would take too long
KINDS = ("ptb-xl", "ptb-xl-zscored")
SHIPPED = ROOT / "src/precord/weights"


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Weights, the library of what trained them, and who asks.

    Attributes:
        about: asking and gallery in words.
    """

    weights: Path
    encoder: Encoder
    library: SqliteLibrary
    material: Material
    about: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what names the data, a cross-validation and the folder of the libraries."""
    parser.add_argument(
        "--shared", type=Path, default=Path(os.environ.get("PRECORD_SHARED", "../shared"))
    )
    parser.add_argument("--runs", type=Path, default=ROOT / "runs")
    parser.add_argument(
        "--cross",
        type=Path,
        default=ROOT / "runs/cv-shipped",
        help="folder that `precord cross-validate` left",
    )


@contextmanager
def open_parts(arguments: argparse.Namespace) -> Iterator[list[Part]]:
    """Open the two parts that ask."""
    with ExitStack() as stack:
        yield [stack.enter_context(_open(arguments, n, PARTS[n])) for n in (0, 1)]


@contextmanager
def open_small(arguments: argparse.Namespace) -> Iterator[Part]:
    """Open one part of which one fold asks."""
    with _open(arguments, 0, SMALL) as part:
        yield part


@contextmanager
def _open(arguments: argparse.Namespace, number: int, asking: Sequence[int]) -> Iterator[Part]:
    """Open the weights of part *number*, with the folds that trained them as gallery."""
    weights, gallery = arguments.cross / f"part-{number}" / "weights", PARTS[1 - number]
    corpora = [(kind, arguments.shared / "data" / kind) for kind in KINDS]
    encoder = Encoder.load(weights, threads=1)
    with open_gallery(corpora, gallery, arguments.runs, encoder) as library:
        material = read_material(corpora, asking, library, encoder, tell)
        about = (
            f"{len(material.records)} ECGs of PTB-XL fold {_name(asking)}; gallery: "
            f"{len(material.cases)} of folds {_name(gallery)}, which alone trained the weights"
        )
        yield Part(weights, encoder, library, material, about)


def _name(folds: Sequence[int]) -> str:
    """Return folds that follow each other, in words."""
    return str(folds[0]) if len(folds) == 1 else f"{folds[0]}-{folds[-1]}"


def tell(stage: str, n: int) -> Callable[[int], None]:
    """Say on standard error which stage begins."""
    sys.stderr.write(f"{stage}: {n}\n")
    return lambda _: None


def table(columns: Sequence[object], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table."""
    lines = [columns, ("---",) * len(columns), *rows]
    return "".join(f"| {' | '.join(str(cell) for cell in line)} |\n" for line in lines)
