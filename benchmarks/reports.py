"""How well reports are read: `python benchmarks/reports.py` writes docs/results/reports.md.

Needs `ptb-xl-metadata/metadata.csv.gz` in PRECORD_SHARED; takes about 20 seconds. The labels are
in reports_labels.csv beside this file, how their sentences were drawn in reports_draw.py.
"""

import os
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from precord.evaluate.reading import (
    Agreement,
    Labels,
    Rate,
    Sentence,
    compare_with_codes,
    ignore_state,
    measure,
    read_labelled,
    read_metadata,
)
from precord.report import Language
from precord.text import State

HERE = Path(__file__).parent
LABELS = HERE / "reports_labels.csv"
PAGE = HERE.parent / "docs" / "results" / "reports.md"
MIN_CODED = 10
HEAD = """# Reports: how well statements are read

`python benchmarks/reports.py`, {day}; 2 cores, no GPU. Real reports of PTB-XL (metadata of folds 1
to 8, CC BY 4.0), German, English and Swedish; {n} sentences labelled by hand with the statements
that they make and whether each is present, uncertain or negated. Shares in percent with 95 %
bootstrap intervals over reports (Wilson's where all or none is right), and counts. A
label is right if statement *and* state are.

What the numbers can and cannot say:

- **One reader**, who also wrote the rules and is no cardiologist; no second reading, so no
  agreement between readers is known. Which words stand for which statement is a convention
  (below), and an error in it is not seen here.
- **The sentences are not a random sample.** Each text stands once, and sentences with a negation
  or a doubt were drawn more often than they occur. Much of PTB-XL is written by devices in a few
  dozen phrases, and the sentences on which rules were developed hold the same phrases: of other
  hospitals' free text expect less.
- **Negation is rare in these reports**: {negated} labels of {labels}, and {pathological} of them
  are "pathological ECG", the negation of a normal one. No Swedish sentence that was drawn negates
  a statement. What is known of negation beyond that are the invented sentences in
  tests/text/test_parse.py.
- **Order of work.** Words of all reports of folds 1 to 8 were counted, and rules were written on
  157 sentences of their own. The test sentences (*test*, *all negations*) had been read and
  labelled before, by the same person, but the parser did not see them until the rules were frozen.
  Its first answers are the figures in *first run* below. Then *fresh* was drawn and labelled, and
  the errors in both were looked at. Some were put right (abbreviations of premature beats found in
  "pacemaker"; "möglich" reaching forwards; lists of walls without a joining word; a few words, some
  of them from other reports whose codes and findings disagreed). So
  for the rules as they are, *test* and *fresh* flatter; **only *last*, labelled after that, has
  changed nothing**; what was changed later (bounded patterns, "nicht spezifisch", "VHFlattern", lists
  of at most thirteen) left every answer on all four parts as it was.

First run, *test* and *all negations* together (362 sentences), precision and recall: present
98.1 (730/744) and 99.2 (730/736); uncertain 99.5 (195/196) and 94.2 (195/207); negated 94.1
(32/34) and 88.9 (32/36). First run on *fresh* (81): present 97.2 (171/176) and 98.8 (171/173);
uncertain 97.6 (40/41) and 85.1 (40/47); negated 4/4 and 4/5.

## Precision and recall

The trivial answer beside each finds the same words and says that everything is present: it is
right about what is present as often as the share of it, and knows nothing else.

| part | language | sentences | state | precision | recall | trivial: precision | recall |
|---|---|---|---|---|---|---|---|
"""  # noqa: E501 - the page's own line breaks
PARTS = {
    "last": ("last",),
    "fresh": ("fresh",),
    "test": ("drawn",),
    "all negations": ("negations",),
    "all": ("last", "fresh", "drawn", "negations"),
}
CONVENTIONS = """
*Test*: drawn at random within strata of language and of negation, doubt or neither. *All
negations*: every further sentence of folds 1 to 8 with a negating word, beside phrases that recur.

Conventions of the labels: "otherwise normal ECG" is a normal ECG; "no definite pathology" and
"Grenzbefund" are an uncertain one; "pathological ECG" negates it. "Consistent with" is present,
"suggesting" and "may be due to" uncertain. "Infarct, probably old" is a present infarct.
"Fibrillation/flutter" is fibrillation, and perhaps flutter. A bundle branch block without a degree
is complete. Flat T waves are LOWT, but "non-specific T wave flattening" is NT_, as the data set
codes it. Strain, axis, R progression, junctional rhythm and hemiblocks together ("bifascicular") have no
statement. Non-significant Q waves are Q waves.

Known errors: words cut off by the end of the text; two adjectives of an infarct parted by a comma;
misspelled words; what is only supposed or hoped for ("once sinus rhythm is back"); what is over
("T waves, inverted last week, have come up").
"No A, B" without "or" negates A only.

## Agreement with the data set's codes

{n_reports} reports of folds 1 to 8, read as a whole ({seconds:.1f} s of processor time, {speed:.0f} reports
a second on one core). The codes are no truth about the text: they may tell of the ECG what the report does
not, a code's likelihood is left aside here, and some reports were cut. Most form and rhythm codes
are nearly always found in the words; diagnoses often stand in the codes alone. Some conventions
differ: "anteriorer Infarkt" is coded ASMI, QT prolongation, low voltage and ST elevation mostly not
at all. A code does not tell doubt from certainty: **of the findings that the text calls uncertain
{uncertain} bear their code, of present ones {present}, of negated ones {negated}**.

| statement | coded | found present | of these coded | of coded: present | or uncertain | uncertain: coded | negated: coded |
|---|---|---|---|---|---|---|---|
"""  # noqa: E501 - the same


def main() -> None:
    """Measure and write the page."""
    shared = Path(os.environ.get("PRECORD_SHARED", "../shared"))
    table = shared / "data" / "ptb-xl-metadata" / "metadata.csv.gz"
    sentences = read_labelled(LABELS, table)
    rows = [row for row in read_metadata(table) if row["report"].strip()]
    start = time.process_time()
    agreements = compare_with_codes(rows)
    seconds = time.process_time() - start
    states = [state for s in sentences for _, state in s.truth]
    head = HEAD.format(
        day=datetime.now(UTC).date().isoformat(),
        n=len(sentences),
        pathological=sum(("NORM", State.NEGATED) in s.truth for s in sentences),
        negated=states.count(State.NEGATED),
        labels=len(states),
    )
    middle = CONVENTIONS.format(
        n_reports=len(rows),
        seconds=seconds,
        speed=len(rows) / seconds,
        **{state.value: share_coded(agreements, state) for state in State},
    )
    lines = [line for name in PARTS for line in part_rows(name, sentences)]
    codes = [code_row(a) for a in agreements if a.coded >= MIN_CODED]
    PAGE.write_text(head + "\n".join(lines) + "\n" + middle + "\n".join(codes) + "\n", "utf-8")
    sys.stdout.write(f"{PAGE}\n")


def part_rows(name: str, sentences: Sequence[Sentence]) -> list[str]:
    """Return the rows of the table for one part: all languages together, then each."""
    rows = []
    part = [s for s in sentences if s.part in PARTS[name]]
    for language in (None, Language.GERMAN, Language.ENGLISH, Language.SWEDISH):
        chosen = [s for s in part if language in {None, s.language}]
        for state in State if chosen else ():
            cells = [*rates(chosen, read, state), *rates(chosen, trivial, state)]
            spoken = language.value if language else "all"
            start = f"| {name} | {spoken} | {len(chosen)} | {state} |"
            rows.append(f"{start} {' | '.join(cells)} |")
    return rows


def read(sentence: Sentence) -> Labels:
    """Return what the parser reads."""
    return sentence.read


def trivial(sentence: Sentence) -> Labels:
    """Return what the parser finds, as if it were all present."""
    return ignore_state(sentence.read)


def rates(
    sentences: Sequence[Sentence], answer: Callable[[Sentence], Labels], state: State
) -> list[str]:
    """Return precision and recall of an answer as cells."""
    return [to_cell(rate) for rate in measure(sentences, answer, {state})]


def to_cell(rate: Rate) -> str:
    """Return a rate in percent with its interval and counts."""
    if not rate.n:
        return "-"
    interval = f"[{100 * rate.low:.1f}, {100 * rate.high:.1f}]"
    return f"{100 * rate.value:.1f} {interval} ({rate.hits}/{rate.n})"


def share_coded(agreements: Sequence[Agreement], state: State) -> str:
    """Return how many of the findings in *state* bear their code."""
    found = sum(a.found[state] for a in agreements)
    both = sum(a.both[state] for a in agreements)
    return f"{100 * both / found:.0f} % ({both}/{found})"


def code_row(agreement: Agreement) -> str:
    """Return the row of one statement."""
    found, both, coded = agreement.found, agreement.both, agreement.coded
    sure, unsure, denied = State.PRESENT, State.UNCERTAIN, State.NEGATED
    share = f"{100 * both[sure] / found[sure]:.0f} %" if found[sure] else "-"
    either = 100 * (both[sure] + both[unsure]) / coded
    return (
        f"| {agreement.statement} | {coded} | {found[sure]} | {share} "
        f"| {100 * both[sure] / coded:.0f} % | {either:.0f} % "
        f"| {both[unsure]}/{found[unsure]} | {both[denied]}/{found[denied]} |"
    )


if __name__ == "__main__":
    main()
