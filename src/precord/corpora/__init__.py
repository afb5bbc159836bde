"""Data sets: a folder on disk becomes entries, each one ECG with what is known of it.

A corpus is opened by its kind. Its entries carry the data set's own patient-wise folds;
nothing here ever draws a split.
"""

from pathlib import Path

from precord.corpora.entry import Corpus, Entry
from precord.corpora.folder import FolderCorpus
from precord.corpora.ptbxl import PtbXl
from precord.corpora.zscored import PtbXlZscored
from precord.errors import CorpusError

__all__ = ["KINDS", "Corpus", "Entry", "open_corpus"]

KINDS = ("ptb-xl", "ptb-xl-zscored", "folder")


def open_corpus(kind: str, directory: Path) -> Corpus:
    """Return the corpus of *kind* in *directory*.

    Raises:
        CorpusError: The kind is unknown, or the folder is not of that kind.
    """
    if not directory.is_dir():
        raise CorpusError(f"{directory}: no such folder; expected a data set of kind {kind}")
    match kind:
        case "ptb-xl":
            return PtbXl(directory)
        case "ptb-xl-zscored":
            return PtbXlZscored(directory)
        case "folder":
            return FolderCorpus(directory)
        case _:
            raise CorpusError(f"unknown kind of data set {kind!r}; expected {', '.join(KINDS)}")
