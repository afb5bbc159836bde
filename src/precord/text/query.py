"""What a text query asks for, and what it rules out: "AF without infarct".

Words of what is ruled out would attract the very cases that must not be shown, in a word
search and in a joint space alike. They are cut from what is searched for, and the statements
that they name become a condition.
"""

import re
from dataclasses import dataclass

from precord.text.family import widen, widen_all
from precord.text.finding import State
from precord.text.normalise import clean_report
from precord.text.parse import parse_report
from precord.text.term import find_cues

_JOINING = r"(?:and|or|nor|but|und|oder|noch|aber|sowie|och|eller|men)"
_LOOSE = re.compile(rf"^(?:{_JOINING}\b\s*)+|(?:\s*\b{_JOINING})+$")


@dataclass(frozen=True, slots=True)
class TextQuery:
    """A text query as it is searched.

    Attributes:
        text: what is looked for, as `clean_report` leaves it; the whole query where all of
            it is ruled out.
        wanted: groups of SCP-ECG codes; a case that has one of each group says what is
            looked for.
        unwanted: codes that are ruled out.
    """

    text: str
    wanted: tuple[frozenset[str], ...]
    unwanted: frozenset[str]


def read_query(text: str) -> TextQuery:
    """Return what *text*, a query as typed, asks for and rules out."""
    clean = clean_report(text)
    findings = parse_report(clean, with_families=True)
    denied = [f for f in findings if f.state is State.NEGATED]
    wanted = dict.fromkeys(widen(f.statement) for f in findings if f.state is not State.NEGATED)
    unwanted = widen_all(f.statement for f in denied)
    unwanted -= frozenset(code for group in wanted for code in group)
    kept = _cut(clean, [(f.start, f.end) for f in denied]) if denied else clean
    return TextQuery(kept or clean, tuple(wanted), unwanted)


def _cut(text: str, spans: list[tuple[int, int]]) -> str:
    """Return *text* without *spans*, the words that denied them, and words that joined them."""
    keep = list(text)
    for start, end in spans:
        keep[start:end] = ",".ljust(end - start)
    rest = "".join(keep)
    for cue in reversed(find_cues(rest)):
        if cue.kind == State.NEGATED:
            rest = f"{rest[: cue.start]},{rest[cue.end :]}"
    parts = [_LOOSE.sub("", " ".join(part.split()).strip(" ;.")) for part in rest.split(",")]
    return ", ".join(filter(None, parts))
