"""One test for each attack on the service."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from precord.api.access import Access
from precord.api.guard import HEADERS, MAX_OTHER
from precord.api.schemas import DISCLAIMER
from precord.library.sqlite import SqliteLibrary
from tests.api.service import HOST

COOKIE = {"Cookie": "precord-8417=the-session"}
OWN = {"Origin": f"http://{HOST}"}
ROUTES = [
    ("GET", "/v1/search?text=sr"),
    ("POST", "/v1/search"),
    ("GET", "/v1/cases/a/1"),
    ("GET", "/v1/cases/a/1/ecg"),
    ("GET", "/v1/queries/x/ecg"),
    ("POST", "/v1/cases"),
    ("DELETE", "/v1/patients/p:1"),
    ("POST", "/v1/feedback"),
    ("GET", "/v1/feedback"),
    ("GET", "/v1/library"),
    ("GET", "/v1/ready"),
    ("GET", "/v1/openapi.json"),
    ("GET", "/metrics"),
    ("GET", "/v1/me"),
    ("GET", "/v1/library/map"),
    ("GET", "/v1/model-card"),
    ("POST", "/v1/ingests"),
    ("POST", "/v1/backups"),
    ("POST", "/v1/checks"),
    ("POST", "/v1/reindexes"),
    ("POST", "/v1/pairings"),
    ("GET", "/v1/jobs/j"),
    ("GET", "/v1/jobs/j/events"),
    ("POST", "/v1/read"),
    ("POST", "/v1/digitize"),
    ("POST", "/v1/digitize/picture"),
    ("POST", "/v1/draft"),
    ("POST", "/v1/draft/export"),
    ("POST", "/v1/report"),
]


def test_every_route_is_in_the_table(app: FastAPI) -> None:
    """A route that is added must be added to the tests of attacks."""
    paths = {path.split("?")[0].replace("a/1", "{case_id}") for _, path in ROUTES}
    paths = {p.replace("/jobs/j", "/jobs/{job_id}") for p in paths}
    paths = {p.replace("/x/", "/{query_id}/").replace("p:1", "{patient}") for p in paths}
    assert set(app.openapi()["paths"]) - {"/v1/health"} == paths - {"/v1/openapi.json"}


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_another_account_of_this_machine_has_no_key(
    stranger: TestClient, method: str, path: str
) -> None:
    """Without the key nothing is answered, read or written."""
    got = stranger.request(method, path, headers=OWN)
    assert got.status_code == 401
    assert got.json()["disclaimer"] == DISCLAIMER


@pytest.mark.parametrize("key", ["", "the-ke", "the-key2", "THE-KEY", "ü"])
def test_a_wrong_key_gives_no_cookie(stranger: TestClient, key: str) -> None:
    """Nor does it show the page."""
    got = stranger.get("/", params={"key": key})
    assert got.status_code == 401
    assert "set-cookie" not in got.headers
    bearer = stranger.get("/v1/library", headers={b"Authorization": f"Bearer {key}".encode()})
    assert bearer.status_code == 401


def test_the_key_becomes_a_strict_cookie(stranger: TestClient) -> None:
    """What the browser keeps is not the key, and no script can read it."""
    got = stranger.get("/", params={"key": "the-key"})
    cookie = got.headers["set-cookie"]
    assert "SameSite=Strict" in cookie
    assert "HttpOnly" in cookie
    assert "the-key" not in cookie
    assert "the-key" not in got.text
    assert "<main" in stranger.get("/").text


def test_a_pairing_key_works_once(app: FastAPI, access: Access) -> None:
    """The second device with the same QR code stays outside."""
    access.pairing.add("pair")
    codes = [TestClient(app, f"http://{HOST}").get("/?key=pair").status_code for _ in range(2)]
    assert codes == [200, 401]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8417", "127.0.0.1:80", "", "x@y"])
def test_dns_rebinding_is_turned_away(client: TestClient, host: str) -> None:
    """A name that was pointed at this machine comes with its own Host, key or not."""
    assert client.get("/v1/library", headers={"Host": host} | COOKIE).status_code == 421


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", f"https://{HOST}", "http://127.0.0.1"]
)
@pytest.mark.parametrize(("method", "path"), [r for r in ROUTES if r[0] != "GET"])
def test_a_write_from_another_site_is_refused(
    stranger: TestClient, method: str, path: str, origin: str
) -> None:
    """Even where the browser sends the cookie along."""
    got = stranger.request(method, path, headers=COOKIE | {"Origin": origin})
    assert got.status_code == 403


def test_a_write_without_origin_needs_the_key(stranger: TestClient) -> None:
    """A cookie alone does not do."""
    assert stranger.post("/v1/search", headers=COOKIE).status_code == 403
    assert stranger.post("/v1/search", headers=COOKIE | OWN).status_code == 422


def test_another_site_cannot_read(stranger: TestClient) -> None:
    """There is no CORS, not even an answer to its preflight; marked requests are refused."""
    foreign = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    asked = stranger.options("/v1/search", headers=foreign)
    assert not [name for name in asked.headers if name.startswith("access-control")]
    marked = stranger.get("/v1/library", headers=COOKIE | {"Sec-Fetch-Site": "cross-site"})
    assert marked.status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "/static/../index.html",
        "/static/%2e%2e/__init__.py",
        "/static/..%2f__init__.py",
        "/static//etc/passwd",
        "/v1/cases/../../etc/passwd",
        "/v1/cases/%2e%2e%2f%2e%2e%2fetc%2fpasswd/ecg",
        "/v1/queries/..%2f..%2fx/ecg",
    ],
)
def test_no_path_leaves_its_place(client: TestClient, path: str) -> None:
    """Neither the static files nor a case's name reach another file."""
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    "name", ["../../x.hea", "..\\..\\x.hea", "/etc/passwd", ".hidden", "", "a" * 300, "a\0b", "ä/ü"]
)
def test_an_uploaded_name_stays_in_its_folder(
    client: TestClient, tmp_path: Path, name: str
) -> None:
    """Whatever its name, a part is refused for its content, and nothing is written elsewhere."""
    before = sorted(p.name for p in tmp_path.iterdir() if "audit" not in p.name)
    got = client.post("/v1/search", files=[("file", (name, b"nothing"))])
    assert got.status_code in {400, 422}
    assert sorted(p.name for p in tmp_path.iterdir() if "audit" not in p.name) == before


def test_no_header_is_injected(client: TestClient, library: SqliteLibrary) -> None:
    """The name of a download holds nothing that ends a header or its value."""
    with library.writing() as db:
        db.execute("UPDATE cases SET id = ? WHERE id = 'a/1'", ('a";X-Evil: 1;ü',))
    path = "/v1/cases/a%22;X-Evil%3A%201%3B%C3%BC/ecg?form=svg"
    assert client.get("/v1/cases/a%0D%0AX-Evil%3A%201/ecg?form=svg").status_code == 404
    got = client.get(path)
    assert got.status_code == 200
    assert "x-evil" not in got.headers
    assert set(got.headers["content-disposition"]) <= set(
        'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-;= "'
    )


def test_a_body_is_cut_off_whatever_its_declared_length(client: TestClient) -> None:
    """A stream without a length ends at its limit; a declared one is not even read."""

    def endless() -> Iterator[bytes]:
        for _ in range(100):
            yield bytes(MAX_OTHER // 10)

    assert client.post("/v1/feedback", content=endless()).status_code == 413
    assert client.post("/v1/feedback", content=bytes(MAX_OTHER + 1)).status_code == 413


def test_every_answer_carries_the_headers(client: TestClient) -> None:
    """The page may load nothing from elsewhere; the API's answers are kept nowhere."""
    for path in ("/", "/v1/library", "/v1/nowhere", "/static/main.js"):
        got = client.get(path)
        assert {name: got.headers[name] for name in HEADERS} == HEADERS
        expected = "no-cache" if path.startswith("/static") else "no-store"
        assert got.headers["cache-control"] == expected
    assert "unsafe" not in HEADERS["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/nowhere", 404),
        ("GET", "/v1/cases/none", 404),
        ("GET", "/v1/cases/none/ecg", 404),
        ("GET", "/v1/cases/a/1/ecg?layout=9x9", 422),
        ("GET", "/v1/cases/a/1/ecg?speed=nan", 422),
        ("GET", "/v1/cases/a/1/ecg?form=gif", 422),
        ("GET", "/v1/queries/none/ecg", 404),
        ("GET", "/v1/search", 422),
        ("GET", "/v1/search?text=%00", 422),
        ("GET", "/v1/search?text=sr&k=0", 422),
        ("GET", "/v1/search?text=sr&has=WRONG", 422),
        ("GET", "/v1/search?text=sr&where=qrs", 422),
        ("GET", "/v1/search?text=sr&age_min=60&age_max=50", 422),
        ("POST", "/v1/search", 422),
        ("POST", "/v1/feedback", 422),
        ("POST", "/v1/cases", 422),
        ("PUT", "/v1/search", 405),
        ("DELETE", "/v1/patients/nobody", 404),
        ("POST", "/v1/ingests", 422),
        ("GET", "/v1/jobs/none", 404),
        ("GET", "/v1/jobs/none/events", 404),
        ("GET", "/v1/library/map?n=1", 422),
    ],
)
def test_every_error_is_a_problem(client: TestClient, method: str, path: str, status: int) -> None:
    """RFC 9457 on every route, whoever noticed the error."""
    got = client.request(method, path)
    assert got.status_code == status, got.text
    assert got.headers["content-type"] == "application/problem+json"
    body = got.json()
    assert (body["status"], body["disclaimer"]) == (status, DISCLAIMER)
    assert body["detail"]


def test_no_error_names_a_folder_of_this_machine(
    client: TestClient, library: SqliteLibrary
) -> None:
    """What is wrong with the library is told without where it lies."""
    library.close()
    got = client.get("/v1/ready")
    assert got.status_code in {500, 503}
    assert str(library.path.parent) not in got.text
