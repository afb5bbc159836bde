"""Measure how far a search that stresses leads and a window moves its hits.

Usage: python benchmarks/place.py [--cross FOLDER] [--shared ../shared] [--runs runs]

Who asks which weights: benchmarks/setting.py. Nothing is fitted.
Writes docs/results/place.md. Three minutes on one core.
"""

import argparse
from collections import defaultdict
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray
from setting import ROOT, add_arguments, open_small

from precord.encoder import Encoder
from precord.errors import QueryError
from precord.evaluate.material import Material
from precord.metrics import Resamples
from precord.record import Record
from precord.relevance import StatementTable
from precord.retrieve.focus import (
    DEPTH,
    BeatShapes,
    Focus,
    Place,
    compare_place,
    find_place,
    parse_focus,
    refocus,
    shape_beats,
)
from precord.retrieve.rank import best_rows
from precord.score import score_cases
from precord.signal.beats import average_beats
from precord.signal.measure import find_bounds

PAGE = ROOT / "docs/results/place.md"
GROUPS = {
    "V1 to V4": parse_focus("V1,V2,V3,V4").leads,
    "II, III, aVF": parse_focus("II,III,aVF").leads,
}
HALF = 5.0  # seconds: searched with a beat before, judged by one behind
HITS = 10
WAYS = ("chance", "plain search", "these leads", "the other leads")


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser)
    with open_small(parser.parse_args()) as part:
        material, encoder = part.material, part.encoder
        records = material.gallery_records(range(len(material.cases)), lambda _: None)
    shapes = {name: [shape_beats(r, leads) for r in records] for name, leads in GROUPS.items()}
    page = write_page(material, plain_scores(material, encoder), shapes, part.about)
    PAGE.write_text(page, "utf-8")


def plain_scores(material: Material, encoder: Encoder) -> NDArray[np.float32]:
    """Return the scores (Q, G) of a plain search, without re-ranking."""
    vectors, rows = material.vectors, material.rows
    table = StatementTable.fit([case.statements for case in material.cases])
    read = np.stack([q.statements for q in material.encoded])
    asked = np.stack([q.vector for q in material.encoded])
    cases = (vectors.ecg[rows], vectors.report[rows], table)
    return score_cases(asked, read, cases, encoder.score_weights).total


def two_places(record: Record) -> dict[str, tuple[Place, Place]] | None:
    """Return for each group ST-T of one beat to search with, and of a later one to judge by."""
    beats = average_beats(record)
    bounds = find_bounds(beats)
    if bounds is None:
        return None
    usual = beats.peaks[beats.is_dominant]
    first, last = usual[usual < HALF - bounds.t_off], usual[usual + bounds.qrs_off > HALF]
    if not first.size or not last.size:
        return None
    windows = [(float(p + bounds.qrs_off), float(p + bounds.t_off)) for p in (first[-1], last[0])]
    try:
        return {
            name: (
                find_place(record, Focus(leads, windows[0])),
                find_place(record, Focus(leads, windows[1])),
            )
            for name, leads in GROUPS.items()
        }
    except QueryError:  # a lead is missing
        return None


def write_page(
    material: Material,
    total: NDArray[np.float32],
    shapes: dict[str, list[BeatShapes | None]],
    about: str,
) -> str:
    """Return the page."""
    rng = np.random.default_rng(5)
    found: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    patients = []
    for number, record in enumerate(material.records):
        places = two_places(record)
        if places is None:
            continue
        patients.append(material.patients[number])
        plain = best_rows(total[number], DEPTH)
        moved = {
            name: best_rows(
                refocus(total[number], plain, like(places[name][0], shapes[name], plain)), HITS
            )
            for name in GROUPS
        }
        for name in GROUPS:
            (other,) = set(GROUPS) - {name}
            by_chance = rng.permutation(len(material.cases))[:HITS]
            ways = (by_chance, plain[:HITS], moved[name], moved[other])
            for way, hits in zip(WAYS, ways, strict=True):
                there = like(places[name][1], shapes[name], hits).mean()
                found[name, way].append(
                    (float(there), float(material.task.likeness[number, hits].mean()))
                )
    resamples = Resamples.draw(patients)
    rows = ""
    for (name, way), values in found.items():
        here, alike = np.array(values).T
        gain = resamples.mean(here - np.array(found[name, "plain search"])[:, 0])
        rows += (
            f"| {name} | {way} | {here.mean():.3f} | {gain.value:+.3f} [{gain.low:+.3f}, "
            f"{gain.high:+.3f}] | {alike.mean():.3f} |\n"
        )
    return f"""# A search that stresses a place

- command: `make cross`, then `python benchmarks/place.py`
- queries: {about}; {len(patients)} of them have usual beats in both halves
- date: {datetime.now(UTC):%Y-%m-%d}

`--leads` and `--window` were ST-T of one beat of the first five seconds. *Likeness there*: how like
the ten hits are to ST-T of another beat, of the last five seconds, in the leads of the first column
(1 equal, 0 unlike, -1 its mirror image). *The other leads*: the hits of a search that stressed
those; they should be no nearer here than those of a plain search. *In all*: weighted Jaccard index,
which says what it costs. Brackets are 95 % intervals over patients. The share of the plain score
(a half) was chosen on fifty ECGs of fold 8; fold 9 was not touched.

| leads | hits of | likeness there | against plain search | in all |
|---|---|---|---|---|
{rows}"""


def like(
    place: Place, shapes: list[BeatShapes | None], rows: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Return how like *place* the cases at *rows* are."""
    some = [shapes[row] for row in rows]
    return np.array([compare_place(place, one) if one else -1.0 for one in some])


if __name__ == "__main__":
    main()
