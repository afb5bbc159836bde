"""What a report says of one statement: that it is there, that it may be, that it is not."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How sure a text is of a statement."""

    PRESENT = "present"
    UNCERTAIN = "uncertain"
    NEGATED = "negated"


@dataclass(frozen=True, slots=True)
class Finding:
    """One statement found in a text.

    Attributes:
        statement: SCP-ECG code, one of `precord.statements.CODES`.
        start, end: where the words stand in the text as written, so that
            `text[start:end] == words`; the words of the state are not among them.
    """

    statement: str
    state: State
    start: int
    end: int
    words: str
