"""The command line: `precord COMMAND`; one module per command.

Nothing heavy is imported here or at the top of a command's module, so that `precord --help`
answers at once: NumPy, SciPy, ONNX Runtime and the rest are imported by the command that
needs them.
"""

import sys
from typing import Annotated

import typer

from precord import __version__
from precord.cli.audit import app as audit_app
from precord.cli.codes import codes
from precord.cli.compare import compare, cross_validate
from precord.cli.corpus import app as corpus_app
from precord.cli.demo import demo
from precord.cli.digitize import digitize
from precord.cli.encode import encode
from precord.cli.evaluate import evaluate, gates
from precord.cli.get import get
from precord.cli.ingest import ingest
from precord.cli.library import app as library_app
from precord.cli.render import render
from precord.cli.search import search
from precord.cli.serve import serve
from precord.cli.show import show
from precord.cli.simulate import simulate
from precord.cli.token import app as token_app
from precord.cli.train import train
from precord.errors import PrecordError

# Typer's own traceback prints local variables, which may hold a report or a patient id.
app = typer.Typer(
    name="precord",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help: faster, and square brackets stay what they are
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_COMMANDS = (
    search,
    serve,
    show,
    render,
    digitize,
    encode,
    ingest,
    get,
    demo,
    simulate,
    codes,
    train,
    evaluate,
    gates,
)
for _command in _COMMANDS:
    app.command()(_command)
app.command("cross-validate")(cross_validate)
app.command()(compare)
app.add_typer(library_app, name="library")
app.add_typer(corpus_app, name="corpus")
app.add_typer(audit_app, name="audit")
app.add_typer(token_app, name="token")


def main() -> None:
    """Run the command line.

    Exit status: 0 done, 1 something asked for cannot be done (one line on standard error
    says what and why), 2 wrong usage, 130 interrupted.
    """
    try:
        app()
    except PrecordError as error:
        _fail(str(error), 1)
    except OSError as error:  # such as a full disk or a folder that may not be written to
        _fail(f"{error.filename or 'output'}: {error.strerror or error}", 1)
    except KeyboardInterrupt:
        _fail("interrupted", 130)


def _fail(message: str, status: int) -> None:
    """Write *message* on one line, and leave."""
    typer.echo(f"precord: {' '.join(message.split())}", err=True)
    sys.exit(status)


def _print_version(is_asked: bool) -> None:
    """Print the version and leave, if asked for."""
    if is_asked:
        typer.echo(f"precord {__version__}")
        raise typer.Exit


@app.callback()
def _precord(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Find the past 12-lead ECGs most like this one, with their reports and who wrote them.

    Decision support, not a medical device; the clinician decides.
    """
