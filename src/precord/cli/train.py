"""`precord train`: train an encoder from a configuration file."""

from importlib.util import find_spec
from os import environ
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from precord.cli.terminal import bars
from precord.errors import ModelError

if TYPE_CHECKING:  # these import PyTorch
    from rich.progress import Progress

    from precord.train.loop import Progress as Pass
    from precord.train.run import Watch

Config = Annotated[
    Path, typer.Argument(metavar="CONFIG", exists=False, help="Python file that defines CONFIG.")
]
Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", exists=False, help="Folder of checkpoints and weights."),
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on where the run in --out stopped.")]


def train(config: Config, *, out: Out = None, resume: Resume = False) -> None:
    """Train an encoder as CONFIG says; needs PyTorch (`pip install 'precord[train]'`).

    Checkpoints go to --out, which is runs/NAME without it, and the weights to its folder
    `weights`. Exit status: 0 done, 1 the configuration or the data cannot be used, 2 wrong
    usage.
    """
    require_torch()
    from precord.train.config import load_config
    from precord.train.run import train as run

    wanted = load_config(config)
    folder = out if out is not None else Path("runs") / config.stem
    with bars() as stages:
        state = run(wanted, folder, watch(stages), resume=resume)
    if environ.get("RANK", "0") == "0":  # under torchrun one process speaks for all
        typer.echo(f"{folder / 'weights'}: best pass {state.best_pass} of {state.passes_done}")


def require_torch() -> None:
    """Refuse in words where PyTorch is not installed."""
    if find_spec("torch") is None:
        raise ModelError("training needs PyTorch; install it with: pip install 'precord[train]'")


def watch(stages: "Progress") -> "Watch":
    """Return what turns a run's news into progress bars and lines."""
    from precord.train.run import Watch

    def on_stage(name: str, steps: int) -> None:
        stages.add_task(name, total=steps)

    def on_step(steps: int) -> None:
        stages.advance(stages.task_ids[-1], steps)

    def on_pass(news: "Pass") -> None:
        line = f"pass {news.number}: loss {news.loss:.4f}, {news.seconds:.0f} s"
        if news.validation is not None:
            line += f", class share {news.validation.class_share:.3f}"
            line += f", weighted Jaccard {news.validation.weighted_jaccard:.3f}"
            line += f", non-NORM {news.validation.others:.3f}"
        stages.console.print(line, markup=False, highlight=False)

    return Watch(on_stage, on_step, on_pass)
