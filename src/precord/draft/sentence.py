"""The nouns of a draft: what is asked for, a sentence, one that was struck, the whole."""

from dataclasses import dataclass
from enum import StrEnum

from precord.draft.rule import Reason
from precord.record import Measurements
from precord.report import Language

QUERY = "query"  # cited by what was measured on the query itself


class Kind(StrEnum):
    """Where a sentence comes from."""

    MEASURED = "measured"  # on the query, by precord
    VERBATIM = "verbatim"  # stands so in the report of the first precedent cited
    NAMED = "named"  # the name of a statement that the precedents have
    WRITTEN = "written"  # by a language model, and checked


@dataclass(frozen=True, slots=True)
class Query:
    """What is known of the ECG that a draft is for.

    Attributes:
        statements: as the model reads them.
        raised: rhythms that the model does not rule out; with one, sinus rhythm is not drafted.
    """

    measurements: Measurements
    statements: frozenset[str]
    is_calibrated: bool
    raised: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Sentence:
    """One drafted sentence.

    Attributes:
        citations: ids of the precedents that say it, or `QUERY`; never empty.
        codes: the statements in it.
    """

    text: str
    kind: Kind
    citations: tuple[str, ...]
    codes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Struck:
    """A sentence that was not drafted, and why.

    Attributes:
        case: whose report it is from; empty for a statement as such.
        measurement, value: of the query, where the sentence contradicts it.
    """

    text: str
    case: str
    reason: Reason
    measurement: str = ""
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft of a report; nothing in it is confirmed.

    Attributes:
        written_by: the language model that chose the sentences; empty where none did.
    """

    language: Language
    sentences: tuple[Sentence, ...]
    struck: tuple[Struck, ...]
    written_by: str = ""
