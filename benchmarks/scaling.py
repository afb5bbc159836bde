"""What more recordings are worth, with and without simulation; what simulation alone teaches.

Usage: python benchmarks/scaling.py [--shared ../shared] [--runs runs]

`make scaling` trains what is measured here: configs/budget.py on 250, 500, 1,000 and all 1,764
recordings of PTB-XL folds 1 to 8, without simulation and with half of each batch simulated, and
three times on simulation alone. Each asks fold 9 against the same gallery, all of folds 1 to 8:
one more look at fold 9, to be written down in docs/results/looks.md. What simulation alone has
taught is measured on folds 1 to 8 as well, of which it has seen nothing. Writes
docs/results/scaling.md and a plot.
"""

import argparse
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from setting import KINDS, ROOT, table

from precord.corpora import Entry, open_corpus
from precord.encoder import Encoder
from precord.evaluate.baseline import always_normal
from precord.evaluate.prompts import mean_auroc
from precord.evaluate.protocol import NON_NORM, Task, judge, judge_hits
from precord.ingest import encode_case_texts
from precord.metrics import Estimate, Resamples
from precord.record import Record
from precord.relevance import StatementTable, to_class_probabilities, to_superclass_hot
from precord.score import score_cases
from precord.statements import SUPERCLASSES, Superclass

PAGE = ROOT / "docs/results/scaling.md"
PLOT = ROOT / "docs/results/scaling.png"
SIZES = (250, 500, 1000, 1764)
SHARES = {"0": "real alone", "0.5": "half simulated"}
SEEDS = (1, 2, 3)
TRAINED, ASKING = tuple(range(1, 9)), (9,)
MEASURES = ("class share@10", "weighted Jaccard@10", "weighted Jaccard@10" + NON_NORM)
AUROC = "superclass AUROC"
_HYP = SUPERCLASSES.index(Superclass.HYP)
_BATCH = 32
Encoded = tuple[NDArray[np.float32], NDArray[np.float32]]


class Side:
    """The ECGs of some folds, read once."""

    def __init__(self, shared: Path, folds: Sequence[int]) -> None:
        corpora = [(kind, shared / "data" / kind) for kind in KINDS]
        self.entries: list[Entry] = [
            e for kind, place in corpora for e in open_corpus(kind, place).entries(list(folds))
        ]
        self.records: list[Record] = [entry.load() for entry in self.entries]
        self.statements = [entry.statements for entry in self.entries]
        self.patients = [entry.patient or entry.case_id for entry in self.entries]
        self.corpora = np.array([entry.corpus for entry in self.entries])

    def encode(self, encoder: Encoder) -> Encoded:
        """Return vectors (N, D) and statement probabilities (N, S)."""
        parts = [
            encoder.encode_records(self.records[start : start + _BATCH])
            for start in range(0, len(self.records), _BATCH)
        ]
        vectors = np.concatenate([part.vectors for part in parts])
        return vectors, np.concatenate([part.statements for part in parts])


def main() -> None:
    """Measure all that was trained, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--shared", type=Path, default=Path(os.environ.get("PRECORD_SHARED", "../shared"))
    )
    parser.add_argument("--runs", type=Path, default=ROOT / "runs")
    arguments = parser.parse_args()
    gallery, queries = (Side(arguments.shared, folds) for folds in (TRAINED, ASKING))
    task = Task.make(
        queries.statements,
        gallery.statements,
        queries.patients,
        queries.corpora.tolist(),
        gallery.corpora.tolist(),
    )
    found = {
        (share, size): retrieve(
            Encoder.load(arguments.runs / f"scaling-{size}-{share}" / "weights", threads=1),
            (queries, gallery),
            task,
        )
        for share in SHARES
        for size in SIZES
    }
    alone = [
        Encoder.load(arguments.runs / f"scaling-simulated-{seed}" / "weights", threads=1)
        for seed in SEEDS
    ]
    trivial = judge_hits(task, always_normal(task))
    draw(found)
    PAGE.write_text(
        f"""# More recordings, simulated recordings, and nothing but simulated ones

- command: `make scaling` (`precord train configs/budget.py` eleven times, then
  `python benchmarks/scaling.py`)
- queries: {len(queries.records)} ECGs of PTB-XL fold 9; gallery: {len(gallery.records)} of folds \
1-8, whatever was trained on
- budget: half of configs/budget.py: 276 steps of 64 records, whatever their number; one seed
- date: {datetime.now(UTC):%Y-%m-%d}; Linux x86_64, two cores, no GPU

Nothing was chosen by these numbers. Brackets are 95 % bootstrap intervals over patients.

{curve_table(found, trivial)}
{fit_table(found)}
At equal steps simulated records replace real ones. One seed a run: differences between rows are
within the intervals, and the lines are through four points.

![measures against the number of recordings](scaling.png)

## Trained on simulation alone

12,000 simulated ECGs, three passes (561 steps), three seeds, no recording and no report of a
patient. The simulator's shares of statements follow folds 1 to 8, and some of its numbers were set
with their signals in sight ([simulator.md](simulator.md)). AUROC of the statement head; the trivial
answer has .5.

{alone_table(alone, {"fold 9": queries, "folds 1-8": gallery})}""",
        "utf-8",
    )


def retrieve(encoder: Encoder, sides: tuple[Side, Side], task: Task) -> dict[str, Estimate]:
    """Return what the queries find in the gallery with *encoder*, and its AUROC."""
    queries, gallery = sides
    asked, cases = queries.encode(encoder), gallery.encode(encoder)
    texts = encode_case_texts(
        encoder, gallery.statements, [e.report for e in gallery.entries], encoder.dim
    )
    reference = (cases[0], texts, StatementTable.fit(gallery.statements))
    scores = score_cases(*asked, reference, encoder.score_weights)
    judged = judge(task, np.nan_to_num(scores.total, nan=-np.inf))
    return judged | {AUROC: class_auroc(queries, asked[1], range(len(SUPERCLASSES)))}


def class_auroc(
    side: Side, probabilities: NDArray[np.float32], classes: Sequence[int], corpus: str = ""
) -> Estimate:
    """Return the mean AUROC of superclasses over the ECGs of *corpus*, or over all."""
    rows = np.flatnonzero(side.corpora == corpus) if corpus else np.arange(len(side.corpora))
    truth = to_superclass_hot([side.statements[i] for i in rows])
    resamples = Resamples.draw([side.patients[i] for i in rows], 200)
    return mean_auroc(truth, to_class_probabilities(probabilities[rows]), classes, resamples)


def show(e: Estimate) -> str:
    """Return an estimate with its interval."""
    return f"{e.value:.3f} [{e.low:.3f}, {e.high:.3f}]"


def curve_table(
    found: dict[tuple[str, int], dict[str, Estimate]], trivial: dict[str, Estimate]
) -> str:
    """Return a row for each run."""
    names = (*MEASURES, AUROC)
    rows = [
        (SHARES[share], size, *(show(values[name]) for name in names))
        for (share, size), values in found.items()
    ]
    rows.append(("always normal", "-", *(show(trivial[name]) for name in MEASURES), "0.500"))
    return table(("batches", "recordings", *names), rows)


def fit_table(found: dict[tuple[str, int], dict[str, Estimate]]) -> str:
    """Return what a doubling of the recordings adds: a line through value against log2 size."""
    rows = []
    for share, words in SHARES.items():
        for name in (*MEASURES, AUROC):
            values = [found[share, size][name].value for size in SIZES]
            slope, start = np.polyfit(np.log2(SIZES), values, 1)
            left = np.array(values) - (slope * np.log2(SIZES) + start)
            more = slope * np.log2(2 * SIZES[-1]) + start
            rows.append((words, name, f"{slope:+.3f}", f"{np.abs(left).max():.3f}", f"{more:.3f}"))
    columns = ("batches", "measure", "each doubling adds", "farthest off the line")
    return table((*columns, "the line at twice as many"), rows)


def alone_table(encoders: Sequence[Encoder], sides: dict[str, Side]) -> str:
    """Return the AUROC of each superclass after simulation alone, by seed and their mean."""
    rows = []
    for name, side in sides.items():
        heads = [side.encode(encoder)[1] for encoder in encoders]
        kinds = [("macro of five", range(len(SUPERCLASSES)), "")]
        kinds += [(str(c), range(i, i + 1), "") for i, c in enumerate(SUPERCLASSES)]
        kinds += [(f"HYP, {kind}", range(_HYP, _HYP + 1), kind) for kind in KINDS]
        for words, classes, corpus in kinds:
            each = [class_auroc(side, head, classes, corpus) for head in heads]
            mean = np.mean([e.value for e in each])
            rows.append((name, words, f"{mean:.3f}", *(show(e) for e in each)))
    return table(("ECGs", "class", "mean", *(f"seed {seed}" for seed in SEEDS)), rows)


def draw(found: dict[tuple[str, int], dict[str, Estimate]]) -> None:
    """Draw each measure against the number of recordings."""
    figure = Figure(figsize=(11, 3))
    for number, name in enumerate((*MEASURES, AUROC), 1):
        axes = figure.add_subplot(1, 4, number)
        for share, words in SHARES.items():
            values = [found[share, size][name] for size in SIZES]
            middle = [e.value for e in values]
            spread = [[e.value - e.low for e in values], [e.high - e.value for e in values]]
            axes.errorbar(SIZES, middle, spread, marker="o", ms=3.5, lw=1, capsize=2, label=words)
        axes.set_xscale("log", base=2)
        axes.set_xticks(SIZES, [str(size) for size in SIZES])
        axes.set_title(name, fontsize=9)
        axes.tick_params(labelsize=7)
    figure.legend(*axes.get_legend_handles_labels(), loc="lower center", ncols=2, fontsize=8)
    figure.tight_layout(rect=(0, 0.08, 1, 1))
    figure.savefig(PLOT, dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    main()
