"""Tests of the library's routes: what it holds, verdicts, adding, erasing, the audit log."""

import json
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from precord.api.audit import AuditLog, verify
from precord.api.schemas import LibraryOut
from precord.client import Client, ServiceError
from precord.errors import LibraryError
from precord.library.feedback import list_verdicts
from precord.library.sqlite import SqliteLibrary
from tests.api.service import HOST
from tests.api.test_search import parts

OPENAPI = Path(__file__).parents[2] / "docs" / "openapi.json"


def test_the_library_says_what_it_holds(client: TestClient) -> None:
    """Counts as it was made; with five cases every statement is rare."""
    found = LibraryOut.model_validate_json(client.get("/v1/library").content)
    counts = {statement.code: n for statement, n in found.statements}
    assert (found.cases, found.patients) == (5, 3)
    assert (counts["SR"], counts["AFIB"], counts["WPW"]) == (4, 1, 0)
    assert len(counts) == 71


def test_a_verdict_is_kept_and_replaced(
    client: TestClient, library: SqliteLibrary, ecg: Path
) -> None:
    """The last verdict on a hit counts; it goes when its patient is erased."""
    query = client.post("/v1/search", files=parts(ecg)).json()["query"]["id"]
    for verdict in ("relevant", "not relevant"):
        given = {"query": query, "case": "a/2", "verdict": verdict}
        assert client.post("/v1/feedback", json=given).status_code == 200
    assert [(v.case, v.verdict) for v in list_verdicts(library)] == [("a/2", "not relevant")]

    assert client.delete("/v1/patients/p:1").json()["cases"] == 2
    assert list_verdicts(library) == []
    assert client.get("/v1/cases/a/1").status_code == 404
    assert client.get(f"/v1/queries/{query}/ecg").status_code == 404  # forgotten, too


def test_a_case_can_be_added_and_found(client: TestClient, ecg: Path) -> None:
    """An added ECG is known again when it is asked about."""
    form = {"patient": "x:9", "report": "Sinusrhythmus", "source": "clinician", "statements": "SR"}
    added = client.post("/v1/cases", files=parts(ecg), data=form)
    assert added.status_code == 201, added.text
    answer = client.post("/v1/search", files=parts(ecg)).json()
    assert answer["query"]["earlier"] == [added.json()["id"]]


def test_a_report_needs_an_author(client: TestClient, ecg: Path) -> None:
    """Who wrote it is never guessed."""
    got = client.post("/v1/cases", files=parts(ecg), data={"report": "Sinusrhythmus"})
    assert got.status_code == 422
    assert "source" in got.json()["detail"]


def test_metrics_count(client: TestClient) -> None:
    """One search, one count, in Prometheus' text format."""
    client.get("/v1/search", params={"text": "vorhofflimmern"})
    lines = client.get("/metrics").text.splitlines()
    assert "precord_cases 5" in lines
    assert 'precord_done_total{what="search_text"} 1' in lines


@pytest.mark.parametrize("damage", ["change", "drop", "swap", "insert"])
def test_a_changed_log_is_found_out(tmp_path: Path, damage: str) -> None:
    """Whatever is done to a line in the middle breaks the chain there."""
    path = tmp_path / "log"
    log = AuditLog(path)
    for number in range(5):
        log.write("view", case=f"a/{number}")
    assert verify(path)[0] == 5
    lines = path.read_text().splitlines()
    match damage:
        case "change":
            lines[2] = lines[2].replace("a/2", "a/9")
        case "drop":
            del lines[2]
        case "swap":
            lines[2], lines[3] = lines[3], lines[2]
        case "insert":
            lines.insert(2, json.dumps({"action": "view", "hash": "0" * 64}))
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(LibraryError, match="line 3"):
        verify(path)


def test_the_client_speaks_to_the_service(client: TestClient, ecg: Path) -> None:
    """Every method of `precord.client` gets its answer; a refusal is one line."""

    def hand_over(request: httpx.Request) -> httpx.Response:
        got = client.request(
            request.method, str(request.url), content=request.read(), headers=dict(request.headers)
        )
        return httpx.Response(got.status_code, headers=dict(got.headers), content=got.content)

    transport = httpx.MockTransport(hand_over)
    with Client(f"http://{HOST}", "the-key", transport=transport) as asking:
        found = asking.search([ecg, ecg.with_suffix(".dat")], {"k": 2})
        assert len(found.hits) == 2
        assert asking.search_text("vorhofflimmern").hits[0].id == "a/2"
        assert asking.case("a/1").case.source == "clinician"
        assert asking.case_ecg("z/4").mm_per_mv is None
        assert asking.case_file("a/1", "pdf").startswith(b"%PDF")
        assert asking.library().cases == 5
        assert asking.feedback(found.query.id or "", "a/1", "relevant").case == "a/1"
        assert asking.erase_patient("p:2") == 1
        with pytest.raises(ServiceError, match="404: the library holds no case 'none'"):
            asking.case("none")
    wrong = Client(f"http://{HOST}", "wrong", transport=transport)
    with wrong as asking, pytest.raises(ServiceError, match="401"):
        asking.library()


def test_openapi_is_what_is_committed(app: FastAPI) -> None:
    """Whoever changes the API sees it in the diff; `python tools/openapi.py` writes the file."""
    assert json.loads(OPENAPI.read_text("utf-8")) == app.openapi()
