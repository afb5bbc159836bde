"""Measure what it costs to show every class that is possible, and what it saves.

Usage: python benchmarks/possible.py [--cross FOLDER] [--shared ../shared] [--runs runs]

Who asks which weights: benchmarks/setting.py. Nothing is fitted.
Writes docs/results/possible.md. Five minutes on one core.
"""

import argparse
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray
from setting import ROOT, Part, add_arguments, open_parts, table

from precord.evaluate.protocol import per_query
from precord.evaluate.system import show_possible, system_scores
from precord.metrics import Resamples, top_hits
from precord.relevance import StatementTable, to_class_probabilities, to_superclass_hot
from precord.retrieve.possible import POSSIBLE
from precord.statements import SUPERCLASSES, to_superclasses

PAGE = ROOT / "docs/results/possible.md"
NEVER, ALWAYS = 2.0, 0.0
LEVELS = (NEVER, 0.2, 0.1, 0.07, POSSIBLE, 0.03, ALWAYS)
Measured = dict[str, NDArray[np.float64]]


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser)
    with open_parts(parser.parse_args()) as parts:
        found = [measure(part) for part in parts]
        patients = [patient for part in parts for patient in part.material.patients]
        about = "; ".join(part.about for part in parts)
    joined = {
        level: {m: np.concatenate([one[level][m] for one in found]) for m in found[0][level]}
        for level in LEVELS
    }
    PAGE.write_text(write_page(joined, Resamples.draw(patients), about), "utf-8")


def measure(part: Part) -> dict[float, Measured]:
    """Return per level what each query of *part* found; NaN where a measure is not of it."""
    material = part.material
    total = system_scores(material, part.encoder)["precord, the nearest alone"]
    cases = StatementTable.fit([case.statements for case in material.cases])
    classes = to_class_probabilities(np.stack([q.statements for q in material.encoded]))
    asked = to_superclass_hot(material.task.queries)
    abnormal = np.array([to_superclasses(q) != {"NORM"} for q in material.task.queries])
    found = {}
    for level in LEVELS:
        hits = top_hits(show_possible(total, cases, classes, level), 10)
        values = per_query(material.task, hits)
        overlap = values["weighted Jaccard@10"]
        missed = 1.0 - cases.classes[hits].max(axis=1)
        found[level] = {
            "class share@10": values["class share@10"],
            "weighted Jaccard@10": overlap,
            "non-NORM": np.where(abnormal, overlap, np.nan),
            **{
                f"misses {name}": np.where(asked[:, c] > 0, missed[:, c], np.nan)
                for c, name in enumerate(SUPERCLASSES)
            },
        }
    return found


def write_page(found: dict[float, Measured], resamples: Resamples, about: str) -> str:
    """Return the page."""
    names = {NEVER: "never: the nearest alone", ALWAYS: "always (trivial)"}
    rows = []
    for level, measured in found.items():
        cells: list[object] = [names.get(level, f"from {level:.0%}")]
        for measure_name, values in measured.items():
            mean = resamples.macro if values.ndim == 2 else resamples.mean
            gain = resamples.difference(_columns(values), _columns(found[NEVER][measure_name]))
            change = f" ({gain.value:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}])"
            cells.append(f"{mean(values).value:.3f}{'' if level == NEVER else change}")
        rows.append(cells)
    columns = ["an abnormal class is shown", *found[NEVER]]
    return f"""# What is possible is shown

- command: `make cross`, then `python benchmarks/possible.py`
- queries: {about}
- date: {datetime.now(UTC):%Y-%m-%d}

Ten hits of the ECGs above. An abnormal superclass that the model holds possible, with at least the
probability of the first column, has its best case among them
([decision 38](../decisions/0038-possible.md)). *Misses*: the share of queries with a class whose
ten hits show none of it. The last row shows every abnormal class always: it misses nothing and says
nothing, so misses are never read without the overlap. Brackets: paired 95 % intervals over
patients. precord takes {POSSIBLE:.0%}.

{table(columns, rows)}"""


def _columns(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return *values* as (Q, columns)."""
    return values if values.ndim == 2 else values[:, None]


if __name__ == "__main__":
    main()
