"""`precord evaluate`: how well a fold of real ECGs finds its likes in a library."""

from pathlib import Path
from typing import Annotated

import typer

from precord.cli.argument import LibraryAt

Corpora = Annotated[
    list[str],
    typer.Argument(metavar="CORPUS DIR [CORPUS DIR]...", help="Kind and folder of each data set."),
]
Fold = Annotated[int, typer.Option(min=0, help="Its ECGs are the queries; it leaves the gallery.")]
Json = Annotated[
    Path | None, typer.Option("--json", metavar="FILE", exists=False, help="Write the tables.")
]
Markdown = Annotated[
    Path | None, typer.Option(metavar="FILE", exists=False, help="Write them to be read.")
]
Plots = Annotated[
    Path | None, typer.Option(metavar="DIR", exists=False, help="Draw them into this folder.")
]


def parse_corpora(words: list[str]) -> list[tuple[str, Path]]:
    """Return kind and folder of each corpus in *words*.

    Raises:
        typer.BadParameter: A kind without a folder.
    """
    if len(words) % 2:
        raise typer.BadParameter(f"{words[-1]!r} has no folder; give CORPUS DIR, in pairs")
    return list(zip(words[::2], map(Path, words[1::2]), strict=True))


def evaluate(
    corpora: Corpora,
    *,
    fold: Fold,
    library: LibraryAt,
    json: Json = None,
    markdown: Markdown = None,
    plots: Plots = None,
) -> None:
    """Measure retrieval: the queries are one fold of the data sets, the gallery the library.

    Exit status: 0 done, 1 a data set or the library cannot be used, 2 wrong usage.
    """
    wanted = parse_corpora(corpora)
    from precord.evaluate import run

    run(wanted, fold=fold, library=library, json=json, markdown=markdown, plots=plots)
