"""What every request must pass before a route sees it, as ASGI.

- The Host header must be one of ours: a page elsewhere that rebinds its name to this
  machine sends its own.
- A write must come from our own page (Origin), or from a program that shows the key.
- Everything but the shell of the page needs the launch's key: shown once in the opened
  address, from then on as a cookie that is SameSite=Strict and HttpOnly, or as a bearer
  token. Another account of this machine reaches the port, but has no key.
- A body is cut off at its limit while it arrives, whatever its declared length.
- No answer may be cached, framed, sniffed, or load anything from elsewhere. There is no CORS.
"""

import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from precord.api.problem import problem
from precord.api.upload import MAX_BYTES

MAX_UPLOAD = MAX_BYTES + 2**20  # with the form around the files
MAX_OTHER = 2**16
_UPLOADS = frozenset({"/v1/search", "/v1/cases"})
_OPEN = frozenset({"/v1/health", "/", "/sw.js", "/manifest.webmanifest"})
_SAFE = frozenset({"GET", "HEAD"})

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
        "connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(), microphone=(), usb=()",
}


@dataclass(frozen=True, slots=True)
class Access:
    """Who may come in.

    Attributes:
        hosts: what the Host header may say, such as "127.0.0.1:8417".
        key: of this launch; stands in the address that is opened.
        session: what the cookie holds; made from nothing that is ever shown.
        pairing: keys that let one more device in, each once.
        is_secure: whether the browser sees TLS.
    """

    hosts: frozenset[str]
    key: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    session: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    pairing: set[str] = field(default_factory=set, repr=False)
    is_secure: bool = False

    @property
    def cookie(self) -> str:
        """Return the cookie's name; cookies do not know ports, so the name does."""
        host = min(self.hosts)
        return f"precord-{urlsplit(f'//{host}').port or 0}"

    def takes(self, key: str) -> bool:
        """Tell whether *key* lets in; a pairing key is used up by it."""
        if hmac.compare_digest(key.encode(), self.key.encode()):
            return True
        for one in tuple(self.pairing):
            if hmac.compare_digest(key.encode(), one.encode()):
                self.pairing.discard(one)
                return True
        return False

    def set_cookie(self) -> str:
        """Return the header that makes a browser known."""
        secure = "; Secure" if self.is_secure else ""
        return f"{self.cookie}={self.session}; Path=/; HttpOnly; SameSite=Strict{secure}"


class Guard:
    """The middleware that turns away what must not reach a route."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self.app = app
        self.access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand on to the application with a limited body and guarded headers."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        guarded = _with_headers(scope["path"], send)
        headers = Headers(scope=scope)
        refusal = self._refuse(scope, headers)
        if refusal is not None:
            await problem(*refusal)(scope, receive, guarded)
            return
        limit = MAX_UPLOAD if scope["path"] in _UPLOADS else MAX_OTHER
        declared = headers.get("content-length", "0")
        if not declared.isdecimal() or int(declared) > limit:
            await problem(413, f"larger than {limit} bytes")(scope, receive, guarded)
            return
        limited = _Limited(receive, limit)
        try:
            await self.app(scope, limited, guarded)
        except _TooLargeError:
            await problem(413, f"larger than {limit} bytes")(scope, receive, guarded)

    def _refuse(self, scope: Scope, headers: Headers) -> tuple[int, str] | None:
        """Return status and reason where the request must not go on."""
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self.access.hosts:
            return 421, "this service does not answer to that host name"
        if headers.get("sec-fetch-site") == "cross-site" and scope["path"] != "/":
            return 403, "a page elsewhere may not ask"
        has_token = self._has_token(headers)
        if scope["method"] not in _SAFE and not self._is_own(headers, has_token):
            return 403, "a write must come from the page itself"
        path = scope["path"]
        if path in _OPEN or path.startswith("/static/"):
            return None
        if not has_token and not self._has_cookie(headers):
            return 401, "open the address that `precord serve` printed, or send its key"
        return None

    def _is_own(self, headers: Headers, has_token: bool) -> bool:
        """Tell whether a write comes from our own page or from a program with the key."""
        origin = headers.get("origin")
        if origin is None:
            return has_token
        scheme = "https" if self.access.is_secure else "http"
        return origin.lower() in {f"{scheme}://{host}" for host in self.access.hosts}

    def _has_token(self, headers: Headers) -> bool:
        """Tell whether the request shows the key as a bearer token."""
        scheme, _, token = headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and _same(token.strip(), self.access.key)

    def _has_cookie(self, headers: Headers) -> bool:
        """Tell whether the request comes from a browser that was let in."""
        try:
            cookies = SimpleCookie(headers.get("cookie", ""))
        except CookieError:
            return False
        found = cookies.get(self.access.cookie)
        return found is not None and _same(found.value, self.access.session)


class _TooLargeError(HTTPException):
    """A body went on beyond its limit; FastAPI lets errors of this kind pass as they are."""


class _Limited:
    """A receiver that counts the bytes of a body."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self.receive = receive
        self.left = self.limit = limit

    async def __call__(self) -> Message:
        """Return the next message; refuse the one that goes beyond the limit."""
        message = await self.receive()
        if message["type"] == "http.request":
            self.left -= len(message.get("body", b""))
            if self.left < 0:
                raise _TooLargeError(413, f"larger than {self.limit} bytes")
        return message


def _with_headers(path: str, send: Send) -> Send:
    """Return a sender that adds what every answer carries."""

    async def sender(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
            if not path.startswith("/static/"):
                headers["Cache-Control"] = "no-store"
            else:
                headers["Cache-Control"] = "no-cache"
        await send(message)

    return sender


def _same(given: str, expected: str) -> bool:
    """Compare in constant time, whatever characters are given."""
    return hmac.compare_digest(given.encode(), expected.encode())


def loopback_hosts(port: int) -> frozenset[str]:
    """Return what the Host header may say of a service on this machine."""
    return with_port(("127.0.0.1", "localhost", "[::1]"), port)


def with_port(names: Iterable[str], port: int) -> frozenset[str]:
    """Return *names* with *port*, as a Host header says them."""
    return frozenset(f"{name.lower()}:{port}" for name in names)
