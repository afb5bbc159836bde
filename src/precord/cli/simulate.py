"""`precord simulate`: ECGs with chosen findings, as WFDB files with fitting reports."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:  # these import NumPy
    import numpy as np

    from precord.record import Sex
    from precord.simulate import Simulated

Codes = Annotated[
    str | None,
    typer.Option("--statement", metavar="CODES", help="Such as CLBBB,SR; else drawn by chance."),
]
Age = Annotated[float | None, typer.Option(min=18, max=110, help="In years.")]
SexName = Annotated[str | None, typer.Option("--sex", help="F or M.")]
Count = Annotated[int, typer.Option("-n", "--number", min=1, max=100_000, help="So many ECGs.")]
FaultName = Annotated[
    str | None,
    typer.Option(metavar="FAULT", help="lost, clipped, or cables exchanged, such as RA-LA, V1-V2."),
]
Seed = Annotated[int, typer.Option(min=0, help="The same seed gives the same ECGs.")]
Out = Annotated[
    Path, typer.Option("-o", "--out", metavar="DIR", exists=False, help="Folder for the files.")
]


def simulate(
    *,
    out: Out,
    statement: Codes = None,
    age: Age = None,
    sex: SexName = None,
    number: Count = 1,
    seed: Seed = 1,
    fault: FaultName = None,
) -> None:
    """Write simulated ECGs (WFDB) with their reports (.txt, English and German).

    A file that is there already under the same name is replaced. Exit status: 0 done,
    1 the findings cannot be simulated or a file not written, 2 wrong usage.
    """
    import numpy as np

    from precord.cli.argument import parse_codes
    from precord.cli.terminal import progress, say

    codes = parse_codes(statement) if statement is not None else None
    who = _parse_sex(sex)
    out.mkdir(parents=True, exist_ok=True)
    with progress("simulating", number) as advance:
        for n, rng in enumerate(np.random.default_rng(seed).spawn(number), start=1):
            made = _draw(codes, rng, age, who)
            _write(made if fault is None else _spoil(made, fault, rng), out, n, fault)
            advance(1)
    say(f"{number} simulated ECGs in {out}")


def _parse_sex(text: str | None) -> "Sex | None":
    """Return the sex that *text* names."""
    from precord.record import Sex

    if text is None:
        return None
    if text.upper() not in {sex.value for sex in Sex}:
        raise typer.BadParameter(f"--sex {text!r}, expected F or M")
    return Sex(text.upper())


def _draw(
    codes: frozenset[str] | None, rng: "np.random.Generator", age: float | None, sex: "Sex | None"
) -> "Simulated":
    """Return one simulated ECG with *codes*, or with findings drawn by chance."""
    from precord.simulate import draw_statements, simulate

    return simulate(draw_statements(rng) if codes is None else codes, rng, age=age, sex=sex)


def _spoil(made: "Simulated", fault: str, rng: "np.random.Generator") -> "Simulated":
    """Return *made* with a recording that has *fault*; heart and report are the same."""
    from dataclasses import replace

    from precord.simulate import spoil

    return replace(made, record=spoil(made.record, fault, rng))


def _write(simulated: "Simulated", out: Path, number: int, fault: str | None) -> None:
    """Write signal and reports; header and text say that no heart made them."""
    from precord.io import write_wfdb

    stem = out / f"simulated-{number:05d}"
    mark = f"SIMULATED by precord; statements: {', '.join(sorted(simulated.statements))}"
    mark += "" if fault is None else f"; fault of the recording: {fault}"
    with write_wfdb(simulated.record, stem).open("a", encoding="ascii") as header:
        header.write(f"#{mark}\n")
    lines = [mark, *(f"{language}: {text}" for language, text in simulated.reports.items())]
    stem.with_suffix(".txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
