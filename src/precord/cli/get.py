"""`precord get`: a published data set, from its publisher into a folder."""

import re
from pathlib import Path
from typing import Annotated

import typer

# precord.fetch has them too, but imports httpx, which is slow
_URL = "https://physionet.org/files/ptb-xl/1.0.3/"
_RATES = ("500", "100", "both")

Kind = Annotated[str, typer.Argument(metavar="KIND", help="ptb-xl: the only one so far.")]
Dest = Annotated[
    Path, typer.Argument(metavar="DEST", exists=False, help="Folder; made where there is none.")
]
Rate = Annotated[
    str,
    typer.Option(
        metavar="HZ", help="Copies at 500 Hz (about 2.6 GB), at 100 Hz (0.5 GB), or both."
    ),
]
BaseUrl = Annotated[
    str,
    typer.Option(metavar="URL", help="A mirror with the same files, SHA256SUMS.txt among them."),
]
Connections = Annotated[int, typer.Option(min=1, max=16, help="Files at a time.")]


def get(
    kind: Kind,
    dest: Dest,
    *,
    rate: Rate = _RATES[0],
    base_url: BaseUrl = _URL,
    connections: Connections = 4,
) -> None:
    """Fetch a published data set into DEST, and check every file of it.

    What has arrived stays: after an interruption, the same command goes on where it stopped,
    and a file that is whole is not fetched again. A proxy is taken from HTTPS_PROXY. Exit
    status: 0 all is there and its SHA-256 is right, 1 something is missing, 2 wrong usage.
    """
    if kind != "ptb-xl":
        raise typer.BadParameter(f"{kind!r}, expected ptb-xl", param_hint="KIND")
    if rate not in _RATES:
        raise typer.BadParameter(f"--rate {rate!r}, expected {', '.join(_RATES)}")
    if not re.match(r"https?://[^/\s]", base_url):
        raise typer.BadParameter(f"--base-url {base_url!r}, expected http:// or https://")

    from precord.cli.terminal import progress, say, waiting
    from precord.fetch import Patience, Rates, fetch_all, list_ptbxl, open_client

    patience, first = Patience(), Patience(attempts=3)  # no network at all is soon seen
    with open_client(connections, patience) as client:
        with waiting("asking what there is"):
            files = list_ptbxl(client, dest, Rates(rate), base_url=base_url, patience=first)
        with progress("files", len(files)) as advance:
            done = fetch_all(
                client, files, connections=connections, patience=patience, on_progress=advance
            )
    typer.echo(f"{dest}: {done.fetched} files fetched, {done.already_there} already there")
    say(f"all SHA-256 sums are right; next: precord ingest {kind} {dest} --library lib.db")
