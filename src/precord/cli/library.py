"""`precord library`: what a library holds, whether it is whole, copies of it, erasure."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from precord.cli.argument import LibraryAt, WeightsAt

if TYPE_CHECKING:  # it takes its time to import
    from precord.library.sqlite import SqliteLibrary

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Look after a case library.")

Copy = Annotated[Path, typer.Argument(metavar="FILE", exists=False, help="The copy.")]
Patient = Annotated[
    str, typer.Argument(metavar="PATIENT", help="The patient's id as the data set wrote it.")
]
CaseId = Annotated[str, typer.Argument(metavar="CASE", help="The case's id, as hits show it.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
KeyCopy = Annotated[
    Path | None, typer.Option("--key", metavar="FILE", help="Copy the keys as well, to FILE.")
]


@app.command()
def info(*, library: LibraryAt) -> None:
    """Print how many cases there are, where they come from, and which encoder made the vectors."""
    from precord.cli.terminal import grid, output
    from precord.library.sqlite import SqliteLibrary

    with SqliteLibrary.open(library) as cases:
        stats, meta = cases.stats(), cases.meta
    table = grid("", "")
    table.add_row("cases", str(stats.cases))
    table.add_row("patients", str(stats.patients))
    for name, n in sorted(stats.by_corpus.items()):
        table.add_row(f"from {name}", str(n))
    for source, n in sorted(stats.by_source.items()):
        table.add_row(f"report by {source}", str(n))
    table.add_row("encoder", f"{meta['encoder'][:16]}, {meta['precision']}, {meta['dim']} wide")
    table.add_row("created", f"{meta.get('created', '?')} by precord {meta.get('precord', '?')}")
    table.add_row("file", f"{library.stat().st_size / 1e6:.1f} MB")
    output().print(table)


@app.command()
def verify(*, library: LibraryAt) -> None:
    """Read the whole file, every signal and vector in it. Exit status: 0 whole, 1 damaged."""
    from precord.cli.terminal import progress
    from precord.library.check import verify as check
    from precord.library.sqlite import SqliteLibrary

    with SqliteLibrary.open(library) as cases:
        n_cases = len(cases)
        with progress("checking", n_cases) as advance:
            check(cases, advance)
    typer.echo(f"{library}: whole, {n_cases} cases")


@app.command()
def backup(to: Copy, *, library: LibraryAt, key: KeyCopy = None) -> None:
    """Copy the library to FILE, while others may use it; never the keys of the pseudonyms.

    Those are copied by --key, to another place: whoever has both can tell who is in the library.
    Keep the newest copy of the keys only. Older ones lack patients who were added, and hold the
    keys of those who were erased.
    """
    from precord.cli.terminal import say, waiting
    from precord.library.backup import back_up
    from precord.library.key import copy_keys, key_path

    with waiting("copying"):
        if key is not None:  # first, so that no patient of the copy is without one
            copy_keys(library, key)
        back_up(library, to)
    typer.echo(f"{to}: a checked copy of {library}")
    if key is None:
        say(f"keep {key_path(library)} as well, in another place: without it nothing can be added")
    else:
        typer.echo(f"{key}: its keys; keep them in another place, and no older copy of them")


@app.command()
def restore(copy: Copy, *, library: LibraryAt) -> None:
    """Put the copy FILE back as the library, which must not be there any more.

    Patients who were erased since the copy was made are erased again, if the newest key file
    lies where the library's belongs.
    """
    from precord.cli.terminal import say, waiting
    from precord.library.backup import restore as put_back
    from precord.library.key import key_path

    with waiting("copying"):
        has_key = put_back(copy, library)
    typer.echo(f"{library}: restored from {copy}")
    if not has_key:
        say(
            f"put the library's newest key back as {key_path(library)}: without it nothing can be "
            "added; then run `precord library erase-again`"
        )


@app.command()
def reindex(*, library: LibraryAt, weights: WeightsAt = None) -> None:
    """Make all vectors anew with other weights, such as those of a new version.

    Searches use the old vectors until all are made; a run that was stopped goes on where it
    was.
    """
    from precord.cli.terminal import progress
    from precord.encoder import Encoder
    from precord.library.sqlite import SqliteLibrary
    from precord.reindex import reindex as run

    with SqliteLibrary.open(library) as cases:
        n_cases = len(cases)
    encoder = Encoder.load(weights)
    with progress("re-indexing", n_cases) as advance:
        run(library, encoder, advance)
    typer.echo(f"{library}: {n_cases} cases, vectors of encoder {encoder.fingerprint[:16]}")


@app.command()
def feedback(*, library: LibraryAt) -> None:
    """Print the verdicts that people gave on hits, as CSV: time, query, case, verdict.

    Of a query there is only a hash: the same query, the same hash.
    """
    from precord.library.feedback import list_verdicts, to_csv
    from precord.library.sqlite import SqliteLibrary

    with SqliteLibrary.open(library) as cases:
        typer.echo(to_csv(list_verdicts(cases)), nl=False)


@app.command(name="erase-patient")
def erase_patient(patient: Patient, *, library: LibraryAt, yes: Yes = False) -> None:
    """Erase every case of PATIENT and the key of the pseudonym; nothing of it is left in the file.

    Copies made earlier still hold the cases, but nothing leads to them from the patient's id any
    more, unless a copy of the key file does. Exit status: 0 erased, 1 no such patient, or
    others are reading.
    """
    _erase(
        library,
        lambda cases: cases.erase_patient(patient),
        "Erase all cases of this patient?",
        yes=yes,
    )


@app.command(name="erase-again")
def erase_again(*, library: LibraryAt) -> None:
    """Erase the patients who were erased before, and whom an older copy brought back.

    The key file remembers them, by hashes of their pseudonyms. Exit status: 0, also where there
    are none; 1 no key, or others are reading.
    """
    from precord.cli.terminal import waiting
    from precord.library.sqlite import SqliteLibrary

    with SqliteLibrary.open(library) as cases, waiting("erasing"):
        n_cases = cases.erase_again()
    typer.echo(f"{library}: {n_cases} cases of patients erased before")


@app.command(name="erase-case")
def erase_case(case: CaseId, *, library: LibraryAt, yes: Yes = False) -> None:
    """Erase the one case CASE, also where nobody knows its patient.

    Copies made earlier still hold it. Exit status: 0 erased, 1 no such case, or others are
    reading.
    """
    _erase(library, lambda cases: cases.delete_case(case), "Erase this case?", yes=yes)


def _erase(
    library: Path, erase: "Callable[[SqliteLibrary], int]", question: str, *, yes: bool
) -> None:
    """Ask, erase, and say how many cases are gone."""
    from precord.cli.terminal import waiting
    from precord.errors import LibraryError
    from precord.library.sqlite import SqliteLibrary

    with SqliteLibrary.open(library) as cases:
        if not yes:
            typer.confirm(question, abort=True)
        with waiting("erasing"):
            n_cases = erase(cases)
    if not n_cases:
        raise LibraryError(f"{library}: holds no such case")
    erased = "1 case" if n_cases == 1 else f"{n_cases} cases"
    typer.echo(f"{library}: {erased} erased; copies made earlier still hold them")
