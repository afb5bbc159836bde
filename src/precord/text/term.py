"""Where a sentence names a statement, and where it says how sure it is.

`terms.csv` holds the names of statements in German, English and Swedish, and those of other
things that would else be taken for one or that stand between: their statement is `-`, or
`-MI` where a family of statements is meant (see `family.py`). `cues.csv` holds the words of
negation and doubt. A term may carry a state of its own: "no definite pathology" is a doubtful
normal ECG, not the lack of one.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from precord.text.finding import State
from precord.text.pattern import GAP, compile_pattern


@dataclass(frozen=True, slots=True)
class Term:
    """A row of `terms.csv`."""

    statement: str
    pattern: re.Pattern[str]
    state: State
    has_gap: bool


@dataclass(frozen=True, slots=True)
class Mention:
    """A term found in a folded sentence."""

    term: Term
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Cue:
    """A row of `cues.csv`, or where one was found.

    Attributes:
        kind: a state; "none" for words that look like a cue and are none; "break" for words
            over which no cue reaches.
        direction: "pre" if it stands before what it is about, "post" or "both".
        reach: how many words may stand between.
    """

    kind: str
    direction: str
    reach: int
    start: int = 0
    end: int = 0


def find_mentions(sentence: str) -> list[Mention]:
    """Return the mentions in a folded sentence, the longest where several compete.

    A mention without a gap hides those within it; of two that overlap the earlier stays. One
    with a gap ("T waves are low in I and inverted in V5") hides none, and is hidden only by one
    that holds it or that names the same statement.
    """
    found = [
        Mention(term, m.start(), m.end())
        for term in read_terms()
        for m in term.pattern.finditer(sentence)
        if m.end() > m.start()
    ]
    whole = [m for m in found if not m.term.has_gap]
    kept = _take_longest(whole)
    for mention in found:
        if mention.term.has_gap and not any(_hides(other, mention) for other in kept):
            kept.append(mention)
    return sorted(kept, key=lambda m: (m.start, m.end))


def find_cues(sentence: str) -> list[Cue]:
    """Return the cues in a folded sentence; a longer one hides those that it overlaps."""
    found = [
        Cue(cue.kind, cue.direction, cue.reach, m.start(), m.end())
        for cue, pattern in read_cues()
        for m in pattern.finditer(sentence)
        if m.end() > m.start()
    ]
    kept: list[Cue] = []
    for cue in sorted(found, key=lambda c: (c.start - c.end, c.start)):
        if not any(cue.start < k.end and k.start < cue.end for k in kept):
            kept.append(cue)
    return sorted(kept, key=lambda c: c.start)


@cache
def read_terms() -> tuple[Term, ...]:
    """Return the terms of `terms.csv`."""
    rows = list(_read_rows("terms.csv"))
    names = {row["statement"][1:]: row["pattern"] for row in rows if row["statement"][0] == "$"}
    return tuple(
        Term(
            row["statement"],
            compile_pattern(row["pattern"], names),
            State(row["state"] or State.PRESENT),
            GAP in row["pattern"],
        )
        for row in rows
        if row["statement"][0] != "$"
    )


@cache
def read_cues() -> tuple[tuple[Cue, re.Pattern[str]], ...]:
    """Return the cues of `cues.csv` with their patterns."""
    return tuple(
        (
            Cue(row["state"], row["direction"], int(row["reach"] or 0)),
            compile_pattern(row["pattern"], {}),
        )
        for row in _read_rows("cues.csv")
    )


def _read_rows(name: str) -> Iterator[dict[str, str]]:
    """Yield the rows of a table of this package; the last column may hold commas."""
    text = files("precord.text").joinpath(name).read_text("utf-8")
    return csv.DictReader(text.splitlines())


def _take_longest(mentions: Iterable[Mention]) -> list[Mention]:
    """Return mentions that do not overlap, leftmost and longest first; equal spans all stay."""
    kept: list[Mention] = []
    for mention in sorted(mentions, key=lambda m: (m.start, -m.end)):
        last = kept[-1] if kept else None
        is_free = last is None or mention.start >= last.end
        if is_free or (last and (mention.start, mention.end) == (last.start, last.end)):
            kept.append(mention)
    return kept


def _hides(one: Mention, other: Mention) -> bool:
    """Return whether *one*, of whole words, holds *other*, or overlaps and says the same."""
    if not one.term.has_gap and one.start <= other.start and other.end <= one.end:
        return True
    is_same = one.term.statement == other.term.statement
    return is_same and one.start < other.end and other.start < one.end
