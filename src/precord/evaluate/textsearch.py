"""Text search, measured by clinicians' queries that were fixed before it was.

`queries.csv`: 241 queries in German and English, with abbreviations, walls and degrees, 72 of
them with a negation; for each the statements wanted (groups parted by spaces, a case needs one
of each; within a group by |) and the statements that it rules out.

The gain of a case is the share of the wanted groups that it has, and 0 if it has what is ruled
out; a query that rules out only gains from every case without that. Measures: nDCG@10 over the
queries for which a case of full gain exists, and for queries with a negation the number of hits
in ten that have what is ruled out (an error each). What a case has is what it is coded for.
Intervals are over queries.
"""

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from precord.metrics import Estimate, Resamples, ndcg
from precord.retrieve import Retriever, Witness
from precord.text import TextQuery, clean_report, read_query

K = 10
SEARCHES = 6  # of every query


@dataclass(frozen=True, slots=True)
class FixedQuery:
    """One query of the table."""

    text: str
    language: str
    wanted: tuple[frozenset[str], ...]
    unwanted: frozenset[str]

    def gain(self, statements: frozenset[str]) -> float:
        """Return how much a case with these statements is worth, 0 to 1."""
        if statements & self.unwanted:
            return 0.0
        if not self.wanted:
            return 1.0
        return sum(bool(group & statements) for group in self.wanted) / len(self.wanted)


def read_queries() -> list[FixedQuery]:
    """Return the queries of the table."""
    text = files("precord.evaluate").joinpath("queries.csv").read_text("utf-8")
    return [
        FixedQuery(
            row["query"],
            row["language"],
            tuple(frozenset(group.split("|")) for group in row["wanted"].split()),
            frozenset(filter(None, row["unwanted"].split("|"))),
        )
        for row in csv.DictReader(text.splitlines())
    ]


def measure_text_search(
    retriever: Retriever, advance: Callable[[int], None]
) -> dict[str, dict[str, Estimate]]:
    """Return the tables of the search, of its two witnesses, and of answers that never read."""
    vectors = retriever.library.vectors()
    cases = retriever.library.cases(vectors.ids)
    statements = {case.id: case.statements for case in cases}
    queries = read_queries()
    gains = np.array([[q.gain(statements[i]) for i in vectors.ids] for q in queries])
    bad = np.array([[bool(q.unwanted & statements[i]) for i in vectors.ids] for q in queries])
    row = {case_id: i for i, case_id in enumerate(vectors.ids)}

    def search(witness: Witness, read: Callable[[str], TextQuery] = read_query) -> NDArray[np.intp]:
        found = np.full((len(queries), K), -1, np.intp)
        for i, query in enumerate(queries):
            text = read(query.text)
            hits = retriever.by_text(text, k=K, witness=witness, include_simulated=True).hits
            found[i, : len(hits)] = [row[hit.case.id] for hit in hits]
        advance(1)
        return found

    hits = {
        "words, joint space and findings": search(Witness.ALL),
        "words and joint space": search(Witness.ALL, _without_findings),
        "the same, negation not read": search(Witness.ALL, _as_typed),
        "words alone (BM25)": search(Witness.WORDS),
        "joint space alone": search(Witness.MEANING),
        "findings alone": search(Witness.FINDINGS),
        "always the same ten": _fixed(gains, len(queries)),
    }
    tables = {name: _judge(queries, gains, bad, found) for name, found in hits.items()}
    return tables | {"chance": _chance(queries, gains, bad)}


def _without_findings(text: str) -> TextQuery:
    """Return *text* read but for what it asks for: what it rules out remains."""
    query = read_query(text)
    return TextQuery(query.text, (), query.unwanted)


def _as_typed(text: str) -> TextQuery:
    """Return *text* as it stands."""
    return TextQuery(clean_report(text), (), frozenset())


def _fixed(gains: NDArray[np.float64], n: int) -> NDArray[np.intp]:
    """Return (n, K) the ten cases of the highest mean gain over all queries."""
    return np.tile(np.argsort(-gains.mean(axis=0), kind="stable")[:K], (n, 1))


def _judge(
    queries: Sequence[FixedQuery],
    gains: NDArray[np.float64],
    bad: NDArray[np.bool_],
    hits: NDArray[np.intp],
) -> dict[str, Estimate]:
    """Return the measures of *hits* (Q, K), -1 where there was none."""
    there = hits >= 0
    found = np.where(there, np.take_along_axis(gains, np.maximum(hits, 0), axis=1), 0.0)
    wrong = np.where(there, np.take_along_axis(bad, np.maximum(hits, 0), axis=1), False)
    return _summarise(queries, gains, ndcg(found, gains), wrong.sum(axis=1).astype(np.float64))


def _chance(
    queries: Sequence[FixedQuery], gains: NDArray[np.float64], bad: NDArray[np.bool_]
) -> dict[str, Estimate]:
    """Return the measures expected of ten cases drawn at random."""
    mean = gains.mean(axis=1, keepdims=True).repeat(K, axis=1)
    return _summarise(queries, gains, ndcg(mean, gains), bad.mean(axis=1) * K)


def _summarise(
    queries: Sequence[FixedQuery],
    gains: NDArray[np.float64],
    quality: NDArray[np.float64],
    errors: NDArray[np.float64],
) -> dict[str, Estimate]:
    """Return means over queries; those that no case answers fully do not count."""
    resamples = Resamples.draw(range(len(queries)))
    answerable = gains.max(axis=1) == 1
    negated = np.array([bool(q.unwanted) for q in queries])
    german = np.array([q.language == "de" for q in queries])

    def mean(values: NDArray[np.float64], members: NDArray[np.bool_]) -> Estimate:
        return resamples.mean(np.where(members & answerable, values, np.nan))

    return {
        "nDCG@10": mean(quality, np.ones_like(negated)),
        "nDCG@10 German": mean(quality, german),
        "nDCG@10 English": mean(quality, ~german),
        "nDCG@10 with negation": mean(quality, negated),
        "ruled out, in ten": mean(errors, negated),
    }
