"""Sanity gates: what must hold of any honest retrieval, each with the bound it must keep.

A gate that fails means that the numbers beside it cannot be believed, or that the model
takes a short cut. Nothing here is fitted on the queries except the last gate's own
cross-validated probe, which only asks what an embedding gives away.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from precord.encoder import QueryEncoding
from precord.evaluate.crossmodal import recall
from precord.evaluate.material import Material
from precord.evaluate.perturb import flipped, one_beat, without_scale
from precord.evaluate.protocol import K, chance, judge, same_source
from precord.evaluate.system import system_scores
from precord.leads import Lead
from precord.library.sqlite import SqliteLibrary
from precord.metrics import auroc, top_hits
from precord.record import Record
from precord.relevance import to_multi_hot
from precord.report import Source
from precord.retrieve import QueryEncoder, Retriever
from precord.statements import CODES, STATEMENTS
from precord.text import clean_report, report_key

_SAMPLE = 150  # gallery records that look for themselves
_PLANTED = 40  # queries beside which a second ECG of their patient is planted
_SEED = 5
_INFERIOR = (Lead.II, Lead.III, Lead.AVF)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate.

    Attributes:
        name: what must hold, in words.
        value: what was found; bound: what it is held against, None for what is only told.
        is_least: whether the bound is the least or the most that is allowed.
        interval: 95 % over patients, where it is known; the bound is held against the value.
    """

    name: str
    value: float
    bound: float | None
    is_least: bool
    interval: tuple[float, float] | None = None

    @property
    def holds(self) -> bool:
        """Tell whether the gate holds; a value that does not exist holds nothing."""
        if self.bound is None:
            return True
        return self.value >= self.bound if self.is_least else self.value <= self.bound


def check_gates(
    material: Material, encoder: QueryEncoder, advance: Callable[[int], None]
) -> list[Gate]:
    """Return every gate of the system that *encoder* and the gallery make; `N_STEPS` steps."""
    found: list[Gate] = []
    for group in _GROUPS:
        found += group(material, encoder)
        advance(1)
    return found


def to_markdown(gates: Sequence[Gate]) -> str:
    """Return the gates as a table for people."""
    lines = ["| gate | found | bound | |", "|---|---|---|---|"]
    for gate in gates:
        bound, verdict = "", "for information"
        if gate.bound is not None:
            bound = f"{'>=' if gate.is_least else '<='} {gate.bound:g}"
            verdict = "holds" if gate.holds else "**FAILS**"
        spread = f" [{gate.interval[0]:.3f}, {gate.interval[1]:.3f}]" if gate.interval else ""
        lines.append(f"| {gate.name} | {gate.value:.3f}{spread} | {bound} | {verdict} |")
    return "\n".join(lines) + "\n"


def _shuffled_reports(material: Material, encoder: QueryEncoder) -> list[Gate]:
    """Reports given to other cases tell no more than the classes' shares."""
    del encoder
    reports = material.vectors.report[material.rows]
    order = np.random.default_rng(_SEED).permutation(len(reports))
    scores = _ecg(material) @ np.nan_to_num(reports[order]).T
    value = judge(material.task, scores)["class share@10"].value
    base = chance(material.task)["class share@10"].value
    return [Gate("class share@10 with shuffled reports, above chance", value - base, 0.06, False)]


def _numbers_removed(material: Material, encoder: QueryEncoder) -> list[Gate]:
    """A report without its numbers still finds its ECG: nothing rests on copied measurements."""
    rows = [i for i, e in enumerate(material.entries) if e.report and clean_report(e.report.text)]
    texts = [clean_report(e.report.text) for i in rows if (e := material.entries[i]).report]
    keys = [report_key(text) for text in texts]
    without = [" ".join(_NUMBER.sub(" ", text).split()) or text for text in texts]
    ecg = _ecg(material)[rows]
    full, bare = (recall(ecg @ encoder.encode_texts(t).T, keys, K) for t in (texts, without))
    kept = bare / full if full else float("nan")
    return [Gate("R@10 (same report) without numbers, relative to with", kept, 0.8, True)]


def _polarity(material: Material, encoder: QueryEncoder) -> list[Gate]:
    """A record finds itself; turned over, or with one lead turned over, it does so less."""
    numbers, records = _sample(material, lambda _: True)
    self_share = _share_of_self(material, encoder, numbers, records)
    one = [flipped(record, [Lead.II]) for record in records]
    every = [flipped(record, record.leads) for record in records]
    of_one = _share_of_self(material, encoder, numbers, one)
    of_every = _share_of_self(material, encoder, numbers, every)
    turned = [flipped(record, _INFERIOR) for record in material.records]
    drop = _axis_auroc(material, material.encoded) - _axis_auroc(
        material, [encoder.encode_query(record) for record in turned]
    )
    return [
        Gate("a record finds itself first", self_share, 0.99, True),
        Gate("the same with lead II turned over: drop", self_share - of_one, 0.1, True),
        Gate("the same with all leads turned over: drop", self_share - of_every, 0.8, True),
        Gate("AUROC of LAFB with II, III and aVF turned over: drop", drop, 0.05, True),
    ]


def _planted_patient(material: Material, encoder: QueryEncoder) -> list[Gate]:
    """A second ECG of the query's own patient, planted in a library, is never returned."""
    chosen = range(0, len(material.records), max(1, len(material.records) // _PLANTED))
    rng = np.random.default_rng(_SEED)
    returned = 0
    with TemporaryDirectory() as folder:
        path = Path(folder) / "planted.db"
        dim = material.vectors.ecg.shape[1]
        with SqliteLibrary.create(path, "planted", "fp32", dim) as library:
            rows = material.rows[:500]
            library.add(
                [replace(c, report=None, patient=None) for c in material.cases[:500]],
                material.vectors.ecg[rows],
                material.vectors.report[rows],
            )
            for i in chosen:
                owner = library.pseudonym(f"planted {i}")
                near = _unit(material.encoded[i].vector + rng.normal(0, 1e-3, dim))
                case = replace(
                    material.cases[0], id=f"planted/{i}", patient=owner, report=None,
                    statements=material.entries[i].statements, record=None,
                )  # fmt: skip
                library.add([case], near[None], near[None])
            retriever = Retriever(library, encoder)
            for i in chosen:
                owner = library.pseudonym(f"planted {i}")
                hits = retriever.by_record(material.records[i], k=K, patient=owner).hits
                returned += any(hit.case.patient == owner for hit in hits)
    return [Gate("planted ECGs of the query's patient that were returned", returned, 0, False)]


def _scale(material: Material, encoder: QueryEncoder) -> list[Gate]:
    """A record without its scale finds itself with it."""
    numbers, records = _sample(material, lambda record: record.is_calibrated)
    shapes = [without_scale(record) for record in records]
    share = _share_of_self(material, encoder, numbers, shapes)
    return [Gate("a record without its scale finds itself first", share, 0.95, True)]


def _rhythm(material: Material, encoder: QueryEncoder) -> list[Gate]:
    """One beat tells less of the rhythm than ten seconds."""
    columns = [i for i, code in enumerate(CODES) if "r" in STATEMENTS[code].kinds]
    truth = to_multi_hot([e.statements for e in material.entries])[:, columns]
    kept = [i for i, n in enumerate(truth.sum(axis=0)) if 5 <= n <= len(truth) - 5]
    beats = [encoder.encode_query(one_beat(record)) for record in material.records]

    def macro(statements: Iterable[NDArray[np.float32]]) -> float:
        scores = np.stack(list(statements))[:, columns].astype(np.float64)
        each = [auroc(truth[:, i] > 0, scores[:, i]) for i in kept]
        return sum(each) / len(each) if each else float("nan")

    whole = macro(q.statements for q in material.encoded)
    drop = whole - macro(q.statements for q in beats)
    return [Gate("AUROC of rhythm statements from one beat: drop", drop, 0.05, True)]


def check_source(material: Material, encoder: QueryEncoder) -> list[Gate]:
    """Hits do not follow the data set that a query comes from.

    A source whose cases are good hits for everybody exceeds its share without that: so the
    queries of the other sources are asked as well. What a perfect ranking has, by the
    statements of both sides with ties drawn at random, is told for information.
    """
    scores = system_scores(material, encoder)["precord"]
    table = same_source(material.task, scores)
    corpora = list(dict.fromkeys(material.task.corpora))
    gates = []
    for corpus in corpora:
        own, base = table[f"hits of {corpus} queries"], table[f"gallery of {corpus}"].value
        name = f"hits of {corpus} queries from their own source, above its share"
        interval = (own.low - base, own.high - base)
        gates.append(Gate(name, own.value - base, 0.05, False, interval))
    ties = np.random.default_rng(_SEED).random(scores.shape) * 1e-6
    perfect = same_source(material.task, material.task.likeness + ties)
    gates += [
        Gate(
            f"the same of {corpus} queries if hits were ranked by what is true",
            perfect[f"hits of {corpus} queries"].value - perfect[f"gallery of {corpus}"].value,
            None,
            False,
        )
        for corpus in corpora
    ]
    asked = np.array(material.task.corpora)
    hits_from = np.array(material.task.gallery_corpora)[top_hits(scores, K)]  # (Q, K)
    for corpus in corpora if len(corpora) > 1 else []:
        of_source = (hits_from == corpus).mean(axis=1)
        apart = float(of_source[asked == corpus].mean() - of_source[asked != corpus].mean())
        name = f"hits from {corpus}, for its own queries above those for the others'"
        gates.append(Gate(name, apart, 0.05, False))
    return gates


def _report_presence(material: Material, encoder: QueryEncoder) -> list[Gate]:
    """Whether an ECG has a report cannot be told from its vector, where statements are equal.

    Normal ECGs that have a report were recorded for other reasons than those without: faster,
    slower, with extra beats. What their statements tell is told for information.
    """
    del encoder
    normal = [i for i, c in enumerate(material.cases) if "NORM" in c.statements]
    corpus = max(
        {material.cases[i].corpus for i in normal},
        key=lambda name: sum(
            material.cases[i].source is Source.STATEMENTS and material.cases[i].corpus == name
            for i in normal
        ),
    )
    normal = [i for i in normal if material.cases[i].corpus == corpus]
    commonest = Counter(material.cases[i].statements for i in normal).most_common(1)[0][0]
    alike = [i for i in normal if material.cases[i].statements == commonest]

    def probe(numbers: Sequence[int], *, by_statements: bool = False) -> float:
        cases = [material.cases[i] for i in numbers]
        has = np.array([case.source is not Source.STATEMENTS for case in cases])
        if has.all() or not has.any():
            return float("nan")
        if by_statements:
            return probe_auroc(to_multi_hot([case.statements for case in cases]), has)
        x = material.vectors.ecg[[material.rows[i] for i in numbers]]
        return probe_auroc(x.astype(np.float64), has)

    said = ", ".join(sorted(commonest))
    return [
        Gate(
            f"AUROC of having a report, from {corpus} vectors of {said}", probe(alike), 0.6, False
        ),
        Gate("the same of all that are normal", probe(normal), None, False),
        Gate(
            "the same from their statements alone", probe(normal, by_statements=True), None, False
        ),
    ]


def probe_auroc(x: NDArray[np.float64], positive: NDArray[np.bool_], folds: int = 5) -> float:
    """Return the cross-validated AUROC of a ridge regression of *positive* on *x* (N, D)."""
    part = np.random.default_rng(_SEED).permutation(len(x)) % folds
    scores = np.empty(len(x))
    for fold in range(folds):
        train = part != fold
        mean = x[train].mean(axis=0)
        a, y = x[train] - mean, positive[train] - positive[train].mean()
        w = np.linalg.solve(a.T @ a + np.eye(x.shape[1]), a.T @ y)
        scores[~train] = (x[~train] - mean) @ w
    return auroc(positive, scores)


def _ecg(material: Material) -> NDArray[np.float32]:
    """Return (Q, D) vectors of the queries."""
    return np.stack([q.vector for q in material.encoded])


def _sample(material: Material, wanted: Callable[[Record], bool]) -> tuple[list[int], list[Record]]:
    """Return up to 150 of the gallery's cases, evenly drawn, that are as *wanted*."""
    numbers, records = [], []
    order = np.random.default_rng(_SEED).permutation(len(material.cases)).tolist()
    for number in order:
        (record,) = material.gallery_records([number], lambda _: None)
        if wanted(record):
            numbers.append(number)
            records.append(record)
        if len(numbers) == _SAMPLE:
            break
    return numbers, records


def _share_of_self(
    material: Material,
    encoder: QueryEncoder,
    numbers: Sequence[int],
    records: Sequence[Record],
) -> float:
    """Return the share of *records* whose nearest ECG is the case of their own number."""
    if not records:
        return float("nan")
    vectors = np.stack([encoder.encode_query(record).vector for record in records])
    gallery = np.nan_to_num(material.vectors.ecg[material.rows])
    nearest = top_hits(vectors @ gallery.T, 1)[:, 0]
    return float((nearest == np.array(numbers)).mean())


def _axis_auroc(material: Material, encoded: Sequence[QueryEncoding]) -> float:
    """Return the AUROC of the left anterior fascicular block, which is read off the axis."""
    truth = np.array(["LAFB" in e.statements for e in material.entries])
    column = CODES.index("LAFB")
    scores = np.array([q.statements[column] for q in encoded], np.float64)
    return auroc(truth, scores)


def _unit(vector: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return *vector* of length one."""
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


_GROUPS = (
    _shuffled_reports,
    _numbers_removed,
    _polarity,
    _planted_patient,
    _scale,
    _rhythm,
    check_source,
    _report_presence,
)
N_STEPS = len(_GROUPS)
