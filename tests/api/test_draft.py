"""Tests of the routes of report drafts."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from precord.api.schemas import DISCLAIMER
from precord.draft import LanguageModel
from precord.library.sqlite import SqliteLibrary
from tests.api.test_search import parts


@pytest.fixture
def asked(client: TestClient, ecg: Path) -> dict[str, Any]:
    """Return a draft's request for an ECG that was searched with."""
    found = client.post("/v1/search", files=parts(ecg)).json()
    return {"query": found["query"]["id"], "cases": [hit["id"] for hit in found["hits"]]}


def test_a_draft_cites_precedents(client: TestClient, asked: dict[str, Any]) -> None:
    """The measurements first; the report's HTML, names and the like are struck."""
    got = client.post("/v1/draft", json=asked | {"language": "de"})

    assert got.status_code == 200, got.text
    made = got.json()
    assert [made["is_confirmed"], made["has_model"], made["disclaimer"]] == [
        False,
        False,
        DISCLAIMER,
    ]
    assert made["sentences"][0]["citations"] == ["query"]
    rhythm = made["sentences"][1]
    assert rhythm["text"] == "Sinusrhythmus."
    assert set(rhythm["citations"]) == {"a/1", "a/3", "z/4"}
    assert {s["reason"] for s in made["struck"]} >= {"word"}
    assert not any("fett" in s["text"] for s in made["sentences"])


def test_a_draft_needs_a_query_that_is_an_ecg(client: TestClient) -> None:
    """A text has no measurements to check it with."""
    text = client.get("/v1/search", params={"text": "vorhofflimmern"}).json()["query"]["id"]
    assert client.post("/v1/draft", json={"query": text, "cases": ["a/1"]}).status_code == 404
    assert client.post("/v1/draft", json={"query": "x", "cases": ["a/1"]}).status_code == 404


@pytest.mark.parametrize(
    "change",
    [{"cases": []}, {"cases": ["no/1"]}, {"cases": ["a/1"] * 21}, {"language": "fr"}, {"x": 1}],
)
def test_a_draft_that_cannot_be_made_is_refused(
    client: TestClient, asked: dict[str, Any], change: dict[str, Any]
) -> None:
    """No case, an unknown one, too many, another language, an unknown field."""
    assert client.post("/v1/draft", json=asked | change).status_code in {404, 422}


def test_a_language_model_is_asked_only_where_there_is_one(
    client: TestClient, app: FastAPI, asked: dict[str, Any]
) -> None:
    """Without --llm it is refused; with it the draft says which model wrote it."""
    refused = client.post("/v1/draft", json=asked | {"by_model": True})
    assert refused.status_code == 422
    assert "--llm" in refused.json()["detail"]

    def say(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/models"):
            return httpx.Response(200, json={"data": [{"id": "tiny"}]})
        text = json.dumps({"sentences": [{"text": "Sinus rhythm", "sources": [1, 2, 3, 4]}]})
        return httpx.Response(200, json={"choices": [{"message": {"content": text}}]})

    model = LanguageModel("http://127.0.0.1:1/v1", transport=httpx.MockTransport(say))
    app.state.service = replace(app.state.service, language_model=model)
    made = client.post("/v1/draft", json=asked | {"by_model": True}).json()
    assert [made["written_by"], made["has_model"]] == ["tiny", True]
    assert {s["reason"] for s in made["struck"]} >= {"not cited"}  # a/2 has fibrillation


def confirmed(asked: dict[str, Any], **change: Any) -> dict[str, Any]:
    """Return a request for an export."""
    lines = [
        {"text": "Frequenz 72/min.", "citations": ["query"]},
        {"text": "Sinus rhythm.", "citations": ["a/1", "z/4"]},
        {"text": "My own words.", "citations": []},
    ]
    whole = {"query": asked["query"], "sentences": lines, "confirmed": True, "confirmed_by": "AB"}
    return whole | change


def test_an_export_says_sources_and_who_confirmed(
    client: TestClient, asked: dict[str, Any], library: SqliteLibrary
) -> None:
    """As text; the audit log gets neither words nor names."""
    got = client.post("/v1/draft/export", json=confirmed(asked, confirmed_by="Erika Muster"))

    lines = got.text.splitlines()
    assert lines[:3] == ["Frequenz 72/min. [1]", "Sinus rhythm. [2][3]", "My own words."]
    assert lines[4:8] == ["Sources:", "[1] measured on this ECG", "[2] a/1", "[3] z/4"]
    assert lines[9].startswith("Confirmed by Erika Muster, ")
    assert lines[-1] == DISCLAIMER
    assert got.headers["content-disposition"].startswith("attachment")
    log = library.path.with_name("audit.jsonl").read_text()
    assert "draft-export" in log
    assert "Muster" not in log
    assert "rhythm" not in log


@pytest.mark.parametrize(
    "change",
    [{"confirmed": False}, {"confirmed": None}, {"confirmed_by": " "}, {"sentences": []}],
)
def test_nothing_leaves_unconfirmed(
    client: TestClient, asked: dict[str, Any], change: dict[str, Any]
) -> None:
    """Without a person's yes and name, and something to confirm."""
    assert client.post("/v1/draft/export", json=confirmed(asked, **change)).status_code == 422
    bare = confirmed(asked)
    del bare["confirmed"]
    assert client.post("/v1/draft/export", json=bare).status_code == 422
