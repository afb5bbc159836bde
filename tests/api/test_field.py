"""Tests of precord.api.field: what is wrong with a request's field, in precord's own words."""

from typing import Any

import pytest
from starlette.testclient import TestClient

FILE = {"file": ("a.hea", b"x")}
WRONG = [
    ("GET", "/v1/search", {}, "query.text: is missing", "query.text: fehlt"),
    ("GET", "/v1/search?text=", {}, "query.text: expected at least 1 characters",
     "query.text: erwartet mindestens 1 Zeichen"),
    ("GET", "/v1/search?text=sr&k=0", {}, "query.k: expected at least 1",
     "query.k: erwartet mindestens 1"),
    ("GET", "/v1/search?text=sr&k=101", {}, "query.k: expected at most 100",
     "query.k: erwartet höchstens 100"),
    ("GET", "/v1/search?text=sr&k=two", {}, "query.k: expected a whole number",
     "query.k: erwartet eine ganze Zahl"),
    ("GET", "/v1/search?text=sr&age_min=old", {}, "query.age_min: expected a number",
     "query.age_min: erwartet eine Zahl"),
    ("GET", "/v1/search?text=sr&sex=x", {}, "query.sex: expected one of 'F', 'M'",
     "query.sex: erwartet eines von 'F', 'M'"),
    ("GET", "/v1/search?text=sr&since=1.2.2020", {},
     "query.since: expected a day such as 2026-01-31",
     "query.since: erwartet ein Tag wie 2026-01-31"),
    ("GET", "/v1/search?text=sr&include_simulated=maybe", {},
     "query.include_simulated: expected one of 'true', 'false'",
     "query.include_simulated: erwartet eines von 'true', 'false'"),
    ("GET", "/v1/search?text=sr&has=" + 501 * "A", {}, "query.has: expected at most 500 characters",
     "query.has: erwartet höchstens 500 Zeichen"),
    ("POST", "/v1/draft", {"json": {"query": "q", "cases": []}},
     "body.cases: expected at least 1 entries", "body.cases: erwartet mindestens 1 Einträge"),
    ("POST", "/v1/draft", {"json": {"query": "q", "cases": 21 * ["a"]}},
     "body.cases: expected at most 20 entries", "body.cases: erwartet höchstens 20 Einträge"),
    ("POST", "/v1/draft", {"json": {"query": 1, "cases": ["a"]}}, "body.query: expected a text",
     "body.query: erwartet ein Text"),
    ("POST", "/v1/draft", {"json": {"query": "q", "cases": "a"}}, "body.cases: expected a list",
     "body.cases: erwartet eine Liste"),
    ("POST", "/v1/draft", {"json": []}, "body: expected an object with fields",
     "body: erwartet ein Objekt mit Feldern"),
    ("POST", "/v1/draft", {"content": b"{", "headers": {"Content-Type": "application/json"}},
     "body.1: no valid JSON", "body.1: kein gültiges JSON"),
    ("POST", "/v1/digitize", {"data": {"file": "text"}}, "body.file: expected a file",
     "body.file: erwartet eine Datei"),
    ("POST", "/v1/digitize", {"files": FILE, "data": {"page": "0"}},
     "body.page: expected at least 1", "body.page: erwartet mindestens 1"),
    ("POST", "/v1/feedback", {"json": {"query": "q", "case": "a/1", "verdict": "good"}},
     "body.verdict: expected one of 'relevant', 'not relevant'",
     "body.verdict: erwartet eines von 'relevant', 'not relevant'"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "what", "english", "german"), WRONG)
def test_a_wrong_field_is_named(
    client: TestClient, method: str, path: str, what: dict[str, Any], english: str, german: str
) -> None:
    """With what was expected, in the language of whoever asks."""
    got = client.request(method, path, **what)
    assert got.status_code == 422, got.text
    assert got.json()["detail"] == english
    headers = what.get("headers", {}) | {"Accept-Language": "de"}
    again = client.request(method, path, **(what | {"headers": headers}))
    assert again.json()["detail"] == german
