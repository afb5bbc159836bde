"""Records made ready for training, all of them in memory.

Shapes: N records, L leads (12), T samples (1000). 2,000 records take 100 MB.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from typing import Any

import numpy as np
from numpy.typing import NDArray

from precord.corpora import Entry
from precord.image.encodings import SignedMap
from precord.image.view import EcgImage, View, stack_images, view_record
from precord.report import Language
from precord.signal.prepare import MODEL_RATE
from precord.simulate import draw_statements, simulate
from precord.text import clean_report


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """Images with what is known of them.

    Attributes:
        pixels, mask, calibrated: as `image.view.stack_images` returns them.
        statements: one set of codes a record.
        reports: the clean reports of a record, possibly none; any of them fits it.
        patients: one a record; None where unknown or simulated.
    """

    pixels: NDArray[Any]
    mask: NDArray[np.float32]
    calibrated: NDArray[np.float32]
    statements: tuple[frozenset[str], ...]
    reports: tuple[tuple[str, ...], ...]
    patients: tuple[str | None, ...]
    folds: tuple[int | None, ...]

    def __len__(self) -> int:
        """Return how many records there are."""
        return len(self.statements)

    def select(self, rows: Sequence[int]) -> "Pool":
        """Return the pool of *rows* alone."""
        return Pool(
            self.pixels[rows],
            self.mask[rows],
            self.calibrated[rows],
            tuple(self.statements[i] for i in rows),
            tuple(self.reports[i] for i in rows),
            tuple(self.patients[i] for i in rows),
            tuple(self.folds[i] for i in rows),
        )

    def to_maps(self) -> list[SignedMap]:
        """Return the signed maps, if that is what the images are."""
        rows = zip(self.pixels, self.mask > 0, self.calibrated > 0, strict=True)
        return [SignedMap(pixels, mask, bool(scale)) for pixels, mask, scale in rows]

    def in_folds(self, folds: Collection[int]) -> "Pool":
        """Return the pool of the records in *folds*."""
        return self.select([i for i, fold in enumerate(self.folds) if fold in folds])


def load_pool(
    entries: Sequence[Entry], on_progress: Callable[[int], None], view: View = View.SIGNED
) -> Pool:
    """Read every entry as *view* shows it; *on_progress* gets 1 for each."""
    images = []
    for entry in entries:
        images.append(view_record(entry.load(), view))
        on_progress(1)
    return Pool(
        *stack_images(images),
        tuple(e.statements for e in entries),
        tuple((clean_report(e.report.text),) if e.report else () for e in entries),
        tuple(e.patient for e in entries),
        tuple(e.fold for e in entries),
    )


def simulate_pool(
    n: int,
    seed: int,
    on_progress: Callable[[int], None],
    view: View = View.SIGNED,
    *,
    workers: int = 2,
    withheld: frozenset[str] = frozenset(),
) -> Pool:
    """Simulate *n* records that have none of *withheld*.

    The same seed makes the same pool, whatever *workers*.
    """
    draw = partial(_simulate_one, seed, view, withheld)
    if workers > 1:
        with ProcessPoolExecutor(workers, get_context("spawn")) as executor:
            return _collect(executor.map(draw, range(n), chunksize=50), on_progress)
    return _collect(map(draw, range(n)), on_progress)


_Simulated = tuple[EcgImage, frozenset[str], tuple[str, ...]]


def _simulate_one(seed: int, view: View, withheld: frozenset[str], number: int) -> _Simulated:
    """Return the image, statements and reports of one simulated record."""
    rng = np.random.default_rng([seed, number])
    simulated = simulate(draw_statements(rng), rng, rate=MODEL_RATE)
    while simulated.statements & withheld:
        simulated = simulate(draw_statements(rng), rng, rate=MODEL_RATE)
    texts = (simulated.reports[Language.GERMAN], simulated.reports[Language.ENGLISH])
    reports = tuple(clean_report(text) for text in texts)
    return view_record(simulated.record, view), simulated.statements, reports


def _collect(drawn: Iterable[_Simulated], on_progress: Callable[[int], None]) -> Pool:
    """Return the pool of what was drawn."""
    rows = []
    for row in drawn:
        rows.append(row)
        on_progress(1)
    images, statements, reports = zip(*rows, strict=True)
    nothing = (None,) * len(rows)
    return Pool(*stack_images(images), statements, reports, nothing, nothing)
