"""The scores of the system itself and of its witnesses, each alone.

Shapes: Q queries, G gallery cases.
"""

import numpy as np
from numpy.typing import NDArray

from precord.case import Case
from precord.encoder import QueryEncoding
from precord.evaluate.material import Material
from precord.evaluate.protocol import K
from precord.metrics import top_hits
from precord.relevance import StatementTable, to_class_probabilities
from precord.retrieve import QueryEncoder
from precord.retrieve.possible import POSSIBLE, choose_rows
from precord.score import RERANK_DEPTH, rerank, score_cases
from precord.text import matching_text

_ALONE = 1e3  # a weight of the matching head beside which nothing else counts


def system_scores(material: Material, encoder: QueryEncoder) -> dict[str, NDArray[np.floating]]:
    """Return the (Q, G) scores of the system and of its witnesses, each alone.

    A case that has no vector is not found.
    """
    queries, cases = material.encoded, material.cases
    vectors, rows = material.vectors, material.rows
    table = StatementTable.fit([case.statements for case in cases])
    scores = score_cases(
        np.stack([query.vector for query in queries]),
        np.stack([query.statements for query in queries]),
        (vectors.ecg[rows], vectors.report[rows], table),
        encoder.score_weights,
    )
    weight = encoder.score_weights.matching
    total = _rerank(scores.total, queries, cases, encoder, weight) if weight else scores.total
    classes = to_class_probabilities(np.stack([query.statements for query in queries]))
    found = {
        "precord": show_possible(total, table, classes),
        "precord, the nearest alone": total,
        "precord, every abnormal class shown": show_possible(total, table, classes, least=0),
        **({"precord, the nearest without re-ranking": scores.total} if weight else {}),
        "ECG to ECG only": scores.ecg,
        "ECG to report only": scores.report,
        "statement overlap only": np.where(np.isnan(scores.total), np.nan, scores.overlap),
    }
    if encoder.match(queries[0], ["sinus rhythm"]) is not None:
        found["matching head on the best 100"] = _rerank(
            scores.total, queries, cases, encoder, _ALONE
        )
    return {name: np.where(np.isnan(t), -np.inf, t) for name, t in found.items()}


def show_possible(
    total: NDArray[np.floating],
    table: StatementTable,
    classes: NDArray[np.floating],
    least: float = POSSIBLE,
) -> NDArray[np.floating]:
    """Return scores (Q, G) of which the best ten are the hits that a search shows.

    Args:
        total: (Q, G) scores.
        table: of the cases.
        classes: (Q, 5) probabilities of the queries' superclasses.
        least: probability from which a class is possible.
    """
    shown = total.copy()
    for row, scores, probabilities in zip(shown, total, classes, strict=True):
        hits = choose_rows(scores, table.classes, probabilities, K, least)
        row[hits] += np.nanmax(scores) - np.nanmin(scores[hits])  # before all others
    return shown


def _rerank(
    total: NDArray[np.floating],
    queries: list[QueryEncoding],
    cases: list[Case],
    encoder: QueryEncoder,
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
