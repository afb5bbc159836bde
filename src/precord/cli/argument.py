"""Arguments that several commands share, and how they are read."""

import re
from pathlib import Path
from typing import Annotated

import typer

Ecg = Annotated[
    Path, typer.Argument(metavar="ECG", exists=False, help="An ECG file: WFDB or DICOM.")
]
LibraryAt = Annotated[
    Path, typer.Option("--library", metavar="FILE", exists=False, help="The case library.")
]
WeightsAt = Annotated[
    Path | None,
    typer.Option(
        "--weights",
        metavar="DIR",
        envvar="PRECORD_WEIGHTS",
        exists=False,
        help="Weights that `precord train` wrote, in place of those that ship.",
    ),
]

_FOLDS = re.compile(r"(\d{1,4})(?:-(\d{1,4}))?")


def parse_folds(text: str) -> tuple[int, ...]:
    """Return the folds that *text* names, such as "1-8" or "1,3,9", in ascending order.

    Raises:
        typer.BadParameter: *text* is no such list.
    """
    folds: set[int] = set()
    for part in text.split(","):
        match = _FOLDS.fullmatch(part.strip())
        if not match or int(match[1]) > int(match[2] or match[1]):
            raise typer.BadParameter(f"{text!r}, expected folds such as 1-8 or 1,3,9")
        folds.update(range(int(match[1]), int(match[2] or match[1]) + 1))
    return tuple(sorted(folds))


def parse_codes(text: str) -> frozenset[str]:
    """Return the SCP-ECG codes of a list such as "CLBBB,SR".

    Raises:
        CorpusError: A code is none of the statements.
    """
    from precord.statements import parse_statements

    return parse_statements(text.replace(";", ",").split(","))
