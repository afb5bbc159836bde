"""Draw the sentences that were read and labelled by hand: `python benchmarks/reports_draw.py`.

Folds 1 to 8 only. Each sentence stands once, whatever its case, digits and punctuation, and
no report gives two; the two halves share neither. Strata: language, and whether a crude
pattern sees a negation, a doubt or neither, so that rare ones are there to be measured. What
is printed is text of patients: keep it out of the repository.
"""

import csv
import gzip
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from precord.text import detect_language, report_key
from precord.text.sentence import hash_sentence, split_sentences

SEED = 20
DOUBT = re.compile(
    r"möglich|moeglich|mögl|wahrsch|auszuschl|verdacht|fragl|v\.a|grenz|dd|zu denken"
    r"|possib|probab|may|suggest|cannot|consider|borderline|query|likely|uncertain|limit"
    r"|uteslut|möjlig|trolig|sannolik|misstänk|övervägas|misstanke"
)
NEGATION = re.compile(
    r"\bkein\w*|\bohne|\bnicht(?! auszuschl)|\bno(?! definite)\b|\bnot\b|\bwithout|\babsen"
    r"|\bexclude|\bunlikely|\binga|\bingen|\binget|\butan|\bej(?! uteslut)|\bfehl"
)
# Sentences of each stratum: language, kind; how many for testing, for development, read fresh
# when the rules were first done, and read last, when they had been put right.
PARTS = ("test", "develop", "fresh", "last")
PLAN = (
    ("de", "negation", 30, 12, 6, 7),
    ("de", "doubt", 60, 30, 14, 14),
    ("de", "plain", 50, 25, 14, 14),
    ("en", "negation", 35, 15, 8, 8),
    ("en", "doubt", 50, 25, 12, 14),
    ("en", "plain", 55, 30, 14, 15),
    ("sv", "negation", 10, 4, 4, 2),
    ("sv", "doubt", 20, 10, 6, 4),
    ("sv", "plain", 12, 6, 6, 4),
)
Sentence = tuple[str, str, int, str]  # language, ecg_id, number within the report, text


def main() -> None:
    """Print part, language, ecg_id, number, hash and text of each drawn sentence."""
    shared = Path(os.environ.get("PRECORD_SHARED", "../shared"))
    table = shared / "data" / "ptb-xl-metadata" / "metadata.csv.gz"
    pools: dict[tuple[str, str], list[Sentence]] = {}
    for sentence in distinct_sentences(table):
        text = sentence[3].casefold()
        kind = "negation" if NEGATION.search(text) else "plain"
        kind = "doubt" if kind == "plain" and DOUBT.search(text) else kind
        pools.setdefault((sentence[0], kind), []).append(sentence)
    writer = csv.writer(sys.stdout)
    for language, kind, *sizes in PLAN:
        pool = pools[language, kind]
        order = np.random.default_rng([SEED, len(pool)]).permutation(len(pool))
        parts = [name for name, size in zip(PARTS, sizes, strict=True) for _ in range(size)]
        for part, at in zip(parts, order, strict=False):
            _, ecg_id, number, text = pool[at]
            writer.writerow([part, language, kind, ecg_id, number, hash_sentence(text), text])


def distinct_sentences(table: Path) -> Iterator[Sentence]:
    """Yield one sentence a report, each text once, in a fixed random order of reports."""
    with gzip.open(table, "rt", encoding="utf-8", newline="") as file:
        rows = [r for r in csv.DictReader(file) if r["report"] and int(r["strat_fold"]) <= 8]
    rng = np.random.default_rng(SEED)
    seen: set[str] = set()
    for at in rng.permutation(len(rows)):
        report = rows[at]["report"]
        spans = list(enumerate(split_sentences(report)))
        for i in rng.permutation(len(spans)):
            number, (start, end) = spans[i]
            key = report_key(report[start:end])
            if key and key not in seen:
                seen.add(key)
                yield detect_language(report), rows[at]["ecg_id"], number, report[start:end]
                break


if __name__ == "__main__":
    main()
