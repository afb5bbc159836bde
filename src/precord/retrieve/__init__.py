"""Retrieval: an ECG or a text in, the most similar past cases out."""

from precord.retrieve.search import MAX_TEXT, QueryEncoder, Retriever, SearchResult

__all__ = ["MAX_TEXT", "QueryEncoder", "Retriever", "SearchResult"]
