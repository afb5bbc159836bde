"""`precord evaluate`: one fold of real ECGs searches a library that must not hold it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from precord.case import Case
from precord.corpora import Entry, open_corpus
from precord.encoder import QueryEncoding
from precord.errors import CorpusError, LeakError, LibraryError
from precord.evaluate.baseline import (
    always_normal,
    measured_features,
    random_convolutions,
    raw_signals,
)
from precord.evaluate.crossmodal import cross_modal
from precord.evaluate.protocol import Task, chance, judge, judge_hits, misses, same_source
from precord.evaluate.table import Tables
from precord.image.encodings import SignedMap, signed_map
from precord.library.protocol import Library, Vectors
from precord.metrics import Estimate, top_hits
from precord.record import Measurements, Record
from precord.relevance import StatementTable
from precord.report import Source
from precord.score import RERANK_DEPTH, ScoreWeights, rerank, score_cases
from precord.signal.measure import measure
from precord.signal.prepare import prepare
from precord.text import clean_report, matching_text, report_key

_ALONE = 1e3  # a weight of the matching head beside which nothing else counts


class EvaluationEncoder(Protocol):
    """What an evaluation needs of an encoder."""

    score_weights: ScoreWeights

    def encode_query(self, record: Record) -> QueryEncoding:
        """Return the vector, statement probabilities and tokens of *record*."""
        ...

    def match(self, query: QueryEncoding, texts: Sequence[str]) -> NDArray[np.float32] | None:
        """Return (texts,) how likely each says the same as the ECG; None if it cannot tell."""
        ...

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return (texts, D) unit vectors."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """What is kept of the records of one side.

    Attributes:
        maps: the model's view of each; measured: what was measured on each.
    """

    maps: list[SignedMap]
    measured: list[Measurements]


def run(
    corpora: Sequence[tuple[str, Path]],
    fold: int,
    library: Library,
    encoder: EvaluationEncoder,
    on_stage: Callable[[str, int], Callable[[int], None]],
) -> Tables:
    """Return the tables of *fold* of *corpora* against the rest of *library*.

    Args:
        corpora: kind and folder of each data set; that fold of all of them asks.
        fold: its cases leave the gallery, whoever put them in.
        library: the gallery, built with *encoder*.
        encoder: makes the queries' vectors.
        on_stage: gets the name and length of a stage; returns what to call with progress.

    Raises:
        CorpusError: No data set has that fold.
        LeakError: A patient stands on both sides.
        LibraryError: The library holds no case of another fold, none of them is normal, or
            signals are missing.
    """
    entries = [e for kind, folder in corpora for e in open_corpus(kind, folder).entries([fold])]
    if not entries:
        raise CorpusError(f"no ECG in fold {fold} of the data sets named")
    vectors, rows = _gallery(library, fold)
    cases = library.cases([vectors.ids[i] for i in rows])
    patients = _check_patients(entries, cases, library)
    advance = on_stage("encoding queries", len(entries))
    read, encoded = _read_queries(entries, encoder, advance)
    advance = on_stage("reading the gallery", len(cases))
    gallery = _read_gallery([c.id for c in cases], library, advance)
    task = Task.make(
        [e.statements for e in entries],
        [c.statements for c in cases],
        patients,
        [e.corpus for e in entries],
        [c.corpus for c in cases],
    )
    advance = on_stage("judging", 9)
    scores = _scores(encoded, vectors, rows, cases, encoder)
    retrieval = {}
    for name, table in scores.items():
        retrieval[name] = judge(task, table)
        advance(1)
    retrieval |= _baselines(task, read, gallery, [c.measurements for c in cases], advance)
    other = {
        "misses in ten hits": misses(task, scores["precord"]),
        "same source": same_source(task, scores["precord"]),
    } | _cross_modal(entries, patients, encoded, encoder)
    about = {
        "queries": f"{len(entries)} ECGs of fold {fold}: "
        + ", ".join(f"{task.corpora.count(c)} {c}" for c in dict.fromkeys(task.corpora)),
        "gallery": f"{len(cases)} cases: "
        + ", ".join(
            f"{task.gallery_corpora.count(c)} {c}" for c in dict.fromkeys(task.gallery_corpora)
        ),
    }
    return Tables(retrieval, other, about)


def _cross_modal(
    entries: list[Entry],
    patients: list[str],
    queries: list[QueryEncoding],
    encoder: EvaluationEncoder,
) -> dict[str, dict[str, Estimate]]:
    """Return the cross-modal tables of the queries that have a report; none if fewer than two."""
    rows = [i for i, e in enumerate(entries) if e.report and clean_report(e.report.text)]
    reports = [report.text for i in rows if (report := entries[i].report)]
    if len(rows) < 2:
        return {}
    return cross_modal(
        np.stack([queries[i].vector for i in rows]),
        encoder.encode_texts([clean_report(text) for text in reports]),
        [report_key(text) for text in reports],
        [entries[i].statements for i in rows],
        [patients[i] for i in rows],
    )


def _gallery(library: Library, fold: int) -> tuple[Vectors, list[int]]:
    """Return the library's vectors, and the rows that are real and not of *fold*."""
    vectors = library.vectors()
    rows = [
        i
        for i, (other, source) in enumerate(zip(vectors.folds, vectors.sources, strict=True))
        if other != fold and source is not Source.SIMULATED
    ]
    if not rows:
        raise LibraryError(f"the library holds no real case outside fold {fold}")
    return vectors, rows


def _check_patients(entries: list[Entry], cases: list[Case], library: Library) -> list[str]:
    """Return a name for the patient of each query.

    Raises:
        LeakError: A patient, or an ECG, asks and stands in the gallery.
    """
    if same := {e.case_id for e in entries} & {c.id for c in cases}:
        raise LeakError(f"{min(same)} stands in the gallery as well, under another fold")
    asking = [library.pseudonym(e.patient) if e.patient else e.case_id for e in entries]
    both = set(asking) & {c.patient for c in cases if c.patient}
    if both:
        raise LeakError(f"{len(both)} patients of the queries stand in the gallery as well")
    return asking


def _read_queries(
    entries: list[Entry], encoder: EvaluationEncoder, advance: Callable[[int], None]
) -> tuple[_Read, list[QueryEncoding]]:
    """Return what the queries' files hold, and what the encoder makes of it."""
    read, encoded = _Read([], []), []
    for entry in entries:
        record = entry.load()
        encoded.append(encoder.encode_query(record))
        read.maps.append(signed_map(prepare(record)))
        read.measured.append(measure(record))
        advance(1)
    return read, encoded


def _read_gallery(
    ids: list[str], library: Library, advance: Callable[[int], None]
) -> list[SignedMap]:
    """Return the maps of the gallery, from the signals that the library stores."""
    maps = []
    for case_id in ids:
        record = library.case(case_id, with_record=True).record
        if record is None:
            raise LibraryError(f"{case_id}: the library holds no signal, which baselines need")
        maps.append(signed_map(prepare(record)))
        advance(1)
    return maps


def _scores(
    queries: list[QueryEncoding],
    vectors: Vectors,
    rows: list[int],
    cases: list[Case],
    encoder: EvaluationEncoder,
) -> dict[str, NDArray[np.floating]]:
    """Return the (Q, G) scores of the system and of its witnesses, each alone.

    A case that has no vector is not found.
    """
    table = StatementTable.fit([case.statements for case in cases])
    scores = score_cases(
        np.stack([query.vector for query in queries]),
        np.stack([query.statements for query in queries]),
        (vectors.ecg[rows], vectors.report[rows], table),
        encoder.score_weights,
    )
    weight = encoder.score_weights.matching
    found = {
        "precord": _rerank(scores.total, queries, cases, encoder, weight)
        if weight
        else scores.total,
        "ECG to ECG only": scores.ecg,
        "ECG to report only": scores.report,
        "statement overlap only": np.where(np.isnan(scores.total), np.nan, scores.overlap),
    }
    if encoder.match(queries[0], ["sinus rhythm"]) is not None:
        found["matching head on the best 100"] = _rerank(
            scores.total, queries, cases, encoder, _ALONE
        )
    return {name: np.where(np.isnan(t), -np.inf, t) for name, t in found.items()}


def _rerank(
    total: NDArray[np.floating],
    queries: list[QueryEncoding],
    cases: list[Case],
    encoder: EvaluationEncoder,
    weight: float,
) -> NDArray[np.floating]:
    """Return (Q, G) scores in which the best cases are judged by the matching head too."""
    texts = [matching_text(case) for case in cases]
    rows = []
    for query, scores in zip(queries, total, strict=True):
        top = top_hits(np.nan_to_num(scores, nan=-np.inf)[None], RERANK_DEPTH)[0]
        matches = encoder.match(query, [texts[i] for i in top])
        rows.append(scores if matches is None else rerank(scores, top, matches, weight))
    return np.stack(rows)


def _baselines(
    task: Task,
    queries: _Read,
    gallery: list[SignedMap],
    measured: list[Measurements],
    advance: Callable[[int], None],
) -> dict[str, dict[str, Estimate]]:
    """Return the tables that the system is held against."""
    n = len(queries.maps)
    tables = {"chance": chance(task), "always normal": judge_hits(task, always_normal(task))}
    advance(2)
    both = queries.maps + gallery
    for name, features in (
        ("raw cosine", raw_signals(both)),
        ("random convolutions", random_convolutions(both)),
        ("measured features", measured_features(queries.measured + measured)),
    ):
        tables[name] = judge(task, features[:n] @ features[n:].T)
        advance(1)
    return tables
