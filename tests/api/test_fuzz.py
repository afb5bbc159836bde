"""Generated requests, by schemathesis from the API's own description, with a fixed seed."""

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from precord.api.schemas import DISCLAIMER

OPERATIONS = [
    ("GET", "/v1/search"),
    ("GET", "/v1/cases/{case_id}"),
    ("GET", "/v1/cases/{case_id}/ecg"),
    ("GET", "/v1/queries/{query_id}/ecg"),
    ("POST", "/v1/search"),
    ("POST", "/v1/read"),
    ("POST", "/v1/digitize"),
    ("POST", "/v1/digitize/picture"),
    ("POST", "/v1/report"),
    ("POST", "/v1/draft"),
    ("POST", "/v1/draft/export"),
    ("POST", "/v1/feedback"),
    ("GET", "/v1/feedback"),
    ("POST", "/v1/cases"),
    ("GET", "/v1/library"),
    ("GET", "/v1/me"),
    ("GET", "/v1/library/map"),
    ("GET", "/v1/model-card"),
    ("GET", "/v1/jobs/{job_id}"),
    ("GET", "/v1/jobs/{job_id}/events"),
    ("POST", "/v1/ingests"),
    ("POST", "/v1/pairings"),
    ("GET", "/v1/ready"),
    ("GET", "/metrics"),
    ("DELETE", "/v1/patients/{patient}"),
]


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_whatever_is_asked_is_answered_or_refused(
    app: FastAPI, client: TestClient, method: str, path: str
) -> None:
    """Never a fault of precord; each answer says what it is not."""
    operation = schemathesis.openapi.from_dict(app.openapi())[path][method]

    @seed(20231210)
    @settings(
        max_examples=12,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def ask(data: st.DataObject) -> None:
        case = data.draw(operation.as_strategy())
        sent = case.as_transport_kwargs()
        body = sent.get("data")
        headers = {k: v for k, v in (sent.get("headers") or {}).items() if k != "User-Agent"}
        got = client.request(
            method,
            case.formatted_path,
            headers=headers,
            params=sent.get("params"),
            json=sent.get("json"),
            content=body if isinstance(body, bytes | str) else None,
            data=body if isinstance(body, dict) else None,
            files=sent.get("files"),
        )
        assert got.status_code < 500, got.text
        if got.headers.get("content-type", "").endswith("json"):
            assert got.json()["disclaimer"] == DISCLAIMER

    ask()
