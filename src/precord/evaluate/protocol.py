"""Case retrieval: what the ten hits of each query have in common with it.

The measures, each a mean over queries with a 95 % bootstrap interval over patients:

    class share@10            for each superclass, over the queries that have it, the share of
                              the hits that have it; mean of the superclasses
    class share@10 MI         one superclass alone (NORM, MI, STTC, CD, HYP)
    weighted Jaccard@10       overlap of statement sets, each statement weighing -log of its
                              share in the gallery; mean of the hits
    Jaccard@10                the same, all statements weighing one
    set P@1, set P@10         share of hits with the same, non-empty set of superclasses
    nDCG@10                   gain is the weighted Jaccard index
    mAP                       over the whole ranking; relevant is a weighted Jaccard >= .5

each for all queries, and, with the group behind the name, for `NORM-only` queries (superclass
NORM and no other), for all others (`non-NORM`), and for each corpus of queries:
"weighted Jaccard@10 non-NORM", "mAP ptb-xl". The class share of `non-NORM` leaves the
superclass NORM out, which a query or two may have beside another. Always the same normal
cases have no ranking, hence no mAP.

The other tables: `misses in ten hits` has, per superclass and critical statement, the share of
the queries with it that find no such case; `same source` has "hits of ptb-xl queries", the
share of their hits from their own corpus, beside "gallery of ptb-xl", its share of the gallery.
Shapes: Q queries, G gallery cases, k hits.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from precord.metrics import Estimate, Resamples, average_precision, ndcg, top_hits
from precord.relevance import Relevance, to_multi_hot, to_superclass_hot
from precord.statements import CODES, SUPERCLASSES, Superclass, to_superclasses

Floats = NDArray[np.float64]
K = 10
NON_NORM = " non-NORM"
RELEVANT = 0.5  # weighted Jaccard index from which a case counts as relevant

CRITICAL = (
    "AFIB", "AFLT", "SVTAC", "PSVT", "2AVB", "3AVB", "WPW", "PACE", "LNGQT", "CLBBB",
    "AMI", "ASMI", "ALMI", "LMI", "IMI", "ILMI", "IPMI", "PMI",
    "INJAS", "INJAL", "INJIN", "INJLA", "INJIL", "EL",
)  # fmt: skip
"""Statements whose precedents must not be missed."""


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """The queries and the gallery, with all that judging needs.

    Attributes:
        queries, gallery: one set of statements a query and a case.
        corpora, gallery_corpora: where each comes from.
        resamples: of the queries' patients.
        likeness: (Q, G) weighted Jaccard index.
        overlap: (Q, G) plain Jaccard index.
    """

    queries: tuple[frozenset[str], ...]
    gallery: tuple[frozenset[str], ...]
    corpora: tuple[str, ...]
    gallery_corpora: tuple[str, ...]
    resamples: Resamples
    likeness: Floats
    overlap: Floats

    @classmethod
    def make(
        cls,
        queries: Sequence[frozenset[str]],
        gallery: Sequence[frozenset[str]],
        patients: Sequence[str],
        corpora: Sequence[str],
        gallery_corpora: Sequence[str],
    ) -> "Task":
        """Return the task; weights come from the gallery alone."""
        return cls(
            tuple(queries),
            tuple(gallery),
            tuple(corpora),
            tuple(gallery_corpora),
            Resamples.draw(patients),
            Relevance.fit(gallery)(queries, gallery),
            Relevance(np.ones(len(CODES)))(queries, gallery),
        )

    def groups(self) -> dict[str, NDArray[np.bool_]]:
        """Return which queries each group holds; the first, "", holds all."""
        only_normal = np.array([to_superclasses(q) == {"NORM"} for q in self.queries])
        groups = {
            "": np.ones(len(self.queries), bool),
            " NORM-only": only_normal,
            NON_NORM: ~only_normal,
        }
        for corpus in dict.fromkeys(self.corpora):
            groups[f" {corpus}"] = np.array([c == corpus for c in self.corpora])
        return groups


def judge(task: Task, scores: NDArray[np.floating]) -> dict[str, Estimate]:
    """Return every measure of the ranking that *scores* (Q, G) make; higher is better.

    A case that must not be found scores minus infinity.
    """
    order = top_hits(scores, scores.shape[1])  # (Q, G)
    return _summarise(task, per_query(task, order))


def judge_hits(task: Task, hits: NDArray[np.intp]) -> dict[str, Estimate]:
    """Return the measures of *hits* (Q, k) alone; mAP, which needs a whole ranking, is left out."""
    values = per_query(task, hits)
    del values["mAP"]
    return _summarise(task, values)


def chance(task: Task) -> dict[str, Estimate]:
    """Return what hits drawn at random get: the mean over the gallery, exactly."""
    wanted = to_superclass_hot(task.queries)
    share = to_superclass_hot(task.gallery).mean(axis=0)[None, :].repeat(len(wanted), axis=0)
    same = _same_sets(task).mean(axis=1)
    same[wanted.sum(axis=1) == 0] = np.nan
    gain = task.likeness.mean(axis=1, keepdims=True)
    values = {
        "class share@10": np.where(wanted > 0, share, np.nan),
        "weighted Jaccard@10": task.likeness.mean(axis=1),
        "Jaccard@10": task.overlap.mean(axis=1),
        "set P@1": same,
        "set P@10": same,
        "nDCG@10": ndcg(gain.repeat(min(K, len(task.gallery)), axis=1), task.likeness),
        "mAP": _chance_precision((task.likeness >= RELEVANT).sum(axis=1), len(task.gallery)),
    }
    return _summarise(task, values)


def misses(task: Task, scores: NDArray[np.floating]) -> dict[str, Estimate]:
    """Return, per superclass and critical statement, the share of queries with no such hit."""
    hits = top_hits(scores, K)
    found = {}
    columns = [(str(c), i) for i, c in enumerate(SUPERCLASSES)]
    asked, there = to_superclass_hot(task.queries), to_superclass_hot(task.gallery)
    for name, column in columns:
        found[name] = _missed(task, asked[:, column], there[:, column], hits)
    asked, there = to_multi_hot(task.queries), to_multi_hot(task.gallery)
    for code in CRITICAL:
        column = CODES.index(code)
        if asked[:, column].any():
            found[code] = _missed(task, asked[:, column], there[:, column], hits)
    return found


def same_source(task: Task, scores: NDArray[np.floating]) -> dict[str, Estimate]:
    """Return the share of hits from the query's own corpus, beside its share of the gallery.

    A model that searches by source, not by heart, has hits far above that share.
    """
    hits = top_hits(scores, K)
    gallery = np.array(task.gallery_corpora)
    found = {}
    for corpus in dict.fromkeys(task.corpora):
        of = np.array([c == corpus for c in task.corpora])
        share = (gallery[hits] == corpus).mean(axis=1)
        found[f"hits of {corpus} queries"] = task.resamples.mean(np.where(of, share, np.nan))
        base = float((gallery == corpus).mean())
        found[f"gallery of {corpus}"] = Estimate(base, base, base, len(gallery))
    return found


def _chance_precision(n_relevant: NDArray[np.intp], n: int) -> Floats:
    """Return the average precision expected of a random order of *n* cases.

    A relevant case at rank i has on average (i - 1)(r - 1) / (n - 1) relevant ones before it.
    """
    harmonic = float((1 / np.arange(1, n + 1)).sum())
    found = (harmonic + (n_relevant - 1) / max(n - 1, 1) * (n - harmonic)) / n
    return np.where(n_relevant > 0, found, np.nan)


def _missed(task: Task, asked: Floats, there: Floats, hits: NDArray[np.intp]) -> Estimate:
    """Return the share of the queries that ask for something and find none of it."""
    none = 1.0 - there[hits].max(axis=1)
    return task.resamples.mean(np.where(asked > 0, none, np.nan))


def _same_sets(task: Task) -> Floats:
    """Return (Q, G) one where both have the same set of superclasses, not empty."""
    a, b = to_superclass_hot(task.queries), to_superclass_hot(task.gallery)
    shared, n_a, n_b = a @ b.T, a.sum(axis=1)[:, None], b.sum(axis=1)[None, :]
    return np.where((shared == n_a) & (shared == n_b) & (n_a > 0), 1.0, 0.0)


def per_query(task: Task, order: NDArray[np.intp]) -> dict[str, Floats]:
    """Return the value of every measure for each query, NaN where it has none."""
    hits = order[:, :K]
    wanted, there = to_superclass_hot(task.queries), to_superclass_hot(task.gallery)
    same = np.take_along_axis(_same_sets(task), hits, axis=1)
    same[wanted.sum(axis=1) == 0] = np.nan
    likeness = np.take_along_axis(task.likeness, order, axis=1)
    return {
        "class share@10": np.where(wanted > 0, there[hits].mean(axis=1), np.nan),  # (Q, 5)
        "weighted Jaccard@10": likeness[:, :K].mean(axis=1),
        "Jaccard@10": np.take_along_axis(task.overlap, hits, axis=1).mean(axis=1),
        "set P@1": same[:, 0],
        "set P@10": same.mean(axis=1),
        "nDCG@10": ndcg(likeness[:, :K], task.likeness),
        "mAP": average_precision(likeness >= RELEVANT),
    }


def _summarise(task: Task, values: dict[str, Floats]) -> dict[str, Estimate]:
    """Return the estimates of all measures and groups."""
    found = {}
    for name, per_query in values.items():
        for group, members in task.groups().items():
            if per_query.ndim == 2:
                inside = np.where(members[:, None], per_query, np.nan)
                if group == NON_NORM:
                    inside[:, SUPERCLASSES.index(Superclass.NORM)] = np.nan
                found[f"{name}{group}"] = task.resamples.macro(inside)
            else:
                inside = np.where(members, per_query, np.nan)
                found[f"{name}{group}"] = task.resamples.mean(inside)
        if per_query.ndim == 2:
            for column, superclass in enumerate(SUPERCLASSES):
                found[f"{name} {superclass}"] = task.resamples.mean(per_query[:, column])
    return found
