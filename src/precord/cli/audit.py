"""`precord audit`: whether the log of who did what is as it was written."""

import typer

from precord.cli.argument import LibraryAt

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Look after the audit log.")


@app.callback()
def _audit() -> None:
    """Look after the audit log."""


@app.command()
def verify(*, library: LibraryAt) -> None:
    """Check every line of the log beside LIBRARY. Exit status: 0 whole, 1 changed or absent.

    The last hash is printed: keep it elsewhere to find out later whether lines were cut off.
    """
    from precord.api.audit import audit_path
    from precord.api.audit import verify as check

    n_lines, last = check(audit_path(library))
    typer.echo(f"{audit_path(library)}: whole, {n_lines} lines, last hash {last}")
