"""Tests of the library's routes: what it holds, verdicts, adding, erasing, the audit log."""

import json
from pathlib import Path

import httpx
import numpy as np
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from precord.api.audit import AuditLog, verify
from precord.api.schemas import LibraryOut
from precord.client import Client, ServiceError
from precord.errors import LibraryError
from precord.image.paper import save_record
from precord.io import write_wfdb
from precord.library.feedback import list_verdicts
from precord.library.sqlite import SqliteLibrary
from tests.api.service import HOST, heart
from tests.api.test_chores import make_zip
from tests.api.test_search import parts

OPENAPI = Path(__file__).parents[2] / "docs" / "openapi.json"


def _held(client: TestClient) -> LibraryOut:
    return LibraryOut.model_validate_json(client.get("/v1/library").content)


def test_the_library_says_what_it_holds(client: TestClient) -> None:
    """Counts as it was made; with five cases every statement is rare."""
    found = _held(client)
    counts = {statement.code: n for statement, n in found.statements}
    assert (found.cases, found.patients) == (5, 3)
    assert (counts["SR"], counts["AFIB"], counts["WPW"]) == (4, 1, 0)
    assert len(counts) == 71
    rare = {statement.code: n for statement, n in found.rare}
    assert (rare["SR"], rare["AFIB"], rare["CLBBB"]) == (3, 1, 0)  # the simulated one left out
    assert len(rare) == 71


def test_ages_are_counted_by_decade(client: TestClient, library: SqliteLibrary) -> None:
    """40 to 49 is one; an unknown age is said to be unknown."""
    with library.writing() as db:
        db.execute("UPDATE cases SET age = 39.9 + 0.1 * key WHERE key < 4")
    ages = {age.decade: age.n for age in _held(client).ages}
    assert ages == {None: 2, 40: 3}


def test_the_map_shows_each_case(client: TestClient) -> None:
    """Where it lies, what it is, and how little two directions hold."""
    found = client.get("/v1/library/map").json()
    assert {p["id"] for p in found["points"]} == {"a/1", "a/2", "a/3", "z/4", "s/1"}
    assert all(-1 <= p[axis] <= 1 for p in found["points"] for axis in "xy")
    assert 0 < found["share"] < 1
    assert found["of"] == 5
    assert len(client.get("/v1/library/map?n=2").json()["points"]) == 2
    assert next(p for p in found["points"] if p["id"] == "a/1")["superclass"] == "HYP"


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


def test_the_log_names_an_erased_patient_by_a_dead_pseudonym(
    client: TestClient, library: SqliteLibrary
) -> None:
    """Whose case was seen, and who was erased, is found by the id until then, and never after."""
    pseudonym = library.find_pseudonym("p:1")
    assert pseudonym is not None
    client.get("/v1/cases/a/1")
    client.delete("/v1/patients/p:1")
    log = library.path.with_name("audit.jsonl").read_text()
    lines = [json.loads(one) for one in log.splitlines()]
    assert [(one["action"], one["patient"]) for one in lines] == [
        ("view", pseudonym[:16]),
        ("erase patient", pseudonym[:16]),
    ]
    assert library.find_pseudonym("p:1") is None


def test_a_patient_added_after_the_question_is_known_to_it(client: TestClient, ecg: Path) -> None:
    """Whose ECG a remembered query is, is looked up at each search."""
    form = {"patient": "x:9"}
    query = client.post("/v1/search", files=parts(ecg), data=form).json()["query"]
    assert query["earlier"] == []
    facts = {"report": "Sinusrhythmus", "source": "clinician", "statements": "SR"} | form
    other = ecg.with_name("other")
    write_wfdb(heart(99), other)
    added = client.post("/v1/cases", files=parts(other.with_suffix(".hea")), data=facts).json()
    again = client.post("/v1/search", data={"query": query["id"]}).json()
    assert again["query"]["earlier"] == [added["id"]]


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
    assert "precord_cases 5.0" in lines
    assert 'precord_done_total{what="search_text"} 1.0' in lines
    timed = 'precord_request_seconds_count{method="GET",route="/v1/search",status="200"} 1.0'
    assert timed in lines


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
        bare = ecg.with_suffix(".csv")
        told = {"rate": "500", "unit": "mV", "lead_order": "standard"}
        np.savetxt(bare, heart(99).signal.T, delimiter=",")
        stated = asking.search([bare], {"k": 2}, told).query.record
        assert stated is not None
        assert (stated.format, stated.rate_hz, len(stated.leads)) == ("CSV", 500, 12)
        assert asking.search_text("vorhofflimmern").hits[0].id == "a/2"
        assert asking.case("a/1").case.source == "clinician"
        assert asking.case_ecg("z/4").mm_per_mv is None
        assert asking.case_file("a/1", "pdf").startswith(b"%PDF")
        assert asking.library().cases == 5
        assert asking.feedback(found.query.id or "", "a/1", "relevant").case == "a/1"
        head, row = asking.verdicts().splitlines()
        assert head == "time,query,case,verdict"
        assert row.endswith(",a/1,relevant")
        made = asking.draft(found.query.id or "", ["a/1", "a/3"])
        assert {c for s in made.sentences for c in s.citations} == {"query", "a/1", "a/3"}
        assert asking.report(found.query.id or "", {"k": 1}).startswith(b"%PDF")
        picture = ecg.with_suffix(".png")
        save_record(heart(7), picture)
        assert asking.digitize(picture, {"layout": "3x4+1"}).record.is_digitised
        assert asking.erase_patient("p:2") == 1
        facts = {"report": "Sinusrhythmus", "patient": "x:9", "statements": "SR"}
        added = asking.add_case([ecg, ecg.with_suffix(".dat")], "clinician", facts)
        assert asking.case(added).case.report == "Sinusrhythmus"
        assert (asking.health(), asking.ready(), asking.me().scope) == (True, True, "admin")
        with pytest.raises(ServiceError, match="404: no phone reaches"):
            asking.pair()
        assert len(asking.library_map().points) == 5
        assert "Not a medical device" in asking.model_card().markdown
        assert "precord_cases 5.0" in asking.metrics()
        assert asking.wait(asking.check()).facts == {"cases": 5}
        assert asking.wait(asking.back_up()).facts["name"]
        (ecg.parent / "no.zip").write_bytes(make_zip(ecg.parent, "none.hea,x:1,SR,,clinician\n"))
        with pytest.raises(ServiceError, match=r"none\.hea"):
            asking.wait(asking.ingest(ecg.parent / "no.zip"))
        with pytest.raises(ServiceError, match="404: the library holds no case 'none'"):
            asking.case("none")
    wrong = Client(f"http://{HOST}", "wrong", transport=transport)
    with wrong as asking, pytest.raises(ServiceError, match="401"):
        asking.library()


def test_openapi_is_what_is_committed(app: FastAPI) -> None:
    """Whoever changes the API sees it in the diff; `python tools/openapi.py` writes the file."""
    assert json.loads(OPENAPI.read_text("utf-8")) == app.openapi()
