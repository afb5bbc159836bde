"""Data sets: a folder on disk becomes entries, each one ECG with what is known of it.

A corpus is opened by its kind. Its entries carry the data set's own patient-wise folds;
nothing here ever draws a split.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from precord.corpora.arrays import ARRAY_KINDS, ArrayCorpus
from precord.corpora.challenge import Challenge
from precord.corpora.entry import Corpus, Entry
from precord.corpora.folder import FolderCorpus
from precord.corpora.ptbxl import PtbXl
from precord.corpora.zscored import PtbXlZscored
from precord.errors import CorpusError

__all__ = ["KINDS", "Corpus", "Entry", "open_corpus"]

_CORPORA: dict[str, Callable[[Path], Corpus]] = {
    "ptb-xl": PtbXl,
    "ptb-xl-zscored": PtbXlZscored,
    "folder": FolderCorpus,
    "challenge": Challenge,
    **{kind: partial(ArrayCorpus, kind) for kind in ARRAY_KINDS},
}
KINDS = tuple(_CORPORA)


def open_corpus(kind: str, directory: Path) -> Corpus:
    """Return the corpus of *kind* in *directory*.

    Raises:
        CorpusError: The kind is unknown, or the folder is not of that kind.
    """
    if not directory.is_dir() and not (kind == "folder" and directory.is_file()):
        raise CorpusError(f"{directory}: no such folder; expected a data set of kind {kind}")
    if kind not in _CORPORA:
        raise CorpusError(f"unknown kind of data set {kind!r}; expected {', '.join(KINDS)}")
    return _CORPORA[kind](directory)
