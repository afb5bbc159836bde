"""Retrieval: an ECG or a text in, the most similar past cases out."""

from precord.retrieve.calibration import Calibration
from precord.retrieve.consensus import Consensus
from precord.retrieve.result import SearchResult
from precord.retrieve.search import MAX_TEXT, QueryEncoder, Retriever
from precord.retrieve.words import Witness

__all__ = [
    "MAX_TEXT",
    "Calibration",
    "Consensus",
    "QueryEncoder",
    "Retriever",
    "SearchResult",
    "Witness",
]
