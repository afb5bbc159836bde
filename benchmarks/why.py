"""Measure what steers a search, and whether the map of a match points at what made it.

Usage: python benchmarks/why.py [--cross FOLDER] [--shared ../shared] [--runs runs]

Who asks which weights: benchmarks/setting.py. Nothing is fitted.
Writes docs/results/why.md.
"""

import argparse
import shutil
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
from numpy.typing import NDArray
from setting import ROOT, add_arguments, open_small

from precord.case import Wave
from precord.encoder import Encoder
from precord.evaluate.material import Material
from precord.explain import find_phrases
from precord.leads import LEADS, Lead
from precord.library.protocol import Vectors
from precord.metrics import Resamples, top_hits
from precord.record import Record
from precord.relevance import Relevance, StatementTable
from precord.retrieve.steer import Aspect, codes_of, stress
from precord.retrieve.where import SHOWN, Evidence, Piece, look
from precord.score import score_cases
from precord.simulate import simulate
from precord.simulate.vector import derive_leads
from precord.statements import CODES

PAGE = ROOT / "docs/results/why.md"
N_POINTED, N_CONTROL, N_REAL, DRAWS = 30, 6, 20, 3
N_RANDOM = 3  # sets of random weights
MEASURED = 1313  # seed of the simulated ECGs; the map was chosen on others


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser)
    arguments = parser.parse_args()
    with open_small(arguments) as part, TemporaryDirectory() as folder:
        encoder, material = part.encoder, part.material
        controls = [randomise(part.weights, Path(folder), seed) for seed in range(N_RANDOM)]
        parts = [
            f"""# Why a case matched, and searches that are steered

- command: `make cross`, then `python benchmarks/why.py`
- queries: {part.about}; simulated ECGs where a table says so
- date: {datetime.now(UTC):%Y-%m-%d}

Nothing was fitted here; fold 9 was not touched. Brackets are 95 % intervals over patients.
""",
            steer_table(material, encoder),
            words_table(material, encoder),
            pointing_table(material, encoder, controls),
            deletion_table(material, encoder, controls),
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


def words_table(material: Material, encoder: Encoder) -> str:
    """Return how often the words that are said to fit are of what the query is coded for."""
    total, _ = plain_scores(material, encoder)
    read = [encoder.likely_statements(q.statements) for q in material.encoded]
    hits = top_hits(total, 10)
    others = np.random.default_rng(4).permutation(len(read))
    rows = ""
    for name, sets in (("this query", read), ("another query", [read[i] for i in others])):
        right, marked, wanted = [], [], []
        for number, entry in enumerate(material.entries):
            reports = [material.cases[row].report for row in hits[number]]
            texts = [report.text for report in reports if report]
            said = {(t, p) for t in texts for p in find_phrases(t, sets[number])}
            told = {(t, p) for t in texts for p in find_phrases(t, entry.statements)}
            where = {(t, p.start, p.end) for t, p in told}
            right.append(sum((t, p.start, p.end) in where for t, p in said))
            marked.append(len(said))
            wanted.append(len(told))
        rows += (
            f"| {name} | {sum(marked)} | {sum(right) / max(sum(marked), 1):.2f} "
            f"| {sum(right) / max(sum(wanted), 1):.2f} |\n"
        )
    return f"""## The words that fit

Of the words in the reports of ten hits that are said to fit, how many are of a statement that the
query is coded for (right), and how many of all such words are marked (found). Chance is what
another query, drawn at random, would have had marked in the same reports.

| statements read in | words marked | right | found |
|---|---|---|---|
{rows}"""


def pointing_table(material: Material, encoder: Encoder, controls: list[Encoder]) -> str:
    """Return whether the best region is where the finding was put, with true and random weights."""
    rows = ""
    for name, code, make in (
        ("ST elevation in II, III, aVF", "IMI", raise_st),
        ("one ventricular premature beat", "PVC", one_premature),
    ):
        cases = [make(np.random.default_rng([MEASURED, n])) for n in range(N_POINTED)]
        hits, chances, alone = [], [], []
        shared = [nearest_with(code, case.record, material.vectors, encoder) for case in cases]
        for case, codes in zip(cases, shared, strict=True):
            evidence = look(case.record, encoder)
            hits.append(points_at(case, evidence, codes, material))
            right = [case.holds(piece, evidence.rate) for piece in evidence.pieces]
            kind = [piece.wave in case.waves for piece in evidence.pieces]
            chances.append(np.mean(right))
            alone.append(np.sum(right) / max(np.sum(kind), 1))
        random = [
            np.mean(
                [
                    points_at(case, look(case.record, control), codes, material)
                    for case, codes in zip(cases[:N_CONTROL], shared, strict=False)
                ]
            )
            for control in controls
        ]
        each = ", ".join(f"{share:.2f}" for share in random)
        rows += (
            f"| {name} | {np.mean(hits):.2f} ({sum(hits)} of {len(hits)}) | {np.mean(chances):.2f} "
            f"| {np.mean(alone):.2f} | {np.mean(random):.2f} ({each}) |\n"
        )
    return f"""## Does the map point at the finding?

{N_POINTED} simulated ECGs of each kind, each matched with the nearest real case that has the
statement (IMI, PVC). ST elevation is added to a simulated normal ECG (0.15 to 0.35 mV in III, less
in II, Einthoven's and Goldberger's laws kept); it is hit by ST-T of II, III and aVF, one of five
territories. The premature beat is hit by that beat. A match without a region is a miss. Wanted:
0.7, and at least twice chance; random weights (every matrix of the vision tower drawn anew, with
its own spread) must fall short. In brackets, each set of random weights, on {N_CONTROL} of the
ECGs.

| finding | best region is right | chance, any piece | chance, pieces of its kind | random weights |
|---|---|---|---|---|
{rows}
What the map is made of was chosen on other simulated ECGs (other seeds): territories, in place of
single leads, whose map lay on the reciprocal of the ST elevation in aVL as often as on III; and
log-odds of each shared statement, as the towers read it, less twice the root mean square over all
statements. The trees are not asked: their numbers (a Q wave, an axis) lie elsewhere, and stand in
the match's differences. A map of the
score by seconds of single leads marked missing, which this replaces, pointed at the premature beat
in 0.37.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Pointed:
    """A simulated ECG with one finding whose place is known.

    Attributes:
        rows: leads that it is in; begin, end: seconds, or all beats where they are None.
    """

    record: Record
    waves: frozenset[Wave]
    rows: frozenset[int]
    span: tuple[float, float] | None = None

    def holds(self, piece: Piece, rate: float) -> bool:
        """Tell whether *piece* is the place: its middle, where the place is a time."""
        if piece.wave not in self.waves or not self.rows.intersection(piece.rows):
            return False
        middle = sum(piece.spans[0]) / 2 / rate
        return self.span is None or self.span[0] <= middle <= self.span[1]


def raise_st(rng: np.random.Generator) -> Pointed:
    """Return a normal ECG with ST elevation in II, III, aVF, and nothing else added."""
    made = simulate({"NORM"}, rng)
    iii = float(rng.uniform(0.15, 0.35))
    ii = float(rng.uniform(0.6, 0.85)) * iii
    time = np.arange(made.record.signal.shape[1]) / made.record.rate
    shape = np.zeros_like(time)
    for begin, end in zip(made.truth.qrs_off - 0.02, made.truth.t_off, strict=True):
        at = (time - begin) / (end - begin)
        rise = np.minimum(at / 0.1, 1) * np.clip((1 - at) / 0.45, 0, 1)
        shape += np.where((at > 0) & (at < 1), rise, 0)
    moved = derive_leads(np.stack([ii - iii, ii, *[0.0] * 6])[:, None] * shape)
    record = replace(made.record, signal=made.record.signal + moved)
    rows = frozenset(LEADS.index(lead) for lead in (Lead.II, Lead.III, Lead.AVF))
    return Pointed(record, frozenset({Wave.ST_T}), rows)


def one_premature(rng: np.random.Generator) -> Pointed:
    """Return an ECG with exactly one ventricular premature beat."""
    while True:
        made = simulate({"PVC"}, rng)
        (late,) = np.nonzero(~made.truth.is_conducted)
        if len(late) == 1:
            begin, end = float(made.truth.qrs_on[late[0]]), float(made.truth.t_off[late[0]])
            every = frozenset(range(len(LEADS)))
            return Pointed(made.record, frozenset({Wave.BEAT}), every, (begin, end))


def nearest_with(code: str, record: Record, vectors: Vectors, encoder: Encoder) -> frozenset[str]:
    """Return the statements of the nearest case that has *code*."""
    has = vectors.statements.present[:, CODES.index(code)] > 0
    near = np.where(has, vectors.ecg @ encoder.encode_query(record).vector, -np.inf)
    row = vectors.statements.present[int(near.argmax())]
    return frozenset(c for c, there in zip(CODES, row, strict=True) if there)


def points_at(case: Pointed, evidence: Evidence, codes: frozenset[str], material: Material) -> bool:
    """Tell whether the piece worth most is the place."""
    worth = evidence.worth(codes, material.vectors.statements.weights)
    if not worth.size or worth.max() <= 0:
        return False
    return case.holds(evidence.pieces[int(worth.argmax())], evidence.rate)


def deletion_table(material: Material, encoder: Encoder, controls: list[Encoder]) -> str:
    """Return what the score loses when the best pieces are missing, beside others like them."""
    rng = np.random.default_rng(3)
    total, _ = plain_scores(material, encoder)
    lost: dict[str, list[tuple[float, float]]] = {"the weights": [], "random weights": []}
    step = max(len(material.records) // N_REAL, 1)
    for turn, number in enumerate(range(0, len(material.records), step)):
        record = material.records[number].to_standard()
        best = int(np.nanargmax(total[number]))
        makers = [("the weights", encoder)]
        if turn % N_RANDOM == 0:
            makers += [("random weights", control) for control in controls]
        for name, maker in makers:
            evidence = look(record, maker)
            codes = material.cases[best].statements
            worth = evidence.worth(codes, material.vectors.statements.weights)
            order = [int(i) for i in np.argsort(-worth)[:SHOWN] if worth[i] > 0]
            if not order:
                lost[name].append((0.0, 0.0))
                continue
            chosen = [evidence.pieces[i] for i in order]
            likes = [swap(evidence.pieces, order, rng) for _ in range(DRAWS)]
            changed = [hide(record, pieces) for pieces in (chosen, *likes)]
            losses = loss_of_score(record, changed, best, material, encoder)
            lost[name].append((float(losses[0]), float(losses[1:].mean())))
    rows = ""
    for name, pairs in lost.items():
        both = np.array(pairs)
        resamples = Resamples.draw(list(range(len(both))))
        made, other, gap = (
            resamples.mean(values) for values in (both[:, 0], both[:, 1], both[:, 0] - both[:, 1])
        )
        n = f"{len(both)}, {int((both != 0).any(axis=1).sum())} with a region"
        rows += (
            f"| {name} | {n} | {made.value:+.4f} | {other.value:+.4f} "
            f"| {gap.value:+.4f} [{gap.low:+.4f}, {gap.high:+.4f}] |\n"
        )
    return f"""## Deletion

The pieces worth most (at most {SHOWN}) of every {step}. query are marked missing, which is another
fill than the one that made the map (a line, or the usual beat), and the score of the best hit is
worked out anew, by the weights that ship. Beside it {DRAWS} draws of pieces like them: the same
wave in another territory, or another beat. A map without a region takes nothing away, and loses
nothing. Every set of random weights drew maps of every {N_RANDOM}. of these queries.

| map made with | maps | loss of score | of pieces like them | difference |
|---|---|---|---|---|
{rows}"""


def swap(pieces: tuple[Piece, ...], order: list[int], rng: np.random.Generator) -> list[Piece]:
    """Return for each piece of *order* another of its wave, none of which is in *order*."""
    free = [i for i in rng.permutation(len(pieces)).tolist() if i not in order]
    found = []
    for number in order:
        other = next((i for i in free if pieces[i].wave is pieces[number].wave), None)
        if other is not None:
            free.remove(other)
            found.append(pieces[other])
    return found


def hide(record: Record, pieces: list[Piece]) -> Record:
    """Return *record* with *pieces* missing."""
    signal = record.signal.copy()
    for piece in pieces:
        for begin, end in piece.spans:
            signal[list(piece.rows), begin:end] = np.nan
    return replace(record, signal=signal)


def loss_of_score(
    record: Record, changed: list[Record], best: int, material: Material, encoder: Encoder
) -> NDArray[np.float64]:
    """Return by how much the score of the case numbered *best* falls in each of *changed*."""
    vectors, row = material.vectors, [material.rows[best]]
    table = vectors.statements
    one = StatementTable(table.present[row], table.classes[row], table.weights, table.class_weights)
    encoded = encoder.encode_records([record, *changed])
    case = (vectors.ecg[row], vectors.report[row], one)
    scores = score_cases(encoded.vectors, encoded.statements, case, encoder.score_weights).total
    return np.asarray(scores[0, 0] - scores[1:, 0], np.float64)


def randomise(source: Path, folder: Path, seed: int) -> Encoder:
    """Return the encoder in *source* with every matrix of its vision tower drawn anew.

    Each keeps its own standard deviation; vectors (offsets, norms) stay. The files go to
    *folder*.
    """
    target = shutil.copytree(source, folder / str(seed))
    model = onnx.load(source / "ecg.onnx")
    rng = np.random.default_rng(seed)
    for tensor in model.graph.initializer:
        values = onnx.numpy_helper.to_array(tensor)
        if values.dtype == np.float32 and values.ndim > 1:
            drawn = rng.normal(0, values.std(), values.shape).astype(np.float32)
            tensor.CopyFrom(onnx.numpy_helper.from_array(drawn, tensor.name))
    onnx.save(model, target / "ecg.onnx")
    return Encoder.load(target, threads=1)


if __name__ == "__main__":
    main()
