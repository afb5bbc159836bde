"""Who may use a service that others reach: names, scopes, and hashes of what they show.

One JSON file beside the library, readable by its owner alone. A token is 32 random bytes, so
its SHA-256 is as good a secret as any slow hash of it; a password is what a person chose, and
is kept as Argon2id (RFC 9106), which `pip install 'precord[lan]'` brings.
Not supported: groups, and a person's own change of password.
"""

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from precord.errors import PrecordError

if TYPE_CHECKING:  # an extra
    from argon2 import PasswordHasher

MIN_PASSWORD, MAX_PASSWORD = 12, 256  # characters
_PREFIX = "precord_"  # by which a scanner of leaked secrets knows a token
_MISSING = "passwords need one more package: pip install 'precord[lan]'"


class Scope(StrEnum):
    """What somebody may do; each includes the ones before it."""

    READ = "read"  # search, look, judge hits
    INGEST = "ingest"  # add cases
    ADMIN = "admin"  # erase patients, back up, re-index

    def covers(self, other: "Scope") -> bool:
        """Tell whether this scope includes *other*."""
        order = list(Scope)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True, slots=True)
class Account:
    """One name that is let in.

    Attributes:
        hash: SHA-256 of a token in hexadecimal, or an encoded Argon2id hash.
        created, expires: ISO 8601 in UTC; an empty *expires* is never.
    """

    name: str
    scope: Scope
    hash: str
    created: str
    expires: str = ""

    @property
    def has_password(self) -> bool:
        """Tell whether a person chose what is shown."""
        return self.hash.startswith("$argon2")

    @property
    def is_over(self) -> bool:
        """Tell whether its time has run out."""
        return bool(self.expires) and datetime.fromisoformat(self.expires) <= datetime.now(UTC)


def accounts_path(library: Path) -> Path:
    """Return where the accounts of the library at *library* lie."""
    return library.with_name(f"{library.name}.accounts.json")


class Accounts:
    """The accounts in a file, read anew whenever it changes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[int, int] | None = None
        self._known: dict[str, Account] = {}

    def all(self) -> Mapping[str, Account]:
        """Return the accounts by name.

        Raises:
            PrecordError: The file cannot be read, or is damaged.
        """
        try:
            stat = self.path.stat()
        except FileNotFoundError:
            return {}
        if (seen := (stat.st_mtime_ns, stat.st_ino)) != self._seen:
            try:
                rows = json.loads(self.path.read_text("utf-8"))
                known = [Account(**{**row, "scope": Scope(row["scope"])}) for row in rows]
            except (OSError, ValueError, TypeError, KeyError) as error:
                raise PrecordError(f"{self.path.name}: damaged; restore or remove it") from error
            self._known, self._seen = {account.name: account for account in known}, seen
        return self._known

    def add(
        self, name: str, scope: Scope, *, password: str | None = None, days: int | None = None
    ) -> str:
        """Add an account; return its new token, or *password* where one was chosen.

        Args:
            name: by which it is listed, logged in and revoked.
            scope: what it may do.
            password: chosen by a person; without it a token is made.
            days: after which it ends.

        Raises:
            PrecordError: The name is taken or not printable, or the password too short.
        """
        if not name.strip() or not name.isprintable() or len(name) > 80:
            raise PrecordError(f"account name {name[:80]!r}, expected 1 to 80 printable characters")
        if name in self.all():
            raise PrecordError(f"account {name!r} is there already; revoke it first")
        if password is not None and not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
            raise PrecordError(f"a password needs {MIN_PASSWORD} to {MAX_PASSWORD} characters")
        secret = password or _PREFIX + secrets.token_urlsafe(32)
        hashed = _hasher().hash(secret) if password else hash_token(secret)
        now = datetime.now(UTC)
        expires = (now + timedelta(days=days)).isoformat("T", "seconds") if days else ""
        account = Account(name, scope, hashed, now.isoformat("T", "seconds"), expires)
        self._write({**self.all(), name: account})
        return secret

    def revoke(self, name: str) -> None:
        """Remove the account *name*; a running service forgets its sessions at once.

        Raises:
            PrecordError: There is none.
        """
        known = dict(self.all())
        if known.pop(name, None) is None:
            raise PrecordError(f"no account {name[:80]!r}; see `precord token list`")
        self._write(known)

    def by_token(self, token: str) -> Account | None:
        """Return the account whose token this is."""
        hashed = hash_token(token)  # compared are hashes: their timing tells nothing of tokens
        found = next((one for one in self.all().values() if one.hash == hashed), None)
        return None if found is None or found.is_over else found

    def by_password(self, name: str, password: str) -> Account | None:
        """Return the account *name* if *password* is its own; as slow for a name that is none."""
        found = self.all().get(name)
        if found is not None and found.has_password:
            return found if _verify(found.hash, password) and not found.is_over else None
        if any(one.has_password for one in self.all().values()):
            _hasher().hash(password[: MAX_PASSWORD + 1])
        return None

    def _write(self, known: Mapping[str, Account]) -> None:
        """Put *known* into the file; it is there whole or not at all."""
        new = self.path.with_name(f".{self.path.name}.{os.getpid()}.new")
        text = json.dumps([asdict(account) for account in known.values()], indent=1)
        try:
            handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(f"{text}\n")
                file.flush()
                os.fsync(file.fileno())
            new.rename(self.path)
        except OSError as error:
            raise PrecordError(f"{self.path}: cannot be written: {error.strerror}") from error
        finally:
            new.unlink(missing_ok=True)


def hash_token(token: str) -> str:
    """Return by what a token is known again."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _hasher() -> "PasswordHasher":
    """Return the hasher of passwords, with the first choice of RFC 9106 for little memory."""
    try:
        from argon2 import PasswordHasher  # noqa: PLC0415 - an extra
        from argon2.profiles import RFC_9106_LOW_MEMORY  # noqa: PLC0415
    except ImportError as error:
        raise PrecordError(_MISSING) from error
    return PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)


def _verify(hashed: str, password: str) -> bool:
    """Tell whether *password* has this hash."""
    hasher = _hasher()
    from argon2.exceptions import InvalidHashError, VerificationError  # noqa: PLC0415 - an extra

    try:
        return hasher.verify(hashed, password[: MAX_PASSWORD + 1])
    except (VerificationError, InvalidHashError):
        return False
