"""Measure whether drafted sentences are true of the ECG that they are drafted for.

Usage: python benchmarks/drafts.py [--cross FOLDER] [--shared ../shared] [--runs runs]

One fold asks weights that it did not train, and those that did are the precedents
(benchmarks/setting.py), so no patient asks and answers; and simulated ECGs ask other
simulated ones. A sentence counts where it makes a statement; it is right where all of its
statements are coded for the ECG. Beside the draft stand two that anybody could make: the first
hit's report as it stands, and the commonest sentences of the precedents' reports. Nothing is
fitted. Writes docs/results/drafts.md.
"""

import argparse
import os
import platform
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from setting import ROOT, add_arguments, open_small, table, tell

from precord.api.draft import RHYTHMS
from precord.case import Case
from precord.demo import draw_cases
from precord.draft import Query, draft_report
from precord.draft.material import codes_of
from precord.encoder import Encoder
from precord.ingest import ingest
from precord.library.sqlite import SqliteLibrary
from precord.metrics import Resamples
from precord.record import Record
from precord.report import Language
from precord.retrieve import Retriever
from precord.retrieve.critical import HEAD_LIMIT
from precord.signal.measure import measure
from precord.statements import CODES
from precord.text.sentence import split_sentences

PAGE = ROOT / "docs/results/drafts.md"
N_PRECEDENTS, N_COMMON = 10, 3
N_HELD, N_ASKING = 240, 60  # simulated

Said = list[frozenset[str]]  # the statements of each sentence that makes any


@dataclass(frozen=True, slots=True)
class Asked:
    """One ECG with what is true of it."""

    record: Record
    patient: str
    true: frozenset[str]


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser)
    arguments = parser.parse_args()
    started = time.process_time()
    with open_small(arguments) as part:
        material = part.material
        asked = [
            Asked(record, patient, entry.statements)
            for record, patient, entry in zip(
                material.records, material.patients, material.entries, strict=True
            )
        ]
        real = compare(Retriever(part.library, part.encoder), part.encoder, asked)
        about, fingerprint = part.about, part.encoder.fingerprint
        simulated = compare_simulated(part.encoder)
    PAGE.write_text(
        f"""# How often a drafted sentence is right

- command: `make cross`, then `python benchmarks/drafts.py`
- date: {datetime.now(UTC):%Y-%m-%d}; {platform.machine()}, {platform.system()}, Python \
{platform.python_version()}, {os.cpu_count()} cores; {time.process_time() - started:.0f} s of one
- drafts in English from the {N_PRECEDENTS} most similar cases, extractive, without a language model
- weights: encoder {fingerprint[:16]}

A sentence counts where it makes a statement, and is right where all of its statements are coded \
for the ECG (for a simulated one: were simulated). Sentences of measurements are the ECG's own and \
do not count. *Said* is the share of an ECG's statements, NORM left out, that some sentence says; \
a draft never says NORM, the other two do. Brackets are 95 % intervals over patients, of means \
over the ECGs that got a sentence. Codes leave out much that reports say: right is a lower bound.

The commonest sentences are the same for every ECG, sinus rhythm among them. Where their *right, \
but for NORM* exceeds the draft's, a draft says more and is more often wrong.

## PTB-XL

{about}. Fold 9 was not touched.

{real}
## Simulated

{N_ASKING} ECGs; {N_HELD} others as precedents, the same weights.

{simulated}""",
        encoding="utf-8",
    )


def compare_simulated(encoder: Encoder) -> str:
    """Return the table of simulated ECGs that ask other simulated ones."""
    entries = draw_cases(lambda _: None, N_HELD + N_ASKING)
    with TemporaryDirectory() as folder:
        facts = (encoder.fingerprint, encoder.precision, encoder.dim)
        with SqliteLibrary.create(Path(folder) / "held.db", *facts) as library:
            ingest(entries[:N_HELD], library, encoder)
            asked = [Asked(e.load(), e.case_id, e.statements) for e in entries[N_HELD:]]
            return compare(Retriever(library, encoder), encoder, asked)


def compare(retriever: Retriever, encoder: Encoder, asked: Sequence[Asked]) -> str:
    """Return a table of the draft beside the other two."""
    library = retriever.library
    cases = library.cases(library.vectors().ids)
    common = find_common(cases)
    drafts: dict[str, list[Said]] = {"draft": [], "first hit's report": [], "commonest": []}
    tell("drafting", len(asked))
    for one in asked:
        hits = retriever.by_record(one.record, k=N_PRECEDENTS, anyway=True).hits
        precedents = [hit.case for hit in hits]
        drafts["draft"].append(draft(encoder, one.record, precedents))
        drafts["first hit's report"].append(say(precedents[0]) if precedents else [])
        drafts["commonest"].append(common)
    resamples = Resamples.draw([one.patient for one in asked])
    rows = [
        (name, *measure_drafts(said, [one.true for one in asked], resamples))
        for name, said in drafts.items()
    ]
    columns = ("", "sentences an ECG", "right", "right, but for NORM", "said", "ECGs without any")
    return table(columns, rows)


def draft(encoder: Encoder, record: Record, precedents: Sequence[Case]) -> Said:
    """Return what the service would draft, by the statements of each sentence."""
    likely = encoder.encode_query(record).statements
    raised = frozenset(c for c in RHYTHMS if likely[CODES.index(c)] >= HEAD_LIMIT)
    query = Query(measure(record), encoder.likely_statements(likely), record.is_calibrated, raised)
    made = draft_report(query, precedents, Language.ENGLISH)
    return [one.codes for one in made.sentences if one.codes]


def say(case: Case) -> Said:
    """Return what the report of *case* says, as it stands."""
    text = case.report.text if case.report else ""
    sentences = (text[start:end] for start, end in split_sentences(text))
    return [codes for one in sentences if (codes := codes_of(one))]


def find_common(cases: Sequence[Case]) -> Said:
    """Return the commonest sentences of all reports, by their statements."""
    counted = Counter(codes for case in cases for codes in say(case))
    return [codes for codes, _ in counted.most_common(N_COMMON)]


def measure_drafts(
    said: Sequence[Said], true: Sequence[frozenset[str]], resamples: Resamples
) -> tuple[str, ...]:
    """Return the columns of one kind of draft."""

    def estimate(of: Callable[[Said, frozenset[str]], float]) -> str:
        values = np.array([of(one, own) for one, own in zip(said, true, strict=True)], np.float64)
        found = resamples.mean(values)
        return f"{found.value:.2f} [{found.low:.2f}, {found.high:.2f}]"

    return (
        f"{np.mean([len(one) for one in said]):.1f}",
        estimate(share_right),
        estimate(lambda one, own: share_right([c for c in one if "NORM" not in c], own)),
        estimate(share_said),
        str(sum(not one for one in said)),
    )


def share_right(said: Said, own: frozenset[str]) -> float:
    """Return the share of sentences that are right; NaN where there is none."""
    return float(np.mean([codes <= own for codes in said])) if said else float("nan")


def share_said(said: Said, own: frozenset[str]) -> float:
    """Return the share of the ECG's statements that are said; NaN where it has none."""
    wanted = own - {"NORM"}
    return len(wanted & frozenset().union(*said)) / len(wanted) if wanted else float("nan")


if __name__ == "__main__":
    main()
