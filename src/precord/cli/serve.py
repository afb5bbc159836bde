"""`precord serve`: the page and the API, on this machine."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from precord.cli.argument import LibraryAt, WeightsAt

if TYPE_CHECKING:
    from precord.api.access import Access
    from precord.api.state import NewWeights
    from precord.draft import LanguageModel

Port = Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")]
Host = Annotated[str, typer.Option(help="Address to listen on; any but loopback needs TLS.")]
Name = Annotated[
    list[str] | None,
    typer.Option("--name", metavar="HOST", help="A further name by which browsers reach it."),
]
NoBrowser = Annotated[bool, typer.Option("--no-browser", help="Do not open the page.")]
BehindProxy = Annotated[
    bool, typer.Option("--behind-proxy", help="A proxy in front of it does TLS.")
]
Cert = Annotated[Path | None, typer.Option(metavar="PEM", help="TLS certificate.")]
Key = Annotated[Path | None, typer.Option(metavar="PEM", help="Key of the certificate.")]
Lan = Annotated[
    bool, typer.Option("--lan", help="Let a phone in: TLS and a QR code that works once.")
]
Llm = Annotated[
    str | None,
    typer.Option(
        metavar="URL", help="A language model to draft with, such as http://127.0.0.1:8080/v1."
    ),
]
LlmModel = Annotated[
    str, typer.Option(metavar="NAME", help="Which model of it; without, its first.")
]
LlmAnywhere = Annotated[
    bool,
    typer.Option("--llm-anywhere", help="Let it be outside this machine and private networks."),
]

NewWeightsAt = Annotated[
    Path | None,
    typer.Option(
        "--new-weights", metavar="DIR", help="Weights that an admin may re-index the library with."
    ),
]

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def serve(  # noqa: PLR0913 - one argument per option of the command
    *,
    library: LibraryAt,
    port: Port = 8417,
    host: Host = "127.0.0.1",
    name: Name = None,
    no_browser: NoBrowser = False,
    behind_proxy: BehindProxy = False,
    cert: Cert = None,
    key: Key = None,
    lan: Lan = False,
    llm: Llm = None,
    llm_model: LlmModel = "",
    llm_anywhere: LlmAnywhere = False,
    weights: WeightsAt = None,
    new_weights: NewWeightsAt = None,
) -> None:
    """Serve the page and the API from LIBRARY, and open the page.

    Nobody gets in without the key in the address that is printed, or, where others reach the
    service, an account (`precord token add`). Exit status: 0 stopped, 1 the library or the
    port cannot be used, 2 wrong usage.
    """
    if lan and host == "127.0.0.1":
        host = "0.0.0.0"  # noqa: S104 - asked for, and only with TLS
    if (cert is None) != (key is None):
        raise typer.BadParameter("give both --cert and --key")
    has_tls = cert is not None or lan
    if host not in _LOOPBACK and not has_tls and not behind_proxy:
        raise typer.BadParameter(
            f"--host {host} without TLS: give --cert and --key, --lan or --behind-proxy"
        )
    os.environ.setdefault("OMP_NUM_THREADS", "1")

    from precord.api.access import Access, loopback_hosts, with_port
    from precord.api.account import Accounts, accounts_path
    from precord.api.lan import certificate_fingerprint, make_certificate, own_address

    names = list(name or ())
    if lan:
        names.append(own_address())
    elif host not in _LOOPBACK and host != "0.0.0.0":  # noqa: S104 - compared, not bound
        names.append(host)
    hosts = loopback_hosts(port) | with_port(names, port) | frozenset(n.lower() for n in names)
    if lan and (cert is None or key is None):
        cert, key = make_certificate(library.parent, names)
    is_shared = behind_proxy or host not in _LOOPBACK
    access = Access(
        hosts,
        origins=tuple(f"https://{one}:{port}" for one in names) if lan else (),
        certificate=certificate_fingerprint(cert) if lan and cert else "",
        is_secure=has_tls or behind_proxy,
        accounts=Accounts(accounts_path(library)) if is_shared else None,
        is_behind_proxy=behind_proxy,
    )
    model = _find_model(llm, llm_model, is_anywhere=llm_anywhere)
    opened = (library, weights, new_weights, model)
    _run(opened, access, (host, port), (cert, key), no_browser)


def _find_model(url: str | None, name: str, *, is_anywhere: bool) -> "LanguageModel | None":
    """Return the language model at *url*, if any; refuse an address that may not be asked."""
    if url is None:
        return None

    from precord.draft import LanguageModel

    model = LanguageModel(url, name, is_anywhere)
    model.check_address()
    return model


def _find_new(path: Path | None, fingerprint: str) -> "NewWeights | None":
    """Return the weights to change over to, unless they are those in use already."""
    if path is None:
        return None

    from precord.api.state import NewWeights
    from precord.encoder import Encoder
    from precord.retrieve import Calibration

    encoder = Encoder.load(path, threads=1)
    if encoder.fingerprint == fingerprint:
        return None
    return NewWeights(encoder, path, Calibration.load(encoder.fingerprint, path))


def _run(
    opened: "tuple[Path, Path | None, Path | None, LanguageModel | None]",
    access: "Access",
    address: tuple[str, int],
    tls: tuple[Path | None, Path | None],
    no_browser: bool,
) -> None:
    """Open the library, say where the page is, and serve until interrupted."""
    import uvicorn

    from precord.api.app import create_app
    from precord.api.audit import AuditLog, audit_path
    from precord.api.pool import ParserPool
    from precord.api.state import Service
    from precord.cli.terminal import say
    from precord.encoder import Encoder
    from precord.library.sqlite import SqliteLibrary
    from precord.retrieve import Calibration, Retriever

    library, weights, new_weights, model = opened
    encoder = Encoder.load(weights, threads=1)  # requests share the cores; see docs/results/load.md
    with SqliteLibrary.open(library, encoder=encoder) as cases, ParserPool() as parsers:
        audit = AuditLog(audit_path(library))
        audit.write("start")
        retriever = Retriever(cases, encoder, Calibration.load(encoder.fingerprint, weights))
        service = Service(
            retriever, cases, parsers, audit, encoder, weights=weights, language_model=model
        )
        service.new_weights = _find_new(new_weights, encoder.fingerprint)
        app = create_app(service, access)
        cert, key = tls
        config = uvicorn.Config(
            app,
            host=address[0],
            port=address[1],
            log_level="warning",
            access_log=False,  # addresses hold the key, and queries may hold words on a patient
            server_header=False,
            date_header=False,
            ssl_certfile=cert,
            ssl_keyfile=key,
            timeout_keep_alive=5,
            timeout_graceful_shutdown=5,  # a stream of events may go on for as long as its job
            limit_concurrency=200,
            h11_max_incomplete_event_size=2**15,
        )
        scheme = "https" if cert else "http"
        shown = "127.0.0.1" if address[0] in {"0.0.0.0", *_LOOPBACK} else address[0]  # noqa: S104
        url = f"{scheme}://{shown}:{address[1]}/?key={access.key}"
        say(f"precord serves {library} on this machine; stop with Ctrl+C")
        typer.echo(url)
        if access.origins:
            _show_pairing(access)
        try:
            with _opened(url, is_wanted=not no_browser):
                uvicorn.Server(config).run()
        finally:
            service.close()


def _show_pairing(access: "Access") -> None:
    """Print a QR code that lets one device in, once."""
    from precord.api.lan import draw_qr
    from precord.cli.terminal import say

    for url in access.pair():
        say(f"let one phone in, once: {url}")
        typer.echo(draw_qr(url))
    say("for a further phone the page makes a new code: Library, Let a phone in")
    say(f"browsers will warn of a certificate; it must be {access.certificate}")


@contextmanager
def _opened(url: str, *, is_wanted: bool) -> Iterator[None]:
    """Open *url* by way of a file that only its owner can read, and that goes at the end.

    The command line of a browser can be read by every account of the machine.
    """
    import tempfile
    import webbrowser

    with tempfile.TemporaryDirectory(prefix="precord-") as folder:  # mode 0700
        page = Path(folder) / "open.html"
        page.write_text(f'<!doctype html><meta http-equiv="refresh" content="0;url={url}">')
        if is_wanted:
            webbrowser.open(page.as_uri())
        yield
