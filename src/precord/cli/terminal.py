"""What the commands write: answers to standard output, everything else to standard error.

Answers wrap at the terminal's width; where there is none, at 100 columns.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.status import Status
from rich.table import Table
from rich.text import Text

_WIDTH_OF_A_PIPE = 100
DISCLAIMER = "decision support, not a medical device; the clinician decides"


def output() -> Console:
    """Return the console of answers."""
    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else _WIDTH_OF_A_PIPE
    return Console(width=width, highlight=False, markup=False, emoji=False)


def say(message: str) -> None:
    """Write a line for people to standard error."""
    Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True).print(
        plain(message)
    )


def plain(text: str) -> str:
    """Return *text* on one line and without control characters, which could steer a terminal."""
    return "".join(c if c.isprintable() else "?" for c in " ".join(text.split()))


def grid(*columns: str) -> Table:
    """Return an empty table with these headings."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        table.add_column(column)
    return table


def cell(text: str, style: str = "") -> Text:
    """Return *text* as a cell that wraps, and in which brackets mean nothing."""
    return Text(plain(text), style=style, overflow="fold")


def bars() -> Progress:
    """Return progress bars on standard error; use them as a context manager."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=Console(stderr=True))


def waiting(task: str) -> Status:
    """Return a sign on standard error that *task* runs; use it as a context manager."""
    return Console(stderr=True).status(task)


@contextmanager
def progress(task: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a progress bar on standard error while the block runs.

    Yields:
        A function that moves the bar on by a number of steps.
    """
    with bars() as shown:
        number = shown.add_task(task, total=total)
        yield lambda steps: shown.advance(number, steps)
