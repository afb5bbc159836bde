"""`precord token`: who may use a service that others reach."""

from typing import Annotated

import typer

from precord.api.account import Scope
from precord.cli.argument import LibraryAt

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Let others use `precord serve`."
)

Name = Annotated[str, typer.Argument(help="By which it is listed and revoked; the login's name.")]
ScopeOf = Annotated[
    Scope, typer.Option("--scope", help="read; ingest adds cases; admin erases and backs up.")
]
Password = Annotated[
    bool, typer.Option("--password", help="Ask for a password that a person chose.")
]
Days = Annotated[int | None, typer.Option(min=1, max=3650, help="After which it ends.")]


@app.command()
def add(
    name: Name,
    *,
    library: LibraryAt,
    scope: ScopeOf = Scope.READ,
    password: Password = False,
    days: Days = None,
) -> None:
    """Let NAME in: print a new token once, or take a password for the login page.

    Kept is a hash alone, beside LIBRARY. A service that runs knows it at once.
    """
    from precord.api.account import Accounts, accounts_path
    from precord.cli.terminal import say

    chosen = None
    if password:
        chosen = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    secret = Accounts(accounts_path(library)).add(name, scope, password=chosen, days=days)
    if chosen is None:
        typer.echo(secret)
        say("shown once; send it as a bearer token, or log in with it")
    else:
        typer.echo(f"{name}: may log in, scope {scope.value}")


@app.command(name="list")
def list_accounts(*, library: LibraryAt) -> None:
    """Print who is let in, with scope, kind, and until when; never what they show."""
    from precord.api.account import Accounts, accounts_path
    from precord.cli.terminal import grid, output

    table = grid("name", "scope", "by", "created", "ends")
    for account in Accounts(accounts_path(library)).all().values():
        kind = "password" if account.has_password else "token"
        ends = f"{account.expires or 'never'}{' (over)' if account.is_over else ''}"
        table.add_row(account.name, account.scope.value, kind, account.created, ends)
    output().print(table)


@app.command()
def revoke(name: Name, *, library: LibraryAt) -> None:
    """Let NAME in no longer; its sessions end at once. Exit status: 0 done, 1 no such name."""
    from precord.api.account import Accounts, accounts_path

    Accounts(accounts_path(library)).revoke(name)
    typer.echo(f"{name}: revoked")
