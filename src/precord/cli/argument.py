"""Arguments that several commands share, and how they are read."""

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:  # these import NumPy
    from precord.criteria import Criteria, Range
    from precord.digitize import Options
    from precord.io import Stated

Ecg = Annotated[
    Path,
    typer.Argument(
        metavar="ECG",
        exists=False,
        help="An ECG file (WFDB, DICOM, MATLAB, NumPy, HDF5, Parquet or CSV), or a picture of one.",
    ),
]
RateIs = Annotated[
    float | None,
    typer.Option("--rate", metavar="HZ", help="Sampling rate, of a file that does not say it."),
]
UnitIs = Annotated[
    str | None,
    typer.Option("--unit", metavar="UNIT", help="mV, uV, V or unknown, of a file without it."),
]
LeadOrder = Annotated[
    str | None,
    typer.Option(
        metavar="LEADS", help="Leads in the order of a file without names: standard, or I,II,-,V1."
    ),
]
Corners = Annotated[
    str | None,
    typer.Option(
        metavar="'X,Y X,Y X,Y X,Y'",
        help="Of a picture: its ECG's corners in pixels, clockwise, in one pair of quotes.",
    ),
]
PaperLayout = Annotated[
    str | None,
    typer.Option(
        "--layout", help="Of paper: 3x4, 3x4+1, 3x4+2, 3x4+3, 6x2, 6x2+1, 12x1 or cabrera."
    ),
]
PaperSpeed = Annotated[float | None, typer.Option("--speed", help="Of paper, mm/s: 25 or 50.")]
PaperGain = Annotated[
    float | None, typer.Option("--gain", help="Of paper, height of 1 mV in mm: 5, 10 or 20.")
]
Rotate = Annotated[
    int, typer.Option(help="Turn a picture clockwise first: 90, 180 or 270 degrees.")
]
PageNumber = Annotated[int | None, typer.Option("--page", help="Of a PDF or TIFF, from 1.")]
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

Age = Annotated[
    str | None, typer.Option(metavar="RANGE", help="Only patients of this age: 50-70, 50- or -70.")
]
SexIs = Annotated[str | None, typer.Option("--sex", metavar="F|M", help="Only this sex.")]
Has = Annotated[
    str | None, typer.Option(metavar="CODES", help="Only cases with all of these statements.")
]
Lacks = Annotated[
    str | None, typer.Option(metavar="CODES", help="Only cases with none of these statements.")
]
Sources = Annotated[
    str | None,
    typer.Option(
        "--source",
        metavar="LIST",
        help="Only cases so reported: clinician, machine, statements, simulated, not_stated.",
    ),
]
Where = Annotated[
    list[str] | None,
    typer.Option(metavar="CONDITION", help="Only cases measured so, as in 'qrs_ms >= 120'."),
]
Since = Annotated[
    str | None, typer.Option(metavar="DATE", help="Only recordings from this day on.")
]
Until = Annotated[str | None, typer.Option(metavar="DATE", help="Only recordings to this day.")]

T = TypeVar("T")

_AGES = re.compile(r"(\d{1,3})?-(\d{1,3})?|(\d{1,3})")
_FOLDS = re.compile(r"(\d{1,4})(?:-(\d{1,4}))?")


@contextmanager
def wrong_usage() -> Iterator[None]:
    """Turn the refusal of an option's value into wrong usage, of which the exit status is 2.

    Raises:
        typer.BadParameter: What is done inside raised a PrecordError.
    """
    from precord.errors import PrecordError

    try:
        yield
    except PrecordError as error:
        raise typer.BadParameter(str(error)) from error


def check_choice(option: str, text: str | None, choices: Collection[str]) -> None:
    """Refuse a *text* that is given and none of *choices*.

    Raises:
        typer.BadParameter: It is none of them.
    """
    if text is not None and text not in choices:
        raise typer.BadParameter(f"{option} {text!r}, expected one of {', '.join(choices)}")


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
        typer.BadParameter: A code is none of the statements.
    """
    from precord.statements import parse_statements

    with wrong_usage():
        return parse_statements(text.replace(";", ",").split(","))


def parse_stated(rate: float | None, unit: str | None, lead_order: str | None) -> "Stated":
    """Return the facts that the options state of a file of bare numbers.

    Raises:
        typer.BadParameter: An unknown unit, or a name that is none of the twelve leads.
    """
    from precord.io.stated import Stated, parse_leads, parse_unit

    with wrong_usage():
        return Stated(
            rate=rate,
            unit=parse_unit(unit) if unit else None,
            leads=parse_leads(lead_order) if lead_order else None,
        )


def parse_paper(
    *,
    corners: str | None,
    layout: str | None,
    speed: float | None,
    gain: float | None,
    rotate: int,
    page: int | None,
) -> "Options":
    """Return what the options say of a picture of paper.

    Raises:
        typer.BadParameter: The corners are not four points, or layout, speed, gain or rotation
            is none that is known.
    """
    from precord.digitize import Options

    with wrong_usage():
        return Options(_parse_corners(corners), layout, speed, gain, rotate, page)


def _parse_corners(text: str | None) -> tuple[tuple[float, float], ...] | None:
    """Return the points of a text such as "10,20 900,25 890,700 5,690"."""
    if text is None:
        return None
    try:
        points = tuple(tuple(float(v) for v in pair.split(",")) for pair in text.split())
    except ValueError:
        points = ()
    if len(points) != 4 or any(len(point) != 2 for point in points):
        raise typer.BadParameter("--corners needs four points, as in '10,20 900,25 890,700 5,690'")
    return tuple((point[0], point[1]) for point in points)


def parse_criteria(  # noqa: PLR0913 - one argument per option of the command
    *,
    age: str | None,
    sex: str | None,
    has: str | None,
    lacks: str | None,
    source: str | None,
    where: list[str] | None,
    since: str | None,
    until: str | None,
) -> "Criteria":
    """Return the criteria that the options state.

    Raises:
        typer.BadParameter: An option is not of the form that its help names, a statement or a
            measurement is unknown, or no case can meet it all.
    """
    from precord.criteria import Criteria, parse_conditions
    from precord.record import Sex
    from precord.report import Source

    with wrong_usage():
        return Criteria(
            age=_parse_ages(age) if age else None,
            sex=_parse_choice("--sex", sex, {"F": Sex.FEMALE, "M": Sex.MALE}) if sex else None,
            has=parse_codes(has or ""),
            lacks=parse_codes(lacks or ""),
            sources=frozenset(
                _parse_choice("--source", name, {s.name: s for s in Source})
                for name in (source or "").split(",")
                if name.strip()
            ),
            measured=parse_conditions(where or ()),
            since=_parse_day("--since", since) if since else None,
            until=_parse_day("--until", until) if until else None,
        )


def _parse_ages(text: str) -> "Range":
    """Return the ages of "50-70", "50-", "-70" or "50"."""
    from precord.criteria import Range

    match = _AGES.fullmatch(text.strip())
    if not match or not any(match.groups()):
        raise typer.BadParameter(f"--age {text!r}, expected years such as 50-70, 50- or -70")
    least, most, only = match.groups()
    return Range(float(only or least or 0), float(only or most or "inf"))


def _parse_choice(option: str, text: str, choices: dict[str, T]) -> T:
    """Return what *text* names among *choices*, whose keys are upper case."""
    if (name := text.strip().upper()) not in choices:
        expected = ", ".join(key if len(key) == 1 else key.lower() for key in choices)
        raise typer.BadParameter(f"{option} {text!r}, expected one of {expected}")
    return choices[name]


def _parse_day(option: str, text: str) -> date:
    """Return the day of "2026-01-31"."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{option} {text!r}, expected a day such as 2026-01-31") from None
