"""Reports as models and searches see them."""

from precord.text.case_text import case_texts, matching_text, mean_vectors
from precord.text.finding import Finding, State
from precord.text.normalise import clean_report, detect_language, report_key
from precord.text.parse import parse_report, present_statements
from precord.text.query import TextQuery, read_query
from precord.text.wording import word_statements

__all__ = [
    "Finding",
    "State",
    "TextQuery",
    "case_texts",
    "clean_report",
    "detect_language",
    "matching_text",
    "mean_vectors",
    "parse_report",
    "present_statements",
    "read_query",
    "report_key",
    "word_statements",
]
