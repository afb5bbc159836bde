"""Tests of a service that others reach: accounts, login, scopes, limits, sessions."""

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from precord.api.access import Access, Caller, Sessions, loopback_hosts
from precord.api.account import Accounts, Scope
from precord.api.app import create_app
from precord.api.audit import AuditLog, verify
from precord.api.limit import Limit
from precord.api.pool import ParserPool
from precord.api.state import Service
from precord.errors import PrecordError
from precord.library.sqlite import SqliteLibrary
from precord.retrieve import Retriever
from tests.api.service import HOST
from tests.fakes import FakeEncoder

OWN = {"Origin": f"https://{HOST}"}
PASSWORD = "correct horse battery"  # noqa: S105 - of the tests


@pytest.fixture
def accounts(tmp_path: Path) -> Accounts:
    """Return an empty file of accounts."""
    return Accounts(tmp_path / "lib.db.accounts.json")


@pytest.fixture
def access(accounts: Accounts) -> Access:
    """Return who may come in from elsewhere."""
    return Access(
        loopback_hosts(8417), key="the-key", session="s", is_secure=True, accounts=accounts
    )


@pytest.fixture
def app(library: SqliteLibrary, parsers: ParserPool, access: Access) -> FastAPI:
    """Return the application that others reach."""
    encoder = FakeEncoder()
    audit = AuditLog(library.path.with_name("audit.jsonl"))
    service = Service(Retriever(library, encoder), library, parsers, audit, encoder)
    return create_app(service, access)


@pytest.fixture
def browser(app: FastAPI) -> TestClient:
    """Return a browser that was not let in yet."""
    return TestClient(app, f"https://{HOST}", headers=OWN, follow_redirects=False)


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_token_opens_what_its_scope_covers(browser: TestClient, accounts: Accounts) -> None:
    """A reader neither adds nor erases; who adds does not erase."""
    read, write, admin = (accounts.add(scope.value, scope) for scope in Scope)
    assert browser.get("/v1/library", headers=_bearer(read)).status_code == 200
    assert browser.post("/v1/cases", headers=_bearer(read)).status_code == 403
    assert browser.post("/v1/cases", headers=_bearer(write)).status_code == 422
    refused = browser.delete("/v1/patients/p:2", headers=_bearer(write))
    assert refused.status_code == 403
    assert "admin" in refused.json()["detail"]
    assert browser.delete("/v1/patients/p:2", headers=_bearer(admin)).status_code == 200
    assert browser.get("/v1/me", headers=_bearer(write)).json()["scope"] == "ingest"


def test_nothing_that_opens_is_kept(accounts: Accounts) -> None:
    """Only hashes lie in the file, which its owner alone can read."""
    token = accounts.add("machine", Scope.READ)
    accounts.add("anna", Scope.READ, password=PASSWORD)
    text = accounts.path.read_text()
    assert token not in text
    assert PASSWORD not in text
    assert "$argon2id$" in text
    assert stat.S_IMODE(accounts.path.stat().st_mode) == 0o600


@pytest.mark.parametrize("token", ["", "precord_", "wrong", "the-key2", "ü", "x" * 5000])
def test_a_wrong_token_opens_nothing(browser: TestClient, accounts: Accounts, token: str) -> None:
    """Whatever it looks like."""
    accounts.add("machine", Scope.READ)
    headers = {b"Authorization": f"Bearer {token}".encode()}
    assert browser.get("/v1/library", headers=headers).status_code == 401


def test_the_hash_of_a_token_is_no_token(browser: TestClient, accounts: Accounts) -> None:
    """Who reads the file cannot log in with it."""
    accounts.add("machine", Scope.ADMIN)
    (found,) = accounts.all().values()
    assert browser.get("/v1/library", headers=_bearer(found.hash)).status_code == 401


def test_a_person_logs_in_and_out(browser: TestClient, accounts: Accounts) -> None:
    """By name and password; the cookie is Secure and Strict, and ends with the session."""
    accounts.add("anna", Scope.READ, password=PASSWORD)
    assert browser.get("/").headers["location"] == "/login"
    assert "<form" in browser.get("/login").text
    let_in = browser.post("/login", data={"name": "anna", "password": PASSWORD})
    assert (let_in.status_code, let_in.headers["location"]) == (303, "/")
    assert {"Secure", "HttpOnly", "SameSite=Strict"} <= set(
        let_in.headers["set-cookie"].split("; ")
    )
    assert "<main" in browser.get("/").text
    assert browser.get("/v1/me").json()["name"] == "anna"
    assert browser.delete("/v1/patients/p:1").status_code == 403
    kept = dict(browser.cookies)
    browser.post("/logout")
    assert browser.get("/v1/me").status_code == 401
    browser.cookies.update(kept)
    assert browser.get("/v1/me").status_code == 401  # a stolen cookie ends with it


def test_a_token_logs_in_too(browser: TestClient, accounts: Accounts) -> None:
    """Typed where the password goes, whatever the name."""
    token = accounts.add("anna", Scope.INGEST)
    assert browser.post("/login", data={"password": token}).status_code == 303
    assert browser.get("/v1/me").json() | {"disclaimer": ""} == {
        "disclaimer": "", "name": "anna", "scope": "ingest", "can_log_out": True, "can_pair": False,
    }  # fmt: skip


def test_a_revoked_account_is_out_at_once(browser: TestClient, accounts: Accounts) -> None:
    """Its token and its sessions; another account of the same name does not revive them."""
    token = accounts.add("anna", Scope.READ)
    browser.post("/login", data={"password": token})
    assert browser.get("/v1/me").status_code == 200
    other = Accounts(accounts.path)  # as `precord token revoke` in another process
    other.revoke("anna")
    assert browser.get("/v1/me").status_code == 401
    assert browser.get("/v1/me", headers=_bearer(token)).status_code == 401
    other.add("anna", Scope.ADMIN)
    assert browser.get("/v1/me").status_code == 401


def test_guessing_is_slowed_down(browser: TestClient, accounts: Accounts) -> None:
    """After eight failures neither the right password is tried; the answer says how long."""
    accounts.add("anna", Scope.READ, password=PASSWORD)
    codes = [
        browser.post("/login", data={"name": "anna", "password": f"wrong {n}"}).status_code
        for n in range(10)
    ]
    assert codes == [401] * 8 + [429] * 2
    right = browser.post("/login", data={"name": "anna", "password": PASSWORD})
    assert right.status_code == 429
    assert int(right.headers["retry-after"]) > 0


def test_a_login_from_another_site_is_refused(browser: TestClient, accounts: Accounts) -> None:
    """So that nobody is logged in as somebody else unawares."""
    token = accounts.add("anna", Scope.READ)
    for origin in ("https://evil.example", f"http://{HOST}", "null"):
        got = browser.post("/login", data={"password": token}, headers={"Origin": origin})
        assert got.status_code == 403


def test_each_caller_has_a_limit(browser: TestClient, accounts: Accounts, access: Access) -> None:
    """One that asks too often waits; another one does not."""
    object.__setattr__(access, "limit", Limit(60, 3, clock=lambda: 0.0))
    one, other = accounts.add("one", Scope.READ), accounts.add("other", Scope.READ)
    codes = [browser.get("/v1/me", headers=_bearer(one)).status_code for _ in range(4)]
    assert codes == [200, 200, 200, 429]
    assert browser.get("/v1/me", headers=_bearer(one)).headers["retry-after"] == "1"
    assert browser.get("/v1/me", headers=_bearer(other)).status_code == 200


def test_a_paired_phone_only_reads(browser: TestClient, access: Access) -> None:
    """The QR code on a screen that others see opens no more than it must."""
    access.pairing.add("pair")
    browser.get("/", params={"key": "pair"})
    assert browser.get("/v1/me").json()["scope"] == "read"


def test_each_phone_gets_a_code_of_its_own(
    app: FastAPI, browser: TestClient, accounts: Accounts, access: Access
) -> None:
    """Who may do everything makes them; one works once, and a new one makes the last void."""
    object.__setattr__(access, "origins", ("https://192.168.1.5:8417",))
    reader, admin = accounts.add("one", Scope.READ), accounts.add("boss", Scope.ADMIN)
    assert browser.post("/v1/pairings", headers=_bearer(reader)).status_code == 403
    assert not browser.get("/v1/me", headers=_bearer(reader)).json()["can_pair"]
    assert browser.get("/v1/me", headers=_bearer(admin)).json()["can_pair"]
    made = [browser.post("/v1/pairings", headers=_bearer(admin)).json() for _ in range(2)]
    keys = [one["url"].partition("https://192.168.1.5:8417/?key=")[2] for one in made]
    assert min(map(len, keys)) >= 22  # 128 bits in base 64
    for one in made:
        assert one["qr"].startswith("data:image/svg+xml")
    codes = [
        TestClient(app, f"https://{HOST}").get("/", params={"key": key}).status_code
        for key in (keys[0], keys[1], keys[1])
    ]
    assert codes == [401, 200, 401]
    log = accounts.path.with_name("audit.jsonl").read_text()
    assert '"pair"' in log
    assert not any(key in log for key in keys)


class _SeenBefore(set[str]):
    """Keys that a thread looked at before another one took them."""

    def __iter__(self) -> Iterator[str]:
        """Return what was there at first."""
        return iter(("pair",))


def test_of_phones_that_come_at_once_one_is_let_in(access: Access) -> None:
    """Whatever two threads see, a key is used up once."""
    object.__setattr__(access, "pairing", _SeenBefore(["pair"]))
    assert [access.admit("pair") is None for _ in range(2)] == [False, True]


def test_who_did_it_is_logged(browser: TestClient, accounts: Accounts) -> None:
    """The account's name, never what was typed."""
    token = accounts.add("anna", Scope.READ)
    browser.post("/login", data={"name": token, "password": "wrong wrong wrong"})
    browser.get("/v1/search", params={"text": "sr"}, headers=_bearer(token))
    log = accounts.path.with_name("audit.jsonl")
    assert verify(log)[0] == 2
    assert '"who": "anna"' in log.read_text()
    assert token not in log.read_text()


def test_on_loopback_there_is_no_login(app: FastAPI, access: Access) -> None:
    """The printed address is the only way in."""
    object.__setattr__(access, "accounts", None)
    client = TestClient(app, f"https://{HOST}", headers=OWN)
    assert client.get("/login").status_code == 404
    assert client.post("/login", data={"password": "x"}).status_code == 404


def test_the_address_of_a_proxy_is_believed_only_behind_one(
    browser: TestClient, access: Access
) -> None:
    """Otherwise whoever guesses would choose a new address for each guess."""

    def guess(n: int) -> int:
        form, forwarded = {"password": "wrong", "name": f"n{n}"}, {"X-Forwarded-For": f"1.1.1.{n}"}
        return browser.post("/login", data=form, headers=forwarded).status_code

    assert [guess(n) for n in range(9)] == [401] * 8 + [429]
    object.__setattr__(access, "is_behind_proxy", True)
    assert guess(10) == 401


@pytest.mark.parametrize("name", ["", " ", "a\nb", "x" * 81])
def test_a_name_is_printable_and_short(accounts: Accounts, name: str) -> None:
    """It stands in a list and in the log."""
    with pytest.raises(PrecordError, match="account name"):
        accounts.add(name, Scope.READ)


def test_what_is_refused_when_adding(accounts: Accounts) -> None:
    """A short password, a name that is taken, a file that is damaged."""
    with pytest.raises(PrecordError, match="12 to 256"):
        accounts.add("anna", Scope.READ, password="short")  # noqa: S106 - of the test
    accounts.add("anna", Scope.READ, days=1)
    with pytest.raises(PrecordError, match="revoke it first"):
        accounts.add("anna", Scope.READ)
    accounts.path.write_text("[{}]")
    with pytest.raises(PrecordError, match="damaged"):
        accounts.all()


def test_an_account_ends(accounts: Accounts) -> None:
    """Its token is worth nothing afterwards."""
    token = accounts.add("anna", Scope.READ, days=1)
    assert accounts.by_token(token) is not None
    accounts.path.write_text(
        accounts.path.read_text().replace('"expires": "2', '"expires": "1')  # a thousand years ago
    )
    assert accounts.by_token(token) is None


def test_a_session_ends_by_itself() -> None:
    """After half a day, by a clock of the test's own."""
    now = [0.0]
    sessions = Sessions(clock=lambda: now[0])
    name = sessions.begin(Caller("phone", Scope.READ))
    assert sessions.get(name, None) is not None
    now[0] = 12 * 3600 + 1.0
    assert sessions.get(name, None) is None


def test_a_bucket_fills_again() -> None:
    """Sixty a minute are one a second, two at once."""
    now = [0.0]
    limit = Limit(60, 2, clock=lambda: now[0])
    assert [limit.take("a") for _ in range(3)] == [0.0, 0.0, 1.0]
    now[0] = 1.0
    assert (limit.wait("a"), limit.take("a"), limit.take("a")) == (0.0, 0.0, 1.0)
    assert limit.take("b") == 0.0
