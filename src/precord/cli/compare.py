"""`precord cross-validate` and `precord compare`: which method to keep, without asking fold 9."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from precord.cli.train import Config, require_torch, watch

Out = Annotated[
    Path, typer.Option("--out", metavar="DIR", exists=False, help="Folder of what is trained.")
]
Parts = Annotated[int, typer.Option(min=2, max=8, help="Into so many the folds are cut.")]
Runs = Annotated[
    list[Path],
    typer.Argument(metavar="DIR...", exists=False, help="Folders of cross-validations."),
]


def cross_validate(config: Config, *, out: Out, parts: Parts = 2) -> None:
    """Train CONFIG on parts of its own folds, let the other parts ask, and keep every answer.

    The validation fold takes part; no fold chooses a checkpoint. The same command goes on
    where it was stopped. Exit status: 0 done, 1 the configuration or the data cannot be
    used, 2 wrong usage.
    """
    require_torch()
    from precord.cli.terminal import bars
    from precord.evaluate import cross
    from precord.train.config import load_config

    with bars() as stages:
        found = cross.cross_validate(load_config(config), out, watch(stages), parts=parts)
    typer.echo(cross.to_markdown({out.resolve().name: found}))


def compare(runs: Runs) -> None:
    """Print what cross-validations got, and how far each differs from the first, paired.

    A difference whose interval holds 0 is none. Exit status: 0 done, 1 a folder cannot be
    read, or its queries are others, 2 wrong usage.
    """
    require_torch()
    from precord.evaluate import cross

    typer.echo(cross.to_markdown({n: cross.CrossValidated.load(r) for n, r in _name(runs)}))


def _name(runs: list[Path]) -> list[tuple[str, Path]]:
    """Return *runs* with names to tell them apart: the folder's own where no other has it."""
    names = [run.resolve().name for run in runs]
    count = Counter(names)
    return [(n if count[n] == 1 else str(run), run) for n, run in zip(names, runs, strict=True)]
