"""The report of an ECG: the text as written, its language, and who or what wrote it."""

from dataclasses import dataclass
from enum import StrEnum


class Source(StrEnum):
    """Who or what wrote a report."""

    CLINICIAN = "clinician"  # wrote it, or validated what a machine wrote
    MACHINE = "machine unconfirmed"
    STATEMENTS = "statements only"  # worded by precord from coded statements
    SIMULATED = "SIMULATED"
    NOT_STATED = "author not stated"  # the data set does not say; it is never guessed


class Language(StrEnum):
    """The language of a text (ISO 639-1)."""

    GERMAN = "de"
    ENGLISH = "en"
    SWEDISH = "sv"
    UNKNOWN = "und"


@dataclass(frozen=True, slots=True)
class Report:
    """A report as written; what a model or a search sees of it is `text.clean_report`."""

    text: str
    language: Language
    source: Source
