"""`precord evaluate`: one fold of real ECGs searches a library that must not hold it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from precord.case import Case
from precord.encoder import Encoder
from precord.evaluate.baseline import (
    always_normal,
    always_richest,
    measured_features,
    random_convolutions,
    raw_signals,
    wave_heights,
)
from precord.evaluate.beside import judge_beside
from precord.evaluate.consensus import judge_consensus
from precord.evaluate.crossmodal import cross_modal, side_by_side
from precord.evaluate.material import Material, OnStage, read_material
from precord.evaluate.prompts import prompt_aurocs, zero_shot
from precord.evaluate.protocol import Task, chance, judge, judge_hits, misses, same_source
from precord.evaluate.system import system_scores
from precord.evaluate.table import Tables
from precord.evaluate.textsearch import SEARCHES, measure_text_search
from precord.image.encodings import signed_map
from precord.ingest import encode_case_texts
from precord.library.protocol import Library
from precord.library.sqlite import SqliteLibrary
from precord.metrics import Estimate
from precord.record import Record
from precord.retrieve import Calibration, QueryEncoder, Retriever
from precord.signal.measure import measure
from precord.signal.prepare import prepare
from precord.statements import Superclass, to_superclasses
from precord.text import clean_report, report_key

_CROSS_MODAL = "Cross-modal retrieval, side by side"


def run(
    corpora: Sequence[tuple[str, Path]],
    fold: int,
    library: Library,
    encoder: QueryEncoder,
    on_stage: OnStage,
    others: Mapping[str, Encoder] | None = None,
) -> Tables:
    """Return the tables of *fold* of *corpora* against the rest of *library*.

    Arguments and errors are those of `read_material`; the library must hold a normal case,
    and the signals of all. Rows of *others*, weights by name, stand beside; those from whose
    training statements were withheld are asked for these alone, by text prompt.
    """
    material = read_material(corpora, [fold], library, encoder, on_stage)
    task = material.task
    advance = on_stage("reading the gallery", len(material.cases))
    gallery = material.gallery_records(range(len(material.cases)), advance)
    others = others or {}
    blind = {name: weights for name, weights in others.items() if weights.withheld}
    seeing = {name: weights for name, weights in others.items() if name not in blind}
    advance = on_stage("judging", 10 + len(others))
    scores = system_scores(material, encoder)
    retrieval = {}
    for name, table in scores.items():
        retrieval[name] = judge(task, table)
        advance(1)
    retrieval |= _baselines(material, gallery, advance)
    retrieval |= judge_beside(seeing, material, gallery, advance)
    other = {
        "misses in ten hits": misses(task, scores["precord"]),
        "same source": same_source(task, scores["precord"]),
        "text prompts": prompt_aurocs(material, encoder),
    }
    calibration = Calibration.load(encoder.fingerprint) if isinstance(encoder, Encoder) else None
    if calibration is not None:
        other["consensus on the superclasses"] = judge_consensus(material, calibration)
    for name, weights in blind.items():
        other[f"zero-shot text prompts of {name}"] = zero_shot(material, weights)
        advance(1)
    modal = _cross_modal(material, np.stack([q.vector for q in material.encoded]), encoder)
    other |= modal
    by_method = {}
    if modal:
        beside = {
            name: _cross_modal(material, weights.embed_records(material.records), weights)
            for name, weights in seeing.items()
        }
        by_method[_CROSS_MODAL] = side_by_side({"precord": modal} | beside)
    by_method |= _text_search(material, encoder, on_stage)
    about = {
        "queries": f"{len(material.entries)} ECGs of fold {fold}: {_count(task.corpora)}",
        "groups": _count_groups(task),
        "gallery": f"{len(material.cases)} cases: {_count(task.gallery_corpora)}",
    }
    return Tables(retrieval, other, by_method, about)


def _text_search(
    material: Material, encoder: QueryEncoder, on_stage: OnStage
) -> dict[str, dict[str, dict[str, Estimate]]]:
    """Return the tables of text search, over the queries' own ECGs and over the gallery."""
    advance = on_stage("searching by text", 2 * SEARCHES)
    dim = material.encoded[0].vector.size
    entries = material.entries
    texts = encode_case_texts(
        encoder, [e.statements for e in entries], [e.report for e in entries], dim
    )
    cases = [
        Case(id=e.case_id, patient=None, statements=e.statements, report=e.report) for e in entries
    ]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "queries.db"
        with SqliteLibrary.create(path, "evaluation", "fp32", dim) as unseen:
            ecg = np.stack([q.vector for q in material.encoded])
            unseen.add(cases, ecg, texts)
            of_unseen = measure_text_search(Retriever(unseen, encoder), advance)
    of_gallery = measure_text_search(Retriever(material.library, encoder), advance)
    return {
        f"Text search over {len(cases)} ECGs of the fold, which trained nothing": of_unseen,
        f"Text search over the {len(material.cases)} cases of the gallery": of_gallery,
    }


def _count(corpora: Sequence[str]) -> str:
    """Return how many are of each corpus, in words."""
    return ", ".join(f"{corpora.count(c)} {c}" for c in dict.fromkeys(corpora))


def _count_groups(task: Task) -> str:
    """Return how many queries stand behind the columns of groups, and which are left out."""
    classes = [to_superclasses(query) for query in task.queries]
    only_normal, none = classes.count(frozenset({Superclass.NORM})), classes.count(frozenset())
    return (
        f"{only_normal} queries are NORM-only, {len(classes) - only_normal} are not; "
        f"{none} have no superclass and are left out of set P"
    )


def _cross_modal(
    material: Material, vectors: NDArray[np.float32], encoder: QueryEncoder
) -> dict[str, dict[str, Estimate]]:
    """Return the cross-modal tables of the queries that have a report; none if fewer than two.

    Args:
        material: the queries.
        vectors: (Q, D) of their ECGs by *encoder*.
        encoder: of their reports.
    """
    entries = material.entries
    rows = [i for i, e in enumerate(entries) if e.report and clean_report(e.report.text)]
    reports = [report.text for i in rows if (report := entries[i].report)]
    if len(rows) < 2:
        return {}
    return cross_modal(
        vectors[rows],
        encoder.encode_texts([clean_report(text) for text in reports]),
        [report_key(text) for text in reports],
        [entries[i].statements for i in rows],
        [material.patients[i] for i in rows],
    )


def _baselines(
    material: Material, gallery: list[Record], advance: Callable[[int], None]
) -> dict[str, dict[str, Estimate]]:
    """Return the tables that the system is held against."""
    task, n = material.task, len(material.records)
    tables = {
        "chance": chance(task),
        "always normal": judge_hits(task, always_normal(task)),
        "always most superclasses": judge_hits(task, always_richest(task)),
    }
    advance(3)
    records = [*material.records, *gallery]
    maps = [signed_map(prepare(record)) for record in records]
    measured = [measure(record) for record in material.records]
    measured += [case.measurements for case in material.cases]
    for name, features in (
        ("raw cosine", raw_signals(maps)),
        ("random convolutions", random_convolutions(maps)),
        ("measured features", measured_features(measured, [wave_heights(r) for r in records])),
    ):
        tables[name] = judge(task, features[:n] @ features[n:].T)
        advance(1)
    return tables
