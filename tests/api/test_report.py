"""Tests of the whole answer as a file. The oracle of a PDF is pdfium, which reads it back."""

from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from starlette.testclient import TestClient

from tests.api.test_search import parts


def read_pdf(data: bytes) -> tuple[list[str], list[tuple[float, float]]]:
    """Return text and size (mm) of each page."""
    document = pypdfium2.PdfDocument(data)
    sizes = [tuple(side / 72 * 25.4 for side in page.get_size()) for page in document]
    texts = [" ".join(page.get_textpage().get_text_range().split()) for page in document]
    return texts, [(size[0], size[1]) for size in sizes]


@pytest.fixture
def query(client: TestClient, ecg: Path) -> str:
    """Return the id of a query that is an ECG."""
    found: dict[str, Any] = client.post("/v1/search", files=parts(ecg)).json()
    return str(found["query"]["id"])


def test_the_answer_as_a_pdf(client: TestClient, query: str) -> None:
    """Query, caveats, hits with report and source, precedents drawn at true width."""
    got = client.post("/v1/report", params={"ecgs": 2}, data={"query": query})

    assert got.status_code == 200, got.text
    assert got.headers["content-type"] == "application/pdf"
    texts, sizes = read_pdf(got.content)
    assert all(width == pytest.approx(297, abs=0.1) for width, _ in sizes)
    assert "Your ECG: ecg.hea" in texts[0]
    assert "rate " in texts[0]
    text = " ".join(texts)
    for words in (
        "Research use; not a medical device; the clinician decides.",
        "a guess that orders the cases, not a finding",
        "What is not listed is not excluded.",
        "do not make this ECG normal",
        "can hardly show",
        "Similar is not the same",
        "vorhofflimmern <b>fett</b>",
        "machine unconfirmed",
    ):
        assert words in text, words
    assert [f"{n} · " in text for n, text in enumerate(texts[-2:], 1)] == [True, True]


def test_a_german_pdf(client: TestClient, query: str) -> None:
    """In the words of a German page."""
    got = client.post("/v1/report", data={"query": query, "language": "de"})
    text = " ".join(read_pdf(got.content)[0])
    assert "kein Medizinprodukt" in text
    assert "Vorhofflimmern" in text
    assert "Sinusrhythmus" in text


def test_criteria_steer_the_report_too(client: TestClient, query: str) -> None:
    """What is put aside or filtered out does not stand in the file."""
    got = client.post("/v1/report", params={"without": ["a/1", "z/4"]}, data={"query": query})
    text = " ".join(read_pdf(got.content)[0])
    assert "1 · a/" in text
    assert "a/1 ·" not in text
    assert "z/4 ·" not in text


def test_a_text_gets_a_pdf_without_an_ecg_of_its_own(client: TestClient) -> None:
    """What was asked stands in it."""
    got = client.post("/v1/report", params={"ecgs": 0}, data={"text": "vorhofflimmern"})
    (page,), _ = read_pdf(got.content)
    assert "Asked vorhofflimmern" in page
    assert "1 · a/2 · machine unconfirmed" in page


def test_a_match_as_a_png(client: TestClient, query: str) -> None:
    """The query above the best hit; a text has no picture."""
    got = client.post("/v1/report", params={"form": "png"}, data={"query": query})
    assert got.content.startswith(b"\x89PNG")
    refused = client.post("/v1/report", params={"form": "png"}, data={"text": "vorhofflimmern"})
    assert refused.status_code == 422


@pytest.mark.parametrize("data", [{}, {"query": "x", "text": "y"}, {"query": "no"}])
def test_what_is_no_question_is_refused(client: TestClient, data: dict[str, str]) -> None:
    """Nothing, both, one that is forgotten."""
    assert client.post("/v1/report", data=data).status_code in {404, 422}
