"""Text folded for matching: case, umlauts and white space made equal, places kept.

ä, ae and a with a combining diaeresis are equal, and so are the others; ß equals ss, and å
equals a. Patterns and texts pass the same function, so tables are written as people write.
"""

from dataclasses import dataclass

_SPELLINGS = {"ä": "ae", "ö": "oe", "ü": "ue", "å": "a", "é": "e", "\u0308": "e", "\u030a": ""}
_QUOTES = {"\u2019": "'", "\u2013": "-", "\u2014": "-", "\u00ad": ""}  # the last: soft hyphen
_FOLDS = _SPELLINGS | _QUOTES


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text.

    Attributes:
        places: for each folded character, where its original stands in the text as written.
    """

    text: str
    places: tuple[int, ...]

    def to_written(self, start: int, end: int) -> tuple[int, int]:
        """Return the span as written of a span, not empty, of the folded text."""
        return self.places[start], self.places[end - 1] + 1


def fold(text: str, start: int = 0, end: int | None = None) -> Folded:
    """Fold the part of *text* from *start* to *end*; places count from the start of *text*."""
    folded: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text[start:end], start):
        for new in _fold_character(character):
            if new == " " and folded[-1:] == [" "]:
                continue
            folded.append(new)
            places.append(place)
    return Folded("".join(folded), tuple(places))


def _fold_character(character: str) -> str:
    """Return what one character becomes: none, one or several."""
    if character.isspace():
        return " "
    return "".join(_FOLDS.get(small, small) for small in character.casefold())
