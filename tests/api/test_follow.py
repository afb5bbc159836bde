"""Tests of precord.api.follow: a reading as events, with its stages before it."""

import asyncio
import io
import json
import threading
from pathlib import Path

import pytest
from fastapi.responses import StreamingResponse
from PIL import Image
from starlette.requests import Request
from starlette.testclient import TestClient

from precord.api.follow import UnwantedError, follow
from precord.api.schemas_page import ReadingOut
from precord.digitize.stage import OnStage, Stage
from precord.image.paper import save_record
from tests.api.service import heart
from tests.api.test_search import parts

WATCHED = {"Accept": "text/event-stream"}


def events(text: str) -> list[tuple[str, dict[str, object]]]:
    """Return the kinds of the events in a stream, and what they hold."""
    found = []
    for event in text.split("\n\n")[:-1]:
        kind, data = event.split("\n")
        found.append((kind.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


@pytest.mark.parametrize("path", ["/v1/read", "/v1/digitize"])
def test_a_picture_tells_its_stages(client: TestClient, tmp_path: Path, path: str) -> None:
    """Each by name, and at last what the route answers otherwise."""
    page = tmp_path / "page.png"
    save_record(heart(7), page, dpi=150)
    file = {"file": ("p.png", page.read_bytes())}
    got = client.post(path, files=file, headers=WATCHED)
    assert got.headers["content-type"].startswith("text/event-stream")
    assert got.headers["cache-control"] == "no-store"
    *stages, last = events(got.text)
    assert [one["stage"] for kind, one in stages if kind == "stage"] == list(Stage)[:6]
    assert last[0] == "reading"
    reading = ReadingOut.model_validate(last[1])
    assert reading.record.is_digitised
    assert client.post("/v1/search", data={"query": reading.query}).status_code == 200


def test_other_files_have_no_stages(client: TestClient, ecg: Path) -> None:
    """The reading alone; and as ever for who asks for no events."""
    [(kind, found)] = events(client.post("/v1/read", files=parts(ecg), headers=WATCHED).text)
    assert kind == "reading"
    plain = client.post("/v1/read", files=parts(ecg)).json()
    assert plain["record"] == found["record"]


def test_a_refusal_is_the_last_event(client: TestClient) -> None:
    """The problem of RFC 9457, in the language of whoever asks."""
    made = io.BytesIO()
    Image.new("RGB", (900, 600), "white").save(made, "PNG")
    file = {"file": ("blank.png", made.getvalue())}
    german = WATCHED | {"Accept-Language": "de"}
    *stages, (kind, problem) = events(client.post("/v1/read", files=file, headers=german).text)
    assert [one["stage"] for _, one in stages] == ["opening", "grid"]
    assert kind == "problem"
    refused = client.post("/v1/read", files=file, headers={"Accept-Language": "de"})
    assert problem == refused.json()
    assert problem["status"] == 422
    assert "kein Raster" in str(problem["detail"])


def test_what_is_wrong_with_the_form_is_said_at_once(client: TestClient) -> None:
    """Before any event, with its own status."""
    got = client.post("/v1/digitize", data={"rotate": "x"}, headers=WATCHED)
    assert got.status_code == 422
    assert got.headers["content-type"] == "application/problem+json"


def test_a_reading_that_nobody_waits_for_ends() -> None:
    """Its next stage raises in the thread that reads."""
    told, gone = threading.Event(), threading.Event()
    ended: list[type[BaseException]] = []

    def read(on_stage: OnStage) -> ReadingOut:
        on_stage(Stage.OPENING)
        gone.wait()
        try:
            on_stage(Stage.GRID)
        except UnwantedError as error:
            ended.append(type(error))
            raise
        finally:
            told.set()
        raise AssertionError

    async def leave_early() -> None:
        request = Request({"type": "http", "headers": [(b"accept", b"text/event-stream")]})
        answer = follow(request, read)
        assert isinstance(answer, StreamingResponse)
        stream = aiter(answer.body_iterator)
        assert await anext(stream) == 'event: stage\ndata: {"stage": "opening"}\n\n'
        await stream.aclose()  # type: ignore[attr-defined]
        gone.set()
        await asyncio.to_thread(told.wait)

    asyncio.run(leave_early())
    assert ended == [UnwantedError]
