"""Cross-modal retrieval: does an ECG find its own report, and a report its own ECG?

Over the queries that have a real report, within their own fold. The measures of each of the
two directions, by what counts as found:

    R@1, R@5, R@10, median rank exact        the very record
    ... same report                          one whose report says the same, digits apart
    ... same statements                      one with the same set of statements

and behind R@k: `macro`, the mean over distinct texts (or sets) of their own mean, because
"sinus rhythm. normal ecg." is said of many; `chance`, a random ranking; `fixed ranking`, the
best ranking that never looks at the query: one of each of the commonest texts first, which
for the macro is one of each of any k texts.
Shapes: N records with a report.
"""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from precord.metrics import Estimate, Resamples, best_ranks, median_rank, recall_at_k

Floats = NDArray[np.float64]
DEPTHS = (1, 5, 10)
_SIDE_BY_SIDE = (
    "R@1 same statements macro",
    "R@10 same statements macro",
    "R@10 same report macro",
)


def cross_modal(
    ecg: NDArray[np.float32],
    report: NDArray[np.float32],
    keys: Sequence[str],
    statements: Sequence[frozenset[str]],
    patients: Sequence[str],
) -> dict[str, dict[str, Estimate]]:
    """Return the tables of both directions.

    Args:
        ecg: (N, D) unit vectors of the ECGs.
        report: (N, D) unit vectors of their reports, of the reports alone.
        keys: N normalised reports.
        statements: N sets of codes.
        patients: N names, for the intervals.
    """
    scores = ecg @ report.T  # (N, N)
    resamples = Resamples.draw(patients)
    kinds: dict[str, Sequence[Hashable]] = {
        "exact": range(len(keys)),
        "same report": keys,
        "same statements": statements,
    }
    return {
        name: {
            measure: estimate
            for kind, groups in kinds.items()
            for measure, estimate in _judge(direction, kind, groups, resamples).items()
        }
        for name, direction in (("ECG to report", scores), ("report to ECG", scores.T))
    }


def side_by_side(
    methods: Mapping[str, Mapping[str, Mapping[str, Estimate]]],
) -> dict[str, dict[str, Estimate]]:
    """Return a row a method, and one for each trivial answer.

    Args:
        methods: what `cross_modal` returned for each, by name.
    """
    rows = {
        method: {
            f"{direction}, {measure}": table[measure]
            for direction, table in directions.items()
            for measure in _SIDE_BY_SIDE
            if measure in table
        }
        for method, directions in methods.items()
    }
    for trivial in ("fixed ranking", "chance"):
        for directions in list(methods.values())[:1]:
            rows[trivial] = {
                f"{direction}, {measure}": table[f"{measure} {trivial}"]
                for direction, table in directions.items()
                for measure in _SIDE_BY_SIDE
                if measure in table
            }
    return rows


def recall(scores: NDArray[np.floating], keys: Sequence[Hashable], k: int) -> float:
    """Return R@k of (N, N) *scores*, a row a query; found is what has the query's key."""
    numbers = {key: i for i, key in enumerate(dict.fromkeys(keys))}
    group = np.array([numbers[key] for key in keys])
    return recall_at_k(best_ranks(scores, group[:, None] == group[None, :]), k)


def _judge(
    scores: NDArray[np.float32], kind: str, groups: Sequence[Hashable], resamples: Resamples
) -> dict[str, Estimate]:
    """Return the measures of one direction and one meaning of found.

    Args:
        scores: (N, N), a row a query.
        kind: name of that meaning.
        groups: N names; a hit is found where query and hit have the same.
        resamples: of the patients.
    """
    numbers = {name: i for i, name in enumerate(dict.fromkeys(groups))}
    group = np.array([numbers[name] for name in groups], np.intp)  # (N,)
    ranks = best_ranks(scores, group[:, None] == group[None, :])
    sizes = np.bincount(group)
    columns = np.where(group[:, None] == np.arange(len(sizes)), 1.0, np.nan)  # (N, groups)
    found = {}
    for k in DEPTHS:
        hit = (ranks <= k).astype(np.float64)
        name = f"R@{k} {kind}"
        found[name] = resamples.mean(hit)
        found[f"{name} chance"] = _known(_chance(sizes[group], len(group), k), len(group))
        found[f"{name} fixed ranking"] = _known(_fixed(sizes, k), len(group))
        if len(sizes) < len(group):
            found[f"{name} macro"] = resamples.macro(hit[:, None] * columns)
            found[f"{name} macro chance"] = _known(_chance(sizes, len(group), k), len(group))
            fixed = min(k, len(sizes)) / len(sizes)
            found[f"{name} macro fixed ranking"] = _known(fixed, len(group))
    middle = median_rank(ranks)
    found[f"median rank {kind}"] = Estimate(middle, middle, middle, len(group))
    return found


def _chance(sizes: NDArray[np.intp], n: int, k: int) -> float:
    """Return the R@k of a random ranking of *n*, of which sizes[i] are right for query i.

    The chance that none of k draws without replacement is right is C(n - s, k) / C(n, k).
    """
    k = min(k, n)
    steps = np.arange(k)
    left = np.maximum(n - sizes[:, None] - steps, 0) / (n - steps)  # (N, k)
    return float(1 - left.prod(axis=1).mean())


def _fixed(sizes: NDArray[np.intp], k: int) -> float:
    """Return the R@k of the ranking that names one of each of the commonest groups first."""
    named = sum(count for _, count in Counter(dict(enumerate(sizes))).most_common(k))
    return float(named / sizes.sum())


def _known(value: float, n: int) -> Estimate:
    """Return an exact value as an estimate."""
    return Estimate(float(value), float(value), float(value), n)
