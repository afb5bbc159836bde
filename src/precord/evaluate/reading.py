"""How well `text.parse_report` reads: sentences labelled by hand, and the codes of a data set.

The labels hold no text. Each row names a sentence by report and number, with a hash of its
words; the text comes from PTB-XL's table (`metadata.csv.gz`), and a sentence whose hash differs
is an error: labels of other words are worth nothing.

Labels: `STATEMENT:state` joined by `;`, empty where a sentence says nothing of any statement.
"""

import csv
import gzip
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from precord.errors import CorpusError
from precord.report import Language
from precord.statements import CODES, parse_statements
from precord.text import Finding, State, parse_report
from precord.text.sentence import hash_sentence, split_sentences

Labels = frozenset[tuple[str, State]]
TRAINING_FOLDS = range(1, 9)
DRAWS = 2000  # of the bootstrap
SEED = 7
_Z = 1.959964


@dataclass(frozen=True, slots=True)
class Sentence:
    """A labelled sentence and what was read in it.

    Attributes:
        report: `ecg_id` of PTB-XL.
        part: how it was chosen, see the page of results.
    """

    report: str
    part: str
    language: Language
    truth: Labels
    read: Labels


@dataclass(frozen=True, slots=True)
class Rate:
    """A share with its 95 % interval; NaN where it has no denominator.

    The interval is a bootstrap over reports. Where all or none is right that has no width, and
    it is Wilson's (1927) instead.
    """

    hits: int
    n: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """Return the share."""
        return self.hits / self.n if self.n else float("nan")


def read_labelled(labels: Path, table: Path) -> list[Sentence]:
    """Return the sentences of *labels*, their words taken from *table* and read.

    Raises:
        CorpusError: A sentence is missing, has other words, or bears an unknown label.
    """
    reports = {row["ecg_id"]: row["report"] for row in read_metadata(table)}
    with labels.open(encoding="utf-8", newline="") as file:
        return [_to_sentence(labels, row, reports) for row in csv.DictReader(file)]


def read_metadata(table: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of training folds in `metadata.csv.gz`.

    Raises:
        CorpusError: The table is missing, no gzip file, or lacks a column.
    """
    try:
        with gzip.open(table, "rt", encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if int(row["strat_fold"]) in TRAINING_FOLDS:
                    yield row
    except (OSError, EOFError, KeyError, ValueError) as error:
        raise CorpusError(f"{table}: not PTB-XL's table of metadata: {error}") from error


def measure(
    sentences: Sequence[Sentence], answer: Callable[[Sentence], Labels], states: set[State]
) -> tuple[Rate, Rate]:
    """Return precision and recall of an answer's labels in *states*, over all *sentences*.

    Args:
        sentences: what was labelled.
        answer: the labels that a method gives a sentence.
        states: labels in other states are left out on both sides.
    """
    reports = {report: i for i, report in enumerate(sorted({s.report for s in sentences}))}
    counts = np.zeros((len(reports), 3), int)  # right, said, true
    for sentence in sentences:
        said = {label for label in answer(sentence) if label[1] in states}
        true = {label for label in sentence.truth if label[1] in states}
        counts[reports[sentence.report]] += len(said & true), len(said), len(true)
    return to_rate(counts[:, 0], counts[:, 1]), to_rate(counts[:, 0], counts[:, 2])


def to_rate(hits: NDArray[np.int_], of: NDArray[np.int_]) -> Rate:
    """Return the share of *hits* (R,) in *of* (R,), both counted by report."""
    right, n = int(hits.sum()), int(of.sum())
    if right in {0, n}:
        edge = _Z**2 / (n + _Z**2)  # Wilson's interval of no success in n
        low, high = (0.0, edge) if right == 0 else (1 - edge, 1.0)
        return Rate(right, n, low, high)
    rng = np.random.default_rng(SEED)
    drawn = rng.integers(0, len(of), (DRAWS, len(of)))  # (D, R)
    with np.errstate(invalid="ignore"):
        shares = hits[drawn].sum(axis=1) / of[drawn].sum(axis=1)
    low, high = np.quantile(shares[np.isfinite(shares)], (0.025, 0.975))
    return Rate(right, n, float(low), float(high))


def ignore_state(labels: Iterable[tuple[str, State]]) -> Labels:
    """Return *labels* as if all were present: the answer of who looks for words only."""
    return frozenset((statement, State.PRESENT) for statement, _ in labels)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often findings of a statement and its code in the data set go together.

    Attributes:
        found, coded: reports in which it is found, by state; reports that have the code.
        both: reports that have both, by state of the finding.
    """

    statement: str
    coded: int
    found: Counter[State]
    both: Counter[State]


def compare_with_codes(rows: Iterable[dict[str, str]]) -> list[Agreement]:
    """Return the agreement of each statement; a report that says two things says the surer."""
    agreements = {code: Agreement(code, 0, Counter(), Counter()) for code in CODES}
    coded: Counter[str] = Counter()
    for row in rows:
        codes = parse_statements(row["scp_codes_onehot"].split(";"))
        coded.update(codes)
        for statement, state in surest(parse_report(row["report"])).items():
            agreements[statement].found[state] += 1
            agreements[statement].both[state] += statement in codes
    return [Agreement(c, coded[c], a.found, a.both) for c, a in agreements.items()]


def surest(findings: Iterable[Finding]) -> dict[str, State]:
    """Return one state for each statement: present before uncertain before negated."""
    order = list(State)
    states: dict[str, State] = {}
    for finding in findings:
        known = states.get(finding.statement, State.NEGATED)
        states[finding.statement] = min(known, finding.state, key=order.index)
    return states


def _to_sentence(labels: Path, row: dict[str, str], reports: dict[str, str]) -> Sentence:
    """Return the sentence that a row of *labels* names."""
    name = f"{labels.name}: ecg_id {row['ecg_id']}, sentence {row['sentence']}"
    report = reports.get(row["ecg_id"], "")
    spans = list(split_sentences(report))
    number = int(row["sentence"])
    if number >= len(spans):
        raise CorpusError(f"{name}: the report has {len(spans)} sentences")
    start, end = spans[number]
    if (found := hash_sentence(report[start:end])) != row["hash"]:
        raise CorpusError(f"{name}: hash {found}, expected {row['hash']}: other words")
    read = {
        (f.statement, f.state) for f in parse_report(report) if start <= f.start and f.end <= end
    }
    truth = frozenset(_to_label(name, label) for label in row["labels"].split(";") if label)
    return Sentence(row["ecg_id"], row["part"], Language(row["language"]), truth, frozenset(read))


def _to_label(name: str, label: str) -> tuple[str, State]:
    """Return the statement and the state that *label* names."""
    statement, _, state = label.partition(":")
    if statement not in CODES or state not in set(State):
        raise CorpusError(f"{name}: label {label!r}, expected STATEMENT:state")
    return statement, State(state)
