"""Cross-validation inside the training folds, and methods compared by a paired bootstrap.

Fold 9 resolves no difference below about .06, and asking it often spoils it. Decisions are
taken here: the training folds are cut into parts, by fold and so by patient; each part asks
weights that the others trained, and the queries of all parts are judged together.
"""

import zipfile
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from precord.corpora import Entry, open_corpus
from precord.encoder import Encoder
from precord.errors import CorpusError, LeakError, LibraryError
from precord.evaluate.protocol import NON_NORM, K, Task, per_query
from precord.ingest import encode_case_texts
from precord.metrics import Estimate, Resamples, best_ranks, top_hits
from precord.relevance import Relevance, StatementTable
from precord.retrieve.steer import Aspect, codes_of
from precord.score import score_cases
from precord.statements import SUPERCLASSES, Superclass, to_superclasses
from precord.text import clean_report
from precord.train.config import TrainConfig
from precord.train.run import Watch, train

Floats = NDArray[np.float64]
_FILE = "queries.npz"
_BATCH = 32  # records read and encoded at once
_UNREADABLE = (  # what NumPy raises at damaged files and at files of other kinds
    *(OSError, ValueError, KeyError, EOFError, TypeError, AttributeError, NotImplementedError),
    *(zipfile.BadZipFile, zlib.error),
)
_MEASURES = ("class share@10", "weighted Jaccard@10", "nDCG@10", "mAP")
_CROSS_MODAL = ("ECG to report R@10 same statements", "report to ECG R@10 same statements")
_KINDS = {  # statements that rest on one thing each, to tell what an encoding has lost
    "axis": frozenset({"LAFB", "LPFB"}),
    "rhythm": codes_of(Aspect.RHYTHM) - {"SR"},
    "voltage": codes_of(Aspect.VOLTAGE),
}


@dataclass(frozen=True, slots=True, eq=False)
class CrossValidated:
    """What every query of the training folds got, from weights that never saw its patient.

    Attributes:
        ids, patients: (N,) names.
        is_normal: (N,) bool, whether NORM is the only superclass.
        values: by measure (N,), class share (N, 5); NaN where a query has none.
    """

    ids: NDArray[np.str_]
    patients: NDArray[np.str_]
    is_normal: NDArray[np.bool_]
    values: dict[str, Floats]

    def save(self, folder: Path) -> None:
        """Write everything to *folder*."""
        np.savez_compressed(
            folder / _FILE,
            ids=self.ids,
            patients=self.patients,
            is_normal=self.is_normal,
            **{f"value {name}": table for name, table in self.values.items()},  # type: ignore[arg-type]
        )

    @classmethod
    def load(cls, folder: Path) -> "CrossValidated":
        """Read what `save` wrote.

        Raises:
            LibraryError: There is no such file, or it cannot be read.
        """
        try:
            with np.load(BytesIO((folder / _FILE).read_bytes())) as file:
                values = {
                    name.removeprefix("value "): file[name]
                    for name in file.files
                    if name.startswith("value ")
                }
                return cls(file["ids"], file["patients"], file["is_normal"], values)
        except _UNREADABLE as error:
            raise LibraryError(f"{folder}: holds no cross-validation: {error}") from error


def cross_validate(
    config: TrainConfig, folder: Path, watch: Watch, *, parts: int = 2
) -> CrossValidated:
    """Train as *config* says on all parts but one, for each part, and let that part ask.

    The folds are those that train, and the validation fold; no fold chooses a checkpoint.
    What is trained stays in *folder*; the same call goes on where it was stopped.

    Raises:
        CorpusError: A data set cannot be read, or there are fewer folds than parts.
        LeakError: A patient has records in several parts.
        ModelError: As for `train`.
    """
    chooser = () if config.validation_fold is None else (config.validation_fold,)
    folds = sorted({*config.folds, *chooser})
    if len(folds) < parts:
        raise CorpusError(f"{len(folds)} folds cannot be cut into {parts} parts")
    entries = [e for kind, path in config.corpora for e in open_corpus(kind, path).entries(folds)]
    asked = [{int(fold) for fold in held} for held in np.array_split(folds, parts)]
    _refuse_leaks(entries, asked)
    found = []
    for number, asking in enumerate(asked):
        own = folder / f"part-{number}"
        training = tuple(fold for fold in folds if fold not in asking)
        if not (own / "weights" / "encoder.json").exists():
            has_begun = (own / "last.safetensors").exists()
            train(
                replace(config, folds=training, validation_fold=None), own, watch, resume=has_begun
            )
        found.append(_ask(entries, asking, Encoder.load(own / "weights"), watch))
    result = CrossValidated(
        np.concatenate([part.ids for part in found]),
        np.concatenate([part.patients for part in found]),
        np.concatenate([part.is_normal for part in found]),
        {name: np.concatenate([part.values[name] for part in found]) for name in found[0].values},
    )
    result.save(folder)
    return result


def _refuse_leaks(entries: Sequence[Entry], parts: Sequence[set[int]]) -> None:
    """Refuse entries of which a patient has some in several of *parts*, sets of folds."""
    owners = [{e.patient for e in entries if e.patient and e.fold in part} for part in parts]
    counts = Counter(patient for owner in owners for patient in owner)
    if shared := sum(n > 1 for n in counts.values()):
        raise LeakError(f"{shared} patients have records in several parts")
    for number, part in enumerate(parts):
        if not any(e.fold in part for e in entries):
            raise CorpusError(
                f"no record in folds {sorted(part)}, part {number + 1} of {len(parts)}"
            )


def compare(base: CrossValidated, other: CrossValidated) -> dict[str, Estimate]:
    """Return how much higher *other* is than *base*, paired over the same patients.

    Raises:
        LibraryError: The two asked with other queries.
    """
    if not np.array_equal(base.ids, other.ids):
        raise LibraryError("the two were cross-validated with other queries")
    resamples = Resamples.draw(base.patients.tolist())
    ours, theirs = _grouped(base), _grouped(other)
    return {name: resamples.difference(theirs[name], ours[name]) for name in ours}


def summarise(found: CrossValidated) -> dict[str, Estimate]:
    """Return every measure, for all queries and for those that are not only normal."""
    resamples = Resamples.draw(found.patients.tolist())
    return {name: resamples.macro(values) for name, values in _grouped(found).items()}


def to_markdown(runs: Mapping[str, CrossValidated]) -> str:
    """Return a table of what each run got, and of its difference from the first."""
    lines = ["| | run | value | difference from the first |", "|---|---|---|---|"]
    (first, base), *_ = runs.items()
    own = {name: summarise(found) for name, found in runs.items()}
    differences = {name: compare(base, found) for name, found in runs.items() if name != first}
    for measure in own[first]:
        for name in runs:
            apart = differences[name][measure] if name in differences else None
            lines.append(
                f"| {measure} | {name} | {_show(own[name][measure])} | {_show(apart, '+.3f')} |"
            )
    return "\n".join(lines) + "\n"


def _show(estimate: Estimate | None, form: str = ".3f") -> str:
    """Return an estimate with its interval, or nothing."""
    if estimate is None:
        return ""
    value, low, high = (format(x, form) for x in (estimate.value, estimate.low, estimate.high))
    return f"{value} [{low}, {high}]"


def _grouped(found: CrossValidated) -> dict[str, Floats]:
    """Return the (N, C) values of every measure and group, NaN outside of the group."""
    grouped = {}
    for name, values in found.values.items():
        columns = values if values.ndim == 2 else values[:, None]
        grouped[name] = columns
        others = np.where(found.is_normal[:, None], np.nan, columns)
        if columns.shape[1] > 1:
            others[:, SUPERCLASSES.index(Superclass.NORM)] = np.nan
        grouped[name + NON_NORM] = others
    return grouped


def _ask(
    entries: Sequence[Entry], asking: set[int], encoder: Encoder, watch: Watch
) -> CrossValidated:
    """Return what the entries of the folds *asking* get from the others as gallery."""
    watch.on_stage("encoding records", len(entries))
    vectors, statements = [], []
    for start in range(0, len(entries), _BATCH):
        part = entries[start : start + _BATCH]
        encoded = encoder.encode_records([entry.load() for entry in part])
        vectors.append(encoded.vectors)
        statements.append(encoded.statements)
        watch.on_step(len(part))
    is_query = np.array([entry.fold in asking for entry in entries])
    ecg, probabilities = np.concatenate(vectors), np.concatenate(statements)
    queries = [entry for entry in entries if entry.fold in asking]
    gallery = [entry for entry in entries if entry.fold not in asking]
    task = Task.make(
        [entry.statements for entry in queries],
        [entry.statements for entry in gallery],
        patients := [entry.patient or entry.case_id for entry in queries],
        [entry.corpus for entry in queries],
        [entry.corpus for entry in gallery],
    )
    texts = encode_case_texts(
        encoder, [e.statements for e in gallery], [e.report for e in gallery], encoder.dim
    )
    cases = (ecg[~is_query], texts, StatementTable.fit(task.gallery))
    scores = score_cases(ecg[is_query], probabilities[is_query], cases, encoder.score_weights)
    order = top_hits(np.nan_to_num(scores.total, nan=-np.inf), len(gallery))
    values = per_query(task, order)
    values |= _find_reports(queries, ecg[is_query], encoder)
    agreed = {f"{kind} agreement@10": _agree(task, order, kind) for kind in _KINDS}
    return CrossValidated(
        np.array([entry.case_id for entry in queries]),
        np.array(patients),
        np.array([to_superclasses(entry.statements) == {"NORM"} for entry in queries]),
        {name: values[name] for name in _MEASURES + _CROSS_MODAL} | agreed,
    )


def _find_reports(
    queries: Sequence[Entry], ecg: NDArray[np.float32], encoder: Encoder
) -> dict[str, Floats]:
    """Return (Q,) 1 where an ECG finds a report of its statements in ten, else 0, and back.

    NaN where a query has no report; only those that have one are asked and found.
    """
    texts = [clean_report(entry.report.text) if entry.report else "" for entry in queries]
    asked = [i for i, text in enumerate(texts) if text]
    if not asked:
        return {name: np.full(len(queries), np.nan) for name in _CROSS_MODAL}
    scores = ecg[asked] @ encoder.encode_texts([texts[i] for i in asked]).T  # (A, A)
    sets = [queries[i].statements for i in asked]
    same = np.array([[a == b for b in sets] for a in sets], bool)  # (A, A)
    found = {}
    for name, direction in zip(_CROSS_MODAL, (scores, scores.T), strict=True):
        found[name] = np.full(len(queries), np.nan)
        found[name][asked] = best_ranks(direction, same) <= K
    return found


def _agree(task: Task, order: NDArray[np.intp], kind: str) -> Floats:
    """Return (Q,) the weighted Jaccard index of the ten hits, of statements of one kind alone.

    NaN where a query has none of the kind.
    """
    queries, gallery = ([of & _KINDS[kind] for of in sets] for sets in (task.queries, task.gallery))
    likeness = Relevance.fit(gallery)(queries, gallery)
    mean = np.take_along_axis(likeness, order[:, :K], axis=1).mean(axis=1)
    return np.where([bool(of) for of in queries], mean, np.nan)
