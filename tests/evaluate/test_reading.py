"""Tests of precord.evaluate.reading: rates by hand, labels that fit their words, and the floors."""

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest

from precord.errors import CorpusError
from precord.evaluate.reading import (
    Sentence,
    compare_with_codes,
    ignore_state,
    measure,
    read_labelled,
    surest,
    to_rate,
)
from precord.report import Language
from precord.text import State, parse_report
from precord.text.sentence import hash_sentence

LABELS = Path(__file__).parents[2] / "benchmarks" / "reports_labels.csv"
REPORT = "Sinus rhythm. No AF."


def _write(folder: Path, *, label: str = "AFIB:negated", words: str = "No AF") -> tuple[Path, Path]:
    """Write a table of one report and one label for its second sentence."""
    table, labels = folder / "metadata.csv.gz", folder / "labels.csv"
    with gzip.open(table, "wt", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["ecg_id", "strat_fold", "report"], ["5", "1", REPORT]])
    with labels.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(
            [
                ["ecg_id", "sentence", "part", "language", "hash", "labels"],
                ["5", "1", "last", "en", hash_sentence(words), label],
            ]
        )
    return labels, table


def test_labels_are_joined_with_their_words_and_read(tmp_path: Path) -> None:
    """Only what stands in the labelled sentence counts."""
    (sentence,) = read_labelled(*_write(tmp_path))

    assert sentence.truth == sentence.read == {("AFIB", State.NEGATED)}
    assert (sentence.report, sentence.part, sentence.language) == ("5", "last", "en")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"words": "No LBBB"}, "expected"),
        ({"label": "AFIB:maybe"}, "AFIB:maybe"),
        ({"label": "XYZ:present"}, "XYZ:present"),
    ],
)
def test_labels_of_other_words_are_refused(
    tmp_path: Path, change: dict[str, str], match: str
) -> None:
    """A wrong hash, an unknown state and an unknown statement are each one clear line."""
    labels, table = _write(tmp_path, **change)

    with pytest.raises(CorpusError, match=match) as caught:
        read_labelled(labels, table)
    assert "ecg_id 5, sentence 1" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_table_and_a_missing_sentence_are_refused(tmp_path: Path) -> None:
    """Neither is taken for a report that says nothing."""
    labels, table = _write(tmp_path)
    labels.write_text(labels.read_text("utf-8").replace("5,1,", "5,9,"), "utf-8")

    with pytest.raises(CorpusError, match="2 sentences"):
        read_labelled(labels, table)
    with pytest.raises(CorpusError, match="metadata"):
        read_labelled(labels, tmp_path / "none.csv.gz")


def test_precision_and_recall_by_hand() -> None:
    """Three said, two of them right, of four that are true."""
    p, u = State.PRESENT, State.UNCERTAIN
    sentences = [
        Sentence(
            "1",
            "test",
            Language.ENGLISH,
            truth=frozenset({("SR", p), ("PVC", p), ("LVH", u)}),
            read=frozenset({("SR", p), ("LVH", p)}),
        ),
        Sentence(
            "2",
            "test",
            Language.ENGLISH,
            truth=frozenset({("SR", p), ("PAC", p)}),
            read=frozenset({("SR", p)}),
        ),
    ]

    precision, recall = measure(sentences, lambda s: s.read, {p})
    _, doubt = measure(sentences, lambda s: s.read, {u})

    assert (precision.hits, precision.n, recall.hits, recall.n) == (2, 3, 2, 4)
    assert precision.value == pytest.approx(2 / 3)
    assert precision.low == 0.5  # only the first report drawn
    assert precision.high == 1.0  # only the second
    assert (doubt.hits, doubt.n) == (0, 1)
    assert ignore_state(sentences[0].truth) == {("SR", p), ("PVC", p), ("LVH", p)}


def test_a_share_of_all_still_has_an_interval() -> None:
    """Wilson's interval of 5 in 5 begins at 5 / (5 + 1.96²) = 0.566."""
    rate = to_rate(np.array([2, 3]), np.array([2, 3]))

    assert rate.low == pytest.approx(0.566, abs=5e-4)
    assert rate.high == 1.0


def test_agreement_by_hand() -> None:
    """Codes and findings are counted by report; the surer of two states counts."""
    rows = [
        {"scp_codes_onehot": "AFIB;LVH", "report": "Atrial fibrillation. Possible LVH."},
        {"scp_codes_onehot": "SR", "report": "Sinus rhythm, no atrial fibrillation. LVH possible."},
    ]

    found = {a.statement: a for a in compare_with_codes(rows)}

    assert (found["AFIB"].coded, found["AFIB"].found[State.PRESENT]) == (1, 1)
    assert (found["AFIB"].found[State.NEGATED], found["AFIB"].both[State.NEGATED]) == (1, 0)
    assert (found["LVH"].found[State.UNCERTAIN], found["LVH"].both[State.UNCERTAIN]) == (2, 1)
    assert surest(parse_report("no LVH. LVH possible. LVH")) == {"LVH": State.PRESENT}


@pytest.mark.data
def test_reading_stays_as_good_as_measured(shared_data: Path) -> None:
    """Floors two to four points below docs/results/reports.md, where the floor can be that near."""
    table = shared_data / "ptb-xl-metadata" / "metadata.csv.gz"
    sentences = read_labelled(LABELS, table)
    assert len(sentences) >= 500

    floors = {
        State.PRESENT: (0.97, 0.975),
        State.UNCERTAIN: (0.97, 0.95),
        State.NEGATED: (0.93, 0.90),
    }
    for state, (least_precision, least_recall) in floors.items():
        precision, recall = measure(sentences, lambda s: s.read, {state})
        assert precision.value >= least_precision, state
        assert recall.value >= least_recall, state
        as_present, _ = measure(sentences, lambda s: ignore_state(s.read), {State.PRESENT})
        assert as_present.value < 0.8  # the trivial answer, so that the states are worth reading
