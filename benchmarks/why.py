"""Measure what steers a search, and whether the map of a match points at what made it.

Usage: python benchmarks/why.py [--shared ../shared] [--library runs/answers.db]

Library and queries are those of benchmarks/answers.py: PTB-XL folds 1 to 7, and fold 8. Nothing is
fitted. Writes docs/results/why.md.
"""

import argparse
import os
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from precord.encoder import Encoder
from precord.evaluate.material import Material, read_material
from precord.library.protocol import Vectors
from precord.library.sqlite import SqliteLibrary
from precord.metrics import Resamples, top_hits
from precord.record import Record
from precord.relevance import Relevance, StatementTable
from precord.retrieve.steer import Aspect, codes_of, stress
from precord.retrieve.where import MatchMap, map_match
from precord.score import score_cases
from precord.simulate import simulate
from precord.statements import CODES

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/results/why.md"
KINDS = ("ptb-xl", "ptb-xl-zscored")
TOP = 12  # pieces of 120 that the deletion test removes
N_PVC, N_REAL, DRAWS = 60, 40, 3
MAX_BEATS = 2  # ectopic beats of a simulated query: so that there is a place to point at


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", default=os.environ.get("PRECORD_SHARED", "../shared"))
    parser.add_argument("--library", type=Path, default=ROOT / "runs/answers.db")
    arguments = parser.parse_args()
    data = Path(arguments.shared) / "data"
    encoder = Encoder.load()
    with SqliteLibrary.open(arguments.library, encoder=encoder) as library:
        corpora = [(kind, data / kind) for kind in KINDS]
        material = read_material(corpora, 8, library, encoder, lambda *_: lambda _: None)
        parts = [
            f"""# Why a case matched, and searches that are steered

- command: `python benchmarks/why.py --library answers.db`
- queries: {len(material.records)} ECGs of PTB-XL fold 8, or simulated; gallery: \
{len(material.cases)} of folds 1-7
- date: {datetime.now(UTC):%Y-%m-%d}

Nothing was fitted here; fold 9 was not touched. Brackets are 95 % intervals over patients.
""",
            steer_table(material, encoder),
            pointing_table(material.vectors, encoder),
            deletion_table(material, encoder),
        ]
    PAGE.write_text("\n".join(parts), "utf-8")


def plain_scores(
    material: Material, encoder: Encoder
) -> tuple[NDArray[np.float32], StatementTable]:
    """Return the scores (Q, G) of a plain search, without re-ranking, and the cases' statements."""
    table = StatementTable.fit([case.statements for case in material.cases])
    vectors, rows = material.vectors, material.rows
    scores = score_cases(
        np.stack([q.vector for q in material.encoded]),
        np.stack([q.statements for q in material.encoded]),
        (vectors.ecg[rows], vectors.report[rows], table),
        encoder.score_weights,
    )
    return scores.total, table


def steer_table(material: Material, encoder: Encoder) -> str:
    """Return how far `--like` moves the hits towards its own kind of statement."""
    total, table = plain_scores(material, encoder)
    read = np.stack([q.statements for q in material.encoded])
    resamples = Resamples.draw(material.patients)
    relevance = Relevance.fit([case.statements for case in material.cases])
    rows = ""
    for aspect in Aspect:
        codes = codes_of(aspect)
        asked = [entry.statements & codes for entry in material.entries]
        there = [case.statements & codes for case in material.cases]
        agree = relevance(asked, there)
        has_one = np.array([bool(one - {"SR"}) for one in asked])
        values = [
            np.where(has_one, np.take_along_axis(agree, top_hits(s, 10), 1).mean(axis=1), np.nan)
            for s in (total, stress(total, read, table, aspect))
        ]
        whole = [
            np.take_along_axis(material.task.likeness, top_hits(s, 10), 1).mean()
            for s in (total, stress(total, read, table, aspect))
        ]
        plain, steered = (resamples.mean(value) for value in values)
        gain = resamples.difference(values[1][:, None], values[0][:, None])
        rows += (
            f"| {aspect} | {int(has_one.sum())} | {np.nanmean(agree[has_one]):.3f} "
            f"| {plain.value:.3f} | {steered.value:.3f} "
            f"| {gain.value:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}] "
            f"| {whole[0]:.3f} | {whole[1]:.3f} |\n"
        )
    return f"""## `precord search --like`

Agreement of the ten hits with the query on that kind of statement (weighted Jaccard index of these
alone), over the queries that have one beside sinus rhythm. *In all*: what it costs.

| stress | queries | chance | plain search | steered | difference | in all, plain | steered |
|---|---|---|---|---|---|---|---|
{rows}"""


def pointing_table(vectors: Vectors, encoder: Encoder) -> str:
    """Return whether the second worth most holds the one ectopic beat of a simulated query."""
    has = vectors.statements.present[:, CODES.index("PVC")] > 0
    hits, chance, dipole = [], [], []
    seed = 0
    while len(hits) < N_PVC:
        seed += 1
        made = simulate({"PVC"}, np.random.default_rng([13, seed]))
        beats = made.truth.r_peaks[~made.truth.is_conducted]
        if not 1 <= len(beats) <= MAX_BEATS:
            continue
        encoded = encoder.encode_query(made.record)
        near = np.where(has, vectors.ecg @ encoded.vector, -np.inf)
        found = map_match(made.record, vectors.ids[int(near.argmax())], vectors, encoder)
        seconds = {w for beat in beats for w in (int(beat), int(beat + 0.25)) if w < 10}
        hits.append(int(found.best_seconds()[0]) in seconds)
        chance.append(len(seconds) / 10)
        dipole.append(_loudest(made.record) in seconds)
    return f"""## Does the map point at the beat?

{N_PVC} simulated ECGs with one or two ventricular premature beats, each matched with the nearest
real case that has some. A hit: the second that is worth most holds (part of) such a beat. Wanted:
0.7, and at least twice chance. The shade hints at what the score depends on; it is no finding's
place.

| points at the beat | share |
|---|---|
| map | {np.mean(hits):.2f} |
| chance | {np.mean(chance):.2f} |
| the second of the largest deflection | {np.mean(dipole):.2f} |
"""


def deletion_table(material: Material, encoder: Encoder) -> str:
    """Return what the score loses when the best pieces, or any, become a straight line."""
    rng = np.random.default_rng(3)
    total, _ = plain_scores(material, encoder)
    lost: dict[str, list[float]] = {"map": [], "random": [], "worst of the map": []}
    step = max(len(material.records) // N_REAL, 1)
    for number in range(0, len(material.records), step):
        record = material.records[number].to_standard()
        case_id = material.cases[int(np.nanargmax(total[number]))].id
        found = map_match(record, case_id, material.vectors, encoder)
        order = np.argsort(-found.worth.ravel())
        orders = {"map": [order], "worst of the map": [order[::-1]]}
        orders["random"] = [rng.permutation(order) for _ in range(DRAWS)]
        for name, some in orders.items():
            changed = [flatten(record, one[:TOP]) for one in some]
            lost[name].append(_loss(record, changed, found, material.vectors, encoder))
    resamples = Resamples.draw(list(range(len(lost["map"]))))
    rows = "".join(
        f"| {name} | {e.value:+.4f} [{e.low:+.4f}, {e.high:+.4f}] |\n"
        for name, values in lost.items()
        for e in [resamples.mean(np.array(values))]
    )
    gap = resamples.mean(np.array(lost["map"]) - np.array(lost["random"]))
    return f"""## Deletion

{TOP} of 120 pieces of {len(lost["map"])} real queries are replaced by a straight line (the map was
made by marking them missing), and the score of the best hit is worked out anew.

| pieces taken by | loss of score |
|---|---|
{rows}
The map's pieces cost {gap.value:+.4f} [{gap.low:+.4f}, {gap.high:+.4f}] more than random ones.
"""


def flatten(standard: Record, pieces: NDArray[np.intp]) -> Record:
    """Return *standard* with a straight line in each of *pieces* (numbers of lead and second)."""
    signal = standard.signal.copy()
    for piece in pieces:
        lead, window = divmod(int(piece), 10)
        at = slice(round(window * standard.rate), round((window + 1) * standard.rate))
        part = signal[lead, at]
        signal[lead, at] = np.linspace(part[0], part[-1], part.size)
    return Record(signal, standard.leads, standard.rate, standard.scale)


def _loss(
    record: Record, changed: list[Record], found: MatchMap, vectors: Vectors, encoder: Encoder
) -> float:
    """Return by how much the score of the match falls on average."""
    row = [vectors.ids.index(found.case_id)]
    table = vectors.statements
    one = StatementTable(table.present[row], table.classes[row], table.weights, table.class_weights)
    encoded = encoder.encode_records([record, *changed])
    case = (vectors.ecg[row], vectors.report[row], one)
    scores = score_cases(encoded.vectors, encoded.statements, case, encoder.score_weights).total
    return float(scores[0, 0] - scores[1:, 0].mean())


def _loudest(record: Record) -> int:
    """Return the second in which the leads together reach farthest."""
    return int(np.abs(record.signal).sum(axis=0).argmax() / record.rate)


if __name__ == "__main__":
    main()
