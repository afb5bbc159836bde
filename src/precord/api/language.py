"""The API's own sentences in the language of whoever asks: one JSON file a language beside this.

precord's notes, reasons and errors are written in English where they arise, with their
numbers and names in them. A language's file has each as a template: `{}` stands for what is
filled in, in the same order on both sides, or by number (`{1}`) where the order differs. A
sentence without a template stays English. What is filled in is looked up as well: a note may
quote another.
"""

import json
import re
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

FALLBACK = "en"
LANGUAGE: ContextVar[str] = ContextVar("language", default=FALLBACK)
"""The language of the request that is being answered; the guard sets it for each request."""

OPTION = re.compile(r"--(?=[a-z])")  # a message of the command line names its options so
_NUMBER = re.compile(r"[-+]?\d+\.\d+")
_DEEPEST = 4  # sentences within sentences


@dataclass(frozen=True, slots=True)
class _Template:
    """An English sentence, cut at what is filled in, and the same in another language."""

    pieces: tuple[str, ...]
    other: str

    def match(self, text: str) -> list[str] | None:
        """Return what is filled in to give *text*, or None where this is another sentence.

        The leftmost place of each piece is as good as any: time grows with the text alone.
        """
        first, *middle = self.pieces
        if not text.startswith(first):
            return None
        if not middle:
            return [] if text == first else None
        *middle, last = middle
        at, end = len(first), len(text) - len(last)
        if end < at or not text.endswith(last):
            return None
        filled = []
        for piece in middle:
            found = text.find(piece, at, end)
            if found < 0:
                return None
            filled.append(text[at:found])
            at = found + len(piece)
        return [*filled, text[at:end]]


def languages() -> frozenset[str]:
    """Return the languages that there is a file of."""
    found = (files("precord.api") / "words").iterdir()
    return frozenset(one.name.removesuffix(".json") for one in found)


def prefer(header: str) -> str:
    """Return which language an Accept-Language header asks for; English where none is known.

    Source: RFC 9110, 12.5.4; a region is left aside.
    """
    best, highest = FALLBACK, 0.0
    known = _known()
    for part in header[:200].split(","):
        tag, _, weight = part.strip().partition(";")
        try:
            sure = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        language = tag.strip().partition("-")[0].lower()
        if language in known and sure > highest:
            best, highest = language, sure
    return best


def say(text: str, language: str | None = None) -> str:
    """Return one of precord's English sentences in *language*, by default the request's."""
    chosen = LANGUAGE.get() if language is None else language
    return text if chosen == FALLBACK else _say(text, chosen, _DEEPEST)


def read_words(language: str) -> dict[str, Any]:
    """Return all of the file of *language*."""
    path = files("precord.api") / "words" / f"{language}.json"
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def _say(text: str, language: str, deep: int) -> str:
    """Return *text*, or its parts where it is none of the sentences, in *language*."""
    if deep < _DEEPEST and _NUMBER.fullmatch(text):  # what a sentence is filled with
        return text.replace(".", _decimal(language))
    plain = OPTION.sub("", text)
    for template in _templates(language):
        filled = template.match(plain)
        if filled is not None:
            inner = [_say(one, language, deep - 1) if deep else one for one in filled]
            return template.other.format(*inner)
    if not deep:
        return text
    for between in ("; ", ": ", ", "):
        parts = plain.split(between) if between != ": " else plain.split(between, 1)
        said = [_say(part, language, deep - 1) for part in parts] if len(parts) > 1 else parts
        if said != parts:
            return between.join(said)
    return text


@cache
def _known() -> frozenset[str]:
    """Return the languages, looked up once."""
    return languages()


@cache
def _decimal(language: str) -> str:
    """Return what stands before the decimals of a number."""
    return str(read_words(language)["decimal"])


@cache
def _templates(language: str) -> tuple[_Template, ...]:
    """Return the sentences of *language*, those that say most first."""
    made = list(_read_templates(language))
    return tuple(sorted(made, key=lambda one: -sum(map(len, one.pieces))))


def _read_templates(language: str) -> Iterator[_Template]:
    """Yield the sentences of *language*."""
    for english, other in read_words(language).get("sentences", {}).items():
        yield _Template(tuple(OPTION.sub("", english).split("{}")), str(other))
