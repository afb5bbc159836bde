"""Drafts of a report from precedents: every sentence cited, checked, and a person's to confirm.

`draft_report` takes sentences from the precedents' reports as they are written, or names a
statement in the words of precord's own table; `ask_model` lets a language model choose and
order sentences, and checks what it answers by the same rules. What may stand in a draft,
`rule` says; where one contradicts the query's measurements, `measured`.
"""

from precord.draft.compose import draft_report
from precord.draft.model import LanguageModel, ask_model
from precord.draft.rule import Reason, find_fault
from precord.draft.sentence import QUERY, Draft, Kind, Query, Sentence, Struck

__all__ = [
    "QUERY",
    "Draft",
    "Kind",
    "LanguageModel",
    "Query",
    "Reason",
    "Sentence",
    "Struck",
    "ask_model",
    "draft_report",
    "find_fault",
]
