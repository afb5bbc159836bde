"""What the routes of drafts and pictures take and answer: plain models, as in `schemas`."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from precord.api.schemas import Answer, RecordOut, Shape

MAX_CASES = 20
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
CaseId = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Language = Literal["en", "de"]


class DraftIn(Shape):
    """What a draft is asked for.

    Attributes:
        query: id of a remembered query that is an ECG.
        cases: the precedents to draft from, the most similar first.
        by_model: whether the service's language model shall choose and order the sentences.
    """

    query: str
    cases: Annotated[list[CaseId], Field(min_length=1, max_length=MAX_CASES)]
    language: Language = "en"
    by_model: bool = False


class SentenceOut(Shape):
    """One drafted sentence; *citations* are case ids, or "query"."""

    text: str
    kind: Literal["measured", "verbatim", "named", "written"]
    citations: list[str]


class StruckOut(Shape):
    """A sentence that was not drafted; *measurement* and *value* are the query's."""

    text: str
    case: str
    reason: str
    measurement: str
    value: float | None


class DraftOut(Answer):
    """A draft of a report. Nothing in it is confirmed.

    Attributes:
        written_by: name of the language model; empty where none was asked.
        has_model: whether the service has one to ask.
    """

    language: Language
    sentences: list[SentenceOut]
    struck: list[StruckOut]
    written_by: str
    has_model: bool
    is_confirmed: Literal[False] = False


class ConfirmedSentence(Shape):
    """A sentence as a person leaves it; without citations it is the person's own."""

    text: Line
    citations: Annotated[list[CaseId], Field(max_length=MAX_CASES + 1)]


class DraftExport(Shape):
    """A draft that a person read, changed where needed, and confirms."""

    query: str
    sentences: Annotated[list[ConfirmedSentence], Field(min_length=1, max_length=60)]
    language: Language = "en"
    confirmed: Literal[True]
    confirmed_by: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=2, max_length=100)
    ]


class ReadingOut(Answer):
    """What was read of an ECG; *query* names it for a search and for looking at it."""

    query: str
    record: RecordOut
