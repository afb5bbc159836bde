"""What every request must pass before a route sees it, as ASGI.

- The Host header must be one of ours: a page elsewhere that rebinds its name to this
  machine sends its own.
- A write must come from our own page (Origin), or from a program that shows the key.
- Everything but the shell of the page needs the launch's key or an account: shown once in the
  opened address or at the login, from then on as a cookie that is SameSite=Strict and
  HttpOnly, or as a bearer token. Another account of this machine reaches the port, but has no key.
- What an account may do, its scope says; how often it may ask, a limit of its own.
- A body is cut off at its limit while it arrives, whatever its declared length.
- No answer may be cached, framed, sniffed, or load anything from elsewhere. There is no CORS.
"""

import math
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as AsgiScope

from precord.api.access import Access, Caller
from precord.api.account import Scope
from precord.api.archive import MAX_ARCHIVE
from precord.api.audit import ACTOR
from precord.api.language import LANGUAGE, prefer
from precord.api.problem import problem
from precord.api.upload import MAX_BYTES

MAX_UPLOAD = MAX_BYTES + 2**20  # with the form around the files
MAX_OTHER = 2**16
_UPLOADS = frozenset(
    f"/v1/{name}" for name in ("search", "cases", "read", "digitize", "digitize/picture")
)
_ARCHIVES = frozenset({"/v1/ingests"})
_OPEN = frozenset({"/v1/health", "/", "/login", "/sw.js", "/manifest.webmanifest"})
_SAFE = frozenset({"GET", "HEAD"})
_NEEDED = (  # what is not named here needs Scope.READ
    ("POST", "/v1/cases", Scope.INGEST),
    ("POST", "/v1/ingests", Scope.INGEST),
    ("DELETE", "/v1/patients/", Scope.ADMIN),
    ("POST", "/v1/backups", Scope.ADMIN),
    ("POST", "/v1/checks", Scope.ADMIN),
    ("POST", "/v1/reindexes", Scope.ADMIN),
    ("POST", "/v1/pairings", Scope.ADMIN),
)

_HOW = "open the address that `precord serve` printed, or send its key"

Refusal = tuple[int, str, dict[str, str]]

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
        "connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with "no-referrer" a form's Origin would be "null"
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(), microphone=(), usb=()",
}


class Guard:
    """The middleware that turns away what must not reach a route."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self.app = app
        self.access = access

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Answer, or hand on to the application with a limited body and guarded headers."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        guarded = _with_headers(scope["path"], send)
        headers = Headers(scope=scope)
        LANGUAGE.set(_language(scope, headers))
        shown = self._by_token(headers)
        caller = shown or self._by_cookie(headers)
        refusal = self._refuse_origin(scope, headers, has_token=shown is not None)
        refusal = refusal or self._refuse_caller(scope, caller)
        if refusal is not None:
            await problem(*refusal)(scope, receive, guarded)
            return
        scope.setdefault("state", {})["caller"] = caller
        ACTOR.set(caller.name if caller else "")
        limit = _limit(scope["path"])
        declared = headers.get("content-length", "0")
        if not declared.isdecimal() or int(declared) > limit:
            await problem(413, f"larger than {limit} bytes")(scope, receive, guarded)
            return
        limited = _Limited(receive, limit)
        try:
            await self.app(scope, limited, guarded)
        except _TooLargeError:
            await problem(413, f"larger than {limit} bytes")(scope, receive, guarded)

    def _refuse_origin(
        self, scope: AsgiScope, headers: Headers, *, has_token: bool
    ) -> Refusal | None:
        """Return status, reason and headers where the request comes from a wrong place."""
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self.access.hosts:
            return 421, "this service does not answer to that host name", {}
        if headers.get("sec-fetch-site") == "cross-site" and scope["path"] != "/":
            return 403, "a page elsewhere may not ask", {}
        if scope["method"] not in _SAFE and not self._is_own(headers, has_token):
            return 403, "a write must come from the page itself", {}
        return None

    def _refuse_caller(self, scope: AsgiScope, caller: Caller | None) -> Refusal | None:
        """Return status, reason and headers where *caller* may not ask this, or not now."""
        path = scope["path"]
        if path in _OPEN or path.startswith("/static/"):
            return None
        if caller is None:
            how = "log in, or send a token" if self.access.accounts else _HOW
            return 401, how, {}
        if not caller.scope.covers(needed := needed_scope(scope["method"], path)):
            return 403, f"this needs the scope {needed}; yours is {caller.scope}", {}
        if caller.is_limited and (seconds := self.access.limit.take(caller.name)):
            after = {"Retry-After": str(math.ceil(seconds))}
            return 429, "too many requests; wait a little", after
        return None

    def _is_own(self, headers: Headers, has_token: bool) -> bool:
        """Tell whether a write comes from our own page or from a program with the key."""
        origin = headers.get("origin")
        if origin is None:
            return has_token
        scheme = "https" if self.access.is_secure else "http"
        return origin.lower() in {f"{scheme}://{host}" for host in self.access.hosts}

    def _by_token(self, headers: Headers) -> Caller | None:
        """Return who shows the key or a token."""
        scheme, _, token = headers.get("authorization", "").partition(" ")
        return self.access.by_token(token.strip()) if scheme.lower() == "bearer" else None

    def _by_cookie(self, headers: Headers) -> Caller | None:
        """Return whose browser the request comes from."""
        try:
            cookies = SimpleCookie(headers.get("cookie", ""))
        except CookieError:
            return None
        found = cookies.get(self.access.cookie)
        return None if found is None else self.access.by_cookie(found.value)


def _language(scope: AsgiScope, headers: Headers) -> str:
    """Return the language to answer in: a stream of events in a browser can send no header."""
    told = parse_qs(scope["query_string"].decode("latin-1")).get("language", [])
    return prefer(told[-1] if told else headers.get("accept-language", ""))


def _limit(path: str) -> int:
    """Return how many bytes a body for *path* may have."""
    if path in _ARCHIVES:
        return MAX_ARCHIVE + 2**20
    return MAX_UPLOAD if path in _UPLOADS else MAX_OTHER


def needed_scope(method: str, path: str) -> Scope:
    """Return what a request must be allowed to."""
    for wanted, start, needed in _NEEDED:
        if method == wanted and (path == start or (start.endswith("/") and path.startswith(start))):
            return needed
    return Scope.READ


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
