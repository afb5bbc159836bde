"""`precord demo`: the whole way from an ECG to similar cases, on simulated cases."""

import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:  # these import NumPy
    from precord.retrieve import Retriever

Out = Annotated[
    Path, typer.Option("-o", "--out", metavar="DIR", exists=False, help="Folder for its files.")
]

_TOP = 5


def demo(*, out: Out = Path("demo")) -> None:
    """Build a library of 300 simulated cases, and search it with two ECGs it does not hold.

    Needs no data and no network. Exit status: 0 done, 1 the folder cannot be written or is
    not the demonstration's own.
    """
    from precord import demo as work
    from precord.cli.terminal import progress, say
    from precord.encoder import Encoder
    from precord.library.sqlite import SqliteLibrary
    from precord.retrieve import Retriever

    work.open_folder(out)
    encoder = Encoder.load()
    with progress("simulating cases", work.N_CASES) as advance:
        entries = work.draw_cases(advance)
    with progress("building the library", len(entries)) as advance:
        library = work.build_library(out, entries, encoder, advance)
    real, query = work.copy_dicom(out), work.write_query(out)
    findings = " ".join(work.QUERY_STATEMENTS)
    with SqliteLibrary.open(library, encoder=encoder) as cases:
        retriever = Retriever(cases, encoder)
        _ask(retriever, real, "A real ECG, the DICOM inside pydicom", out / work.REAL_PICTURE)
        made = frozenset(work.QUERY_STATEMENTS)
        _ask(retriever, query, f"A simulated ECG, {findings}", out / work.PICTURE, made)
    for path in (out / work.PICTURE, out / work.REAL_PICTURE):
        say(f"picture: {path}")
    _say_what_next(library, real, query)


def _ask(
    retriever: "Retriever",
    ecg: Path,
    title: str,
    picture: Path,
    statements: frozenset[str] | None = None,
) -> None:
    """Search with *ecg*, print the answer, and draw the best match."""
    from precord.cli.answer import draw_match, print_answer
    from precord.io import read

    record = read(ecg)
    result = retriever.by_record(record, k=_TOP, statements=statements)
    print_answer(result, f"{title}: {ecg}")
    typer.echo()
    if result.hits:
        draw_match(record, f"{title}: {ecg.name}", result, retriever.library, picture)


def _say_what_next(library: Path, real: Path, query: Path) -> None:
    """Print commands that work as they stand."""
    at = ["--library", str(library)]
    typer.echo("What to type next:")
    for words in (
        ["search", str(query), *at],
        ["search", str(real), *at, "-k", "3", "--json"],
        ["search", "--text", "vorhofflimmern", *at],
        ["show", str(real), "-o", str(real.with_suffix(".png"))],
    ):
        typer.echo(f"  {shlex.join([*_program(), *words])}")
    typer.echo("Or see it all on a page, in your browser:")
    typer.echo(f"  {shlex.join([*_program(), 'serve', *at])}")


def _program() -> list[str]:
    """Return how this program was called, so that it can be called again."""
    called = Path(sys.argv[0])
    if called.name != "precord":
        return [sys.executable, "-m", "precord"]
    found = shutil.which("precord")
    is_on_path = found is not None and Path(found).resolve() == called.resolve()
    return ["precord"] if is_on_path else [sys.argv[0]]
