"""`precord evaluate`: how well a fold of real ECGs finds its likes in a library."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from precord.cli.argument import LibraryAt, WeightsAt

if TYPE_CHECKING:  # these import NumPy
    from rich.progress import Progress

    from precord.evaluate.table import Tables

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


Beside = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=DIR", help="Other weights, measured in the same tables."),
]


def parse_corpora(words: list[str]) -> list[tuple[str, Path]]:
    """Return kind and folder of each corpus in *words*.

    Raises:
        typer.BadParameter: A kind without a folder.
    """
    if len(words) % 2:
        raise typer.BadParameter(f"{words[-1]!r} has no folder; give CORPUS DIR, in pairs")
    return list(zip(words[::2], map(Path, words[1::2]), strict=True))


def evaluate(  # noqa: PLR0913 - one argument per option of the command
    corpora: Corpora,
    *,
    fold: Fold,
    library: LibraryAt,
    json: Json = None,
    markdown: Markdown = None,
    plots: Plots = None,
    weights: WeightsAt = None,
    beside: Beside = None,
) -> None:
    """Measure retrieval: the queries are one fold of the data sets, the gallery the library.

    Exit status: 0 done, 1 a data set or the library cannot be used, 2 wrong usage.
    """
    wanted = parse_corpora(corpora)
    from precord.cli.terminal import bars
    from precord.encoder import Encoder
    from precord.evaluate import run
    from precord.library.sqlite import SqliteLibrary

    encoder = Encoder.load(weights)
    others = {name: Encoder.load(folder) for name, folder in _parse_beside(beside or [])}
    with SqliteLibrary.open(library, encoder=encoder) as cases, bars() as stages:
        tables = run(wanted, fold, cases, encoder, _stage(stages), others)
    kinds = " ".join(f"{kind} {kind}/" for kind, _ in wanted)  # no folder of this machine
    command = f"`precord evaluate {kinds} --fold {fold} --library {library.name}`"
    tables = replace(tables, about={"command": command, **tables.about})
    _write(tables, json=json, markdown=markdown, plots=plots)


def gates(
    corpora: Corpora,
    *,
    fold: Fold,
    library: LibraryAt,
    markdown: Markdown = None,
    weights: WeightsAt = None,
) -> None:
    """Check what must hold of any honest retrieval; fail loudly where it does not.

    Exit status: 0 every gate holds, 1 one fails or a data set cannot be used, 2 wrong usage.
    """
    wanted = parse_corpora(corpora)
    from precord.cli.terminal import bars
    from precord.encoder import Encoder
    from precord.errors import GateError
    from precord.evaluate.gates import N_STEPS, check_gates, to_markdown
    from precord.evaluate.material import read_material
    from precord.library.sqlite import SqliteLibrary

    encoder = Encoder.load(weights)
    with SqliteLibrary.open(library, encoder=encoder) as cases, bars() as stages:
        on_stage = _stage(stages)
        material = read_material(wanted, [fold], cases, encoder, on_stage)
        found = check_gates(material, encoder, on_stage("checking gates", N_STEPS))
    page = to_markdown(found)
    if markdown is not None:
        _save(markdown, page)
    else:
        typer.echo(page)
    if failed := [gate.name for gate in found if not gate.holds]:
        raise GateError(f"{len(failed)} of {len(found)} gates fail: {'; '.join(failed)}")


def _parse_beside(words: list[str]) -> list[tuple[str, Path]]:
    """Return name and folder of each of *words*."""
    pairs = [word.partition("=") for word in words]
    for name, sign, folder in pairs:
        if not (name and sign and folder):
            raise typer.BadParameter(f"{name + sign + folder!r}, expected NAME=DIR")
    return [(name, Path(folder)) for name, _, folder in pairs]


def _stage(stages: "Progress") -> "Callable[[str, int], Callable[[int], None]]":
    """Return what opens one progress bar a stage."""

    def on_stage(name: str, steps: int) -> "Callable[[int], None]":
        task = stages.add_task(name, total=steps)
        return lambda done: stages.advance(task, done)

    return on_stage


def _write(
    tables: "Tables",
    *,
    json: Path | None,
    markdown: Path | None,
    plots: Path | None,
) -> None:
    """Write the tables where they are asked for; print them where nothing is."""
    from precord.evaluate.plot import draw
    from precord.evaluate.table import describe_machine, today

    about = {**tables.about, "date": today(), "machine": describe_machine()}
    tables = replace(tables, about=about)
    drawn = draw(tables, plots) if plots is not None else []
    if json is not None:
        _save(json, tables.to_json())
    if markdown is not None:
        near = [Path(os.path.relpath(plot, markdown.parent)) for plot in drawn]
        _save(markdown, tables.to_markdown(near))
    if json is None and markdown is None:
        typer.echo(tables.to_markdown([]))


def _save(path: Path, text: str) -> None:
    """Write *text* to *path*, whose folder is made if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
