"""Other weights over the same queries and gallery: baselines that must be trained.

Each embeds everything anew, so the library needs to hold no vector of theirs.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from precord.encoder import Encoder
from precord.evaluate.material import Material
from precord.evaluate.protocol import judge
from precord.ingest import encode_case_texts
from precord.metrics import Estimate
from precord.record import Record
from precord.relevance import StatementTable
from precord.score import score_cases

_BATCH = 32  # records embedded at once


def judge_beside(
    others: Mapping[str, Encoder],
    material: Material,
    gallery: Sequence[Record],
    advance: Callable[[int], None],
) -> dict[str, dict[str, Estimate]]:
    """Return the case retrieval of other weights, by name.

    What they were told to rank by is one row. Where that is more than cosines, or none,
    ": ECG to ECG only" is another.

    Args:
        others: the weights, by the name of their row.
        material: queries and cases.
        gallery: the signals of its cases.
        advance: hears of each that is done.
    """
    tables = {}
    for name, encoder in others.items():
        queries, cases = (_encode(encoder, part) for part in (material.records, gallery))
        texts = encode_case_texts(
            encoder,
            [case.statements for case in material.cases],
            [case.report for case in material.cases],
            encoder.dim,
        )
        table = StatementTable.fit([case.statements for case in material.cases])
        weights = encoder.score_weights
        scores = score_cases(*queries, (cases[0], texts, table), weights)
        tables[name] = judge(material.task, np.nan_to_num(scores.total, nan=-np.inf))
        if weights.similarity < 1 or weights.ecg < 1:
            tables[f"{name}: ECG to ECG only"] = judge(material.task, scores.ecg)
        advance(1)
    return tables


def _encode(
    encoder: Encoder, records: Sequence[Record]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the vectors (N, D) and the statement probabilities (N, S) of *records*."""
    parts = [
        encoder.encode_records(records[start : start + _BATCH])
        for start in range(0, len(records), _BATCH)
    ]
    vectors = np.concatenate([part.vectors for part in parts])
    return vectors, np.concatenate([part.statements for part in parts])
