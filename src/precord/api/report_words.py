"""The words of the printed answer and of a confirmed draft, from the file of their language."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from precord.api.language import read_words


@dataclass(frozen=True, slots=True)
class Words:
    """What is printed around the facts, in one language.

    Attributes:
        language: such as "de".
        verdict: the words of each verdict.
        measurements: name of the attribute, name in words, and unit behind the number.
        drafted_by, drafted_from, drafted_query: who confirmed a draft, its sources, and the
            query among them.
    """

    language: str
    title: str
    query: str
    asked: str
    measured: str
    read: str
    read_caveat: str
    nothing: str
    verdict: dict[str, str]
    critical: str
    neighbours: str
    counted: str
    caveat: str
    scarce: str
    earlier: str
    notes: str
    hits: str
    hits_caveat: str
    shared: str
    difference: str
    disclaimer: str
    measurements: list[tuple[str, str, str]]
    drafted_by: str
    drafted_from: str
    drafted_query: str


@cache
def words_of(language: str) -> Words:
    """Return the words of *language*, which has a file."""
    known: dict[str, Any] = dict(read_words(language)["report"])
    return Words(language=language, **known)
