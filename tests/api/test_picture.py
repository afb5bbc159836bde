"""Tests of reading a picture as a person says. The truth is the record that was drawn."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from precord.image.paper import save_record
from tests.api.service import heart


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return a drawn page of an ECG as a PNG."""
    path = tmp_path_factory.mktemp("page") / "page.png"
    save_record(heart(7), path, dpi=150)
    return path.read_bytes()


def on_a_table(page: bytes) -> tuple[bytes, str]:
    """Return the page turned by 90 degrees on a dark table, and its corners there as shares."""
    paper = Image.open(io.BytesIO(page)).convert("RGB").rotate(90, expand=True)
    table = Image.new("RGB", (paper.width + 400, paper.height + 300), (60, 50, 40))
    table.paste(paper, (250, 100))
    made = io.BytesIO()
    table.save(made, "PNG")
    left, top = 250 / table.width, 100 / table.height
    right, bottom = (250 + paper.width) / table.width, (100 + paper.height) / table.height
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    return made.getvalue(), " ".join(f"{x:.4f},{y:.4f}" for x, y in corners)


def test_a_page_is_read_and_can_be_searched_with(client: TestClient, page: bytes) -> None:
    """The reading has a name; the one before is forgotten when it is replaced."""
    first = client.post("/v1/digitize", files={"file": ("p.png", page)})
    assert first.status_code == 200, first.text
    reading = first.json()
    assert reading["record"]["is_digitised"]
    assert reading["record"]["scale"] == "millivolt"
    assert all(lead["confidence"] is not None for lead in reading["record"]["leads"])

    told = {"layout": "3x4+1", "speed": "50", "gain": "20", "replaces": reading["query"]}
    again = client.post("/v1/digitize", files={"file": ("p.png", page)}, data=told).json()
    assert again["record"]["duration_s"] == pytest.approx(
        reading["record"]["duration_s"] / 2, rel=0.02
    )
    assert client.get(f"/v1/queries/{reading['query']}/ecg").status_code == 404
    found = client.post("/v1/search", data={"query": again["query"]})
    assert found.status_code == 200, found.text


def test_corners_and_rotation_are_taken(client: TestClient, page: bytes) -> None:
    """A page that lies turned on a table is read as if it were scanned."""
    photo, corners = on_a_table(page)
    told = {"corners": corners, "rotate": "90", "layout": "3x4+1"}
    got = client.post("/v1/digitize", files={"file": ("p.png", photo)}, data=told)

    assert got.status_code == 200, got.text
    ecg = client.get(f"/v1/queries/{got.json()['query']}/ecg").json()
    found = np.array(next(b for b in ecg["beats"] if b["lead"] == "II")["values"], float)
    truth = np.array(next(b for b in to_beats(client, page) if b["lead"] == "II")["values"], float)
    n = min(found.size, truth.size)
    assert np.corrcoef(found[:n], truth[:n])[0, 1] > 0.95


def to_beats(client: TestClient, page: bytes) -> list[dict[str, object]]:
    """Return the median beats of the flat page."""
    name = client.post("/v1/digitize", files={"file": ("p.png", page)}).json()["query"]
    beats: list[dict[str, object]] = client.get(f"/v1/queries/{name}/ecg").json()["beats"]
    return beats


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"corners": "0,0 1,0 1,1"}, "four points"),
        ({"corners": "0,0 1,0 1,1 0,2"}, "between 0 and 1"),
        ({"corners": "a,b c,d e,f g,h"}, "expected numbers"),
        ({"corners": "0,0 nan,0 1,1 0,1"}, "between 0 and 1"),
        ({"corners": "0,0 .01,0 .01,.01 0,.01"}, "around the ECG"),
        ({"layout": "2x2"}, "layout"),
        ({"speed": "30"}, "speed 30"),
        ({"gain": "7"}, "gain 7"),
        ({"rotate": "45"}, "rotate 45"),
    ],
)
def test_what_cannot_be_is_refused(
    client: TestClient, page: bytes, told: dict[str, str], says: str
) -> None:
    """In one line, without the command line's dashes."""
    got = client.post("/v1/digitize", files={"file": ("p.png", page)}, data=told)
    assert got.status_code == 422, got.text
    assert says in got.json()["detail"]
    assert "--" not in got.json()["detail"]


def test_a_picture_without_an_ecg_is_refused(client: TestClient) -> None:
    """With the reason."""
    made = io.BytesIO()
    Image.new("RGB", (900, 600), "white").save(made, "PNG")
    got = client.post("/v1/digitize", files={"file": ("blank.png", made.getvalue())})
    assert got.status_code == 422
    assert "blank.png" in got.json()["detail"]


def test_what_a_browser_cannot_show_is_shown(client: TestClient, tmp_path: Path) -> None:
    """A page of a PDF comes as a JPEG no larger than a screen."""
    path = tmp_path / "page.pdf"
    save_record(heart(7), path)
    got = client.post("/v1/digitize/picture", files={"file": ("p.pdf", path.read_bytes())})
    assert got.headers["content-type"] == "image/jpeg"
    shown = Image.open(io.BytesIO(got.content))
    assert max(shown.size) == 1600
    refused = client.post("/v1/digitize/picture", files={"file": ("p.txt", b"no picture")})
    assert refused.status_code == 422
