"""Who may come in, by what they show: the launch's key, a pairing key, a cookie, a token.

On loopback there is one key, new at each launch, and whoever has it may do everything. A
service that others reach has accounts too, and each session is one of an account's: it ends
when the account is revoked, after half a day, or at the end of the service.
"""

import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from threading import Lock
from urllib.parse import urlsplit

from precord.api.account import Account, Accounts, Scope
from precord.api.limit import Limit

SESSION_SECONDS = 12 * 3600.0
_SESSIONS = 1000
_CONSOLE, _PAIRED = "console", "paired device"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks.

    Attributes:
        is_limited: whether there is a limit to how often.
    """

    name: str
    scope: Scope
    is_limited: bool = True


@dataclass(frozen=True, slots=True)
class _Session:
    """A browser that was let in; *hash* is that of its account, empty for a paired device."""

    caller: Caller
    since: float
    hash: str = ""


class Sessions:
    """The browsers that were let in, by random names."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: OrderedDict[str, _Session] = OrderedDict()
        self._lock = Lock()

    def begin(self, caller: Caller, account: Account | None = None) -> str:
        """Let a browser in; return what its cookie holds."""
        name = secrets.token_urlsafe(24)
        with self._lock:
            self._kept[name] = _Session(caller, self._clock(), account.hash if account else "")
            while len(self._kept) > _SESSIONS:
                self._kept.popitem(last=False)
        return name

    def get(self, name: str, accounts: Accounts | None) -> Caller | None:
        """Return whose session *name* is, if it lasts and its account does."""
        with self._lock:
            found = self._kept.get(name)
        if found is None:
            return None
        is_over = self._clock() - found.since > SESSION_SECONDS
        if found.hash:
            account = accounts.all().get(found.caller.name) if accounts else None
            is_over |= account is None or account.is_over or account.hash != found.hash
        if is_over:
            self.end(name)
            return None
        return found.caller

    def end(self, name: str) -> None:
        """Forget a session."""
        with self._lock:
            self._kept.pop(name, None)


@dataclass(frozen=True, slots=True)
class Access:
    """Who may come in.

    Attributes:
        hosts: what the Host header may say, such as "127.0.0.1:8417".
        key: of this launch; stands in the address that is opened.
        session: what the console's cookie holds; made from nothing that is ever shown.
        origins: where phones of the same network reach it; none without `--lan`.
        certificate: the fingerprint of what such a phone will warn of.
        pairing: the key that lets one more device in, once.
        is_secure: whether the browser sees TLS.
        accounts: who else may come in; None on loopback.
        is_behind_proxy: whether the last X-Forwarded-For is to be believed.
        sessions: of other browsers than the console's.
        limit: of each caller's requests.
        failures: of logins that failed, by address and by name.
    """

    hosts: frozenset[str]
    key: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    session: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    origins: tuple[str, ...] = ()
    certificate: str = ""
    pairing: set[str] = field(default_factory=set, repr=False)
    is_secure: bool = False
    accounts: Accounts | None = None
    is_behind_proxy: bool = False
    sessions: Sessions = field(default_factory=Sessions, repr=False)
    limit: Limit = field(default_factory=lambda: Limit(600, 120), repr=False)
    failures: Limit = field(default_factory=lambda: Limit(2, 8), repr=False)

    @property
    def cookie(self) -> str:
        """Return the cookie's name; cookies do not know ports, so the name does."""
        host = min(self.hosts)
        return f"precord-{urlsplit(f'//{host}').port or 0}"

    def pair(self) -> list[str]:
        """Return addresses that let one more device in, once; those from before are void."""
        self.pairing.clear()
        self.pairing.add(key := secrets.token_urlsafe(16))
        return [f"{origin}/?key={key}" for origin in self.origins]

    def admit(self, key: str) -> str | None:
        """Return the session that *key* opens, or None; a pairing key is used up by it."""
        if _same(key, self.key):
            return self.session
        for one in tuple(self.pairing):
            if _same(key, one) and self._use_up(one):
                return self.sessions.begin(Caller(_PAIRED, Scope.READ))
        return None

    def _use_up(self, one: str) -> bool:
        """Tell whether nobody else was let in by this pairing key before."""
        try:
            self.pairing.remove(one)
        except KeyError:
            return False
        return True

    def by_cookie(self, value: str) -> Caller | None:
        """Return who has this cookie."""
        if _same(value, self.session):
            return Caller(_CONSOLE, Scope.ADMIN, is_limited=False)
        return self.sessions.get(value, self.accounts)

    def by_token(self, token: str) -> Caller | None:
        """Return who shows this as a bearer token."""
        if _same(token, self.key):
            return Caller(_CONSOLE, Scope.ADMIN, is_limited=False)
        found = self.accounts.by_token(token) if self.accounts else None
        return Caller(found.name, found.scope) if found else None

    def set_cookie(self, session: str) -> str:
        """Return the header that makes a browser known."""
        secure = "; Secure" if self.is_secure else ""
        return f"{self.cookie}={session}; Path=/; HttpOnly; SameSite=Strict{secure}"


def _same(given: str, expected: str) -> bool:
    """Compare in constant time, whatever characters are given."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())


def loopback_hosts(port: int) -> frozenset[str]:
    """Return what the Host header may say of a service on this machine."""
    return with_port(("127.0.0.1", "localhost", "[::1]"), port)


def with_port(names: Iterable[str], port: int) -> frozenset[str]:
    """Return *names* with *port*, as a Host header says them."""
    return frozenset(f"{name.lower()}:{port}" for name in names)
