"""`precord ingest`: a data set, or a folder of ECG files, into a case library."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from precord.cli.argument import LibraryAt, WeightsAt, parse_folds

if TYPE_CHECKING:  # these import NumPy
    from precord.corpora import Corpus

Kind = Annotated[
    str,
    typer.Argument(
        metavar="KIND",
        help="folder, ptb-xl, ptb-xl-zscored, challenge, sph, chapman or code-15.",
    ),
]
Directory = Annotated[
    Path, typer.Argument(metavar="DIR", exists=False, help="Where the data set lies.")
]
Folds = Annotated[
    str | None, typer.Option(help="Only these folds of the data set, such as 1-8; else all.")
]
Table = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        exists=False,
        help="Kind folder: its table, a CSV in DIR; else table.csv.",
    ),
]
Workers = Annotated[
    int | None, typer.Option(min=0, max=256, help="Processes that read; else one per core.")
]


def ingest(
    kind: Kind,
    directory: Directory,
    *,
    library: LibraryAt,
    folds: Folds = None,
    table: Table = None,
    workers: Workers = None,
    weights: WeightsAt = None,
) -> None:
    """Add the ECGs in DIR to a library, which is created where there is none.

    What is committed stays: after an interruption, the same command goes on where it
    stopped. An ECG that cannot be used is named with its reason, and left out. Exit status:
    0 done, 1 the data set or the library cannot be used, 2 wrong usage.
    """
    wanted = parse_folds(folds) if folds is not None else None
    if table is not None and kind != "folder":
        raise typer.BadParameter("--table goes with the kind folder")

    from precord.cli.terminal import progress, say
    from precord.encoder import Encoder
    from precord.ingest import ingest as run
    from precord.library.sqlite import SqliteLibrary

    entries = _open(kind, directory, table).entries(wanted)
    encoder = Encoder.load(weights)
    with SqliteLibrary.create(
        library, encoder.fingerprint, encoder.precision, encoder.dim, exist_ok=True
    ) as cases:
        with progress("ingesting", len(entries)) as advance:
            n_workers = workers if workers is not None else os.cpu_count() or 1
            report = run(entries, cases, encoder, workers=n_workers, on_progress=advance)
        for refusal in report.refused:
            say(f"left out: {refusal.case_id}: {refusal.reason}")
        typer.echo(
            f"{library}: {report.added} added, {report.already_there} already there, "
            f"{len(report.refused)} left out; {len(cases)} cases"
        )


def _open(kind: str, directory: Path, table: Path | None) -> "Corpus":
    """Return the corpus that is asked for.

    Raises:
        CorpusError: The folder is not of that kind, or the table lies elsewhere.
    """
    from precord.corpora import open_corpus
    from precord.corpora.folder import FolderCorpus
    from precord.errors import CorpusError

    corpus = open_corpus(kind, directory)
    if table is None:
        return corpus
    found = table if table.is_file() else directory / table
    if found.resolve().parent != directory.resolve():
        raise CorpusError(f"{table}: the table has to lie in {directory}, beside the files")
    return FolderCorpus(found)
