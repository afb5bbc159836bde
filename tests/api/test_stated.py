"""Tests of stating what an uploaded file of bare numbers leaves out. The truth is the record."""

import io
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from precord.api.schemas_admin import JobOut
from precord.library.sqlite import SqliteLibrary
from tests.api.service import heart
from tests.api.test_chores import follow, pack

STATED = {"rate": "500", "unit": "mV", "lead_order": "standard"}
ALL = ["rate", "unit", "lead_order"]


@pytest.fixture(scope="module")
def bare() -> bytes:
    """Return an ECG as a CSV file of nothing but numbers, mV."""
    made = io.StringIO()
    np.savetxt(made, heart(99).signal.T, delimiter=",", fmt="%.4f")
    return made.getvalue().encode()


@pytest.fixture(scope="module")
def array() -> bytes:
    """Return the same as a NumPy file."""
    made = io.BytesIO()
    np.save(made, heart(99).signal)
    return made.getvalue()


@pytest.mark.parametrize("route", ["/v1/search", "/v1/read"])
def test_what_is_missing_is_named(client: TestClient, bare: bytes, route: str) -> None:
    """As fields to fill in, and in a sentence that names no option of the command line."""
    files = {"file": ("bare.csv", bare)}
    got = client.post(route, files=files)
    assert got.status_code == 422
    assert got.json()["missing"] == ALL
    assert got.json()["detail"].startswith(
        "bare.csv: the CSV file does not say its sampling rate, unit, order of the leads; state it"
    )
    one_left = client.post(route, files=files, data=STATED | {"unit": ""})
    assert one_left.json()["missing"] == ["unit"]


def test_no_other_error_asks_for_anything(client: TestClient, bare: bytes) -> None:
    """What is wrong and what is stated at the wrong place are refused without fields to fill in."""
    files = {"file": ("bare.csv", bare)}
    wrong: list[dict[str, Any]] = [
        {"files": files, "data": STATED | {"unit": "inch"}},
        {"files": files, "data": STATED | {"lead_order": "I,II"}},
        {"files": files, "data": STATED | {"rate": "-5"}},
        {"files": files, "data": STATED | {"rate": "often"}},
        {"data": {"case": "a/1"} | STATED},
    ]
    for sent in wrong:
        got = client.post("/v1/search", **sent)
        assert got.status_code == 422, got.text
        assert "missing" not in got.json(), got.text


def test_events_name_what_is_missing_too(client: TestClient, bare: bytes) -> None:
    """A page that follows the reading gets the same problem."""
    headers = {"Accept": "text/event-stream"}
    got = client.post("/v1/read", files={"file": ("bare.csv", bare)}, headers=headers)
    assert '"missing": ["rate", "unit", "lead_order"]' in got.text


@pytest.mark.parametrize("name", ["bare.csv", "array.npy"])
def test_with_all_stated_it_is_the_record(
    app: FastAPI, client: TestClient, bare: bytes, array: bytes, name: str
) -> None:
    """Its millivolts, its rate, its leads in their order; and the answer says what was stated."""
    files = {"file": (name, bare if name.endswith("csv") else array)}
    got = client.post("/v1/read", files=files, data=STATED)
    assert got.status_code == 200, got.text
    assert "Stated, not read from the file: rate, unit, leads." in got.json()["record"]["notes"]
    record = app.state.service.queries.record(got.json()["query"])
    truth = heart(99)
    np.testing.assert_allclose(record.signal, truth.signal, atol=1e-4)
    assert (record.rate, record.leads) == (truth.rate, truth.leads)

    micro = client.post("/v1/read", files=files, data=STATED | {"unit": "uV"})
    small = app.state.service.queries.record(micro.json()["query"])
    np.testing.assert_allclose(small.signal, truth.signal / 1000, atol=1e-4)


def test_a_case_is_added_with_what_is_stated(
    client: TestClient, library: SqliteLibrary, bare: bytes
) -> None:
    """One case by its form, and one of a zip by the columns of its table."""
    files, facts = {"file": ("bare.csv", bare)}, {"source": "clinician", "report": "Sinusrhythmus"}
    refused = client.post("/v1/cases", files=files, data=facts)
    assert refused.json()["missing"] == ALL
    got = client.post("/v1/cases", files=files, data=facts | STATED)
    assert got.status_code == 201, got.text
    record = library.case(got.json()["id"], with_record=True).record
    assert record is not None
    np.testing.assert_allclose(record.signal, heart(99).signal, atol=1e-3)

    head = "file,patient,statements,report,source,rate,unit,leads\n"
    table = f"{head}bare.csv,x:9,SR,Sinusrhythmus,clinician,250,mV,standard\n".encode()
    data = pack({"bare.csv": bare, "table.csv": table})
    job = client.post("/v1/ingests", files={"file": ("a.zip", data)})
    last = follow(client, JobOut.model_validate_json(job.content))[-1]
    assert last.facts["added"] == 1, last
    found = [library.case(i, with_record=True).record for i in library.case_ids()]
    assert [r.rate for r in found if r and r.rate != 500] == [250]
