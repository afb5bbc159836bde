"""Drafts that a language model arranges: a small fake of the OpenAI API answers."""

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import ClassVar

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precord.draft import Kind, LanguageModel, Query, Reason, ask_model, find_fault
from precord.errors import DraftError
from tests.draft.test_compose import EN, MEASURED, case

CASES = [
    case("a/1", "CLBBB SR", "Left bundle branch block. QRS 168 ms. Dr. Muster."),
    case("a/2", "CLBBB SR", "LBBB. Sinus rhythm. Unchanged since 1999."),
    case("a/3", "SR LVH", "Sinus rhythm."),
]
QUERY = Query(MEASURED, frozenset(), is_calibrated=True)
Answer = Callable[[httpx.Request], httpx.Response]


def fake(answer: str | Answer, url: str = "http://127.0.0.1:8080/v1") -> LanguageModel:
    """Return a model that answers *answer*."""

    def say(request: httpx.Request) -> httpx.Response:
        if not isinstance(answer, str):
            return answer(request)
        if request.url.path.endswith("/models"):
            return httpx.Response(200, json={"data": [{"id": "tiny"}]})
        return httpx.Response(200, json={"choices": [{"message": {"content": answer}}]})

    return LanguageModel(url, transport=httpx.MockTransport(say))


def written(*sentences: tuple[str, list[int]]) -> str:
    """Return the answer that *sentences* with their sources are."""
    return json.dumps({"sentences": [{"text": t, "sources": s} for t, s in sentences]})


def test_what_passes_is_drafted_and_cited() -> None:
    """The sources that the model names, by their numbers; the measurements are ours."""
    made = ask_model(
        fake("Here:\n" + written(("Sinus rhythm", [2, 3]), ("LBBB", [1]))), QUERY, CASES, EN
    )

    assert made.written_by == "tiny"
    assert [s.kind for s in made.sentences] == [Kind.MEASURED, Kind.WRITTEN, Kind.WRITTEN]
    assert [s.text for s in made.sentences[1:]] == ["Sinus rhythm.", "Lbbb."]
    assert [s.citations for s in made.sentences[1:]] == [("a/2", "a/3"), ("a/1",)]


@pytest.mark.parametrize(
    ("text", "sources", "reason"),
    [
        ("QRS 168 ms", [1], Reason.NUMBER),
        ("Sinus rhythm, otherwise normal", [2], Reason.NORMAL),
        ("No evidence of infarction", [1], Reason.ABSENT),
        ("Unchanged LBBB", [2], Reason.NORMAL),
        ("New LBBB", [1], Reason.COMPARES),
        ("LBBB, seen by Muster", [1], Reason.WORD),
        ("Urgent angiography", [1], Reason.WORD),
        ("Sinus tachycardia", [1, 2], Reason.CONTRADICTS),
        ("Left bundle branch block", [3], Reason.NOT_CITED),
        ("Left bundle branch block", [], Reason.NOT_CITED),
        ("Left bundle branch block", [99], Reason.NOT_CITED),
        ("Left bundle branch block", [1, 3], Reason.NOT_CITED),
        ("Anteroseptal infarct", [1], Reason.ALONE),
        ("Diffuse changes", [1], Reason.UNKNOWN),
    ],
)
def test_what_does_not_pass_is_struck(text: str, sources: list[int], reason: Reason) -> None:
    """With its reason; the rest of the answer stands."""
    made = ask_model(fake(written((text, sources), ("Sinus rhythm", [3]))), QUERY, CASES, EN)
    assert [s.text for s in made.sentences[1:]] == ["Sinus rhythm."]
    assert (text, reason) in {(s.text, s.reason) for s in made.struck}


@settings(deadline=None)
@given(st.lists(st.tuples(st.text(max_size=40), st.lists(st.integers(0, 9), max_size=4))))
def test_whatever_it_answers(sentences: list[tuple[str, list[int]]]) -> None:
    """No sentence gets through that may not be drafted, or without a precedent."""
    made = ask_model(fake(written(*sentences)), QUERY, CASES, EN)
    for sentence in made.sentences[1:]:
        assert find_fault(sentence.text) is None
        assert set(sentence.citations) <= {"a/1", "a/2", "a/3"}
        assert sentence.citations


def test_the_model_sees_no_report() -> None:
    """Only what may be drafted, without names, numbers of the precedents, or their ids."""
    seen = []

    def say(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/models"):
            return httpx.Response(200, json={"data": [{"id": "tiny"}]})
        seen.append(json.loads(request.content)["messages"][0]["content"])
        return httpx.Response(200, json={"choices": [{"message": {"content": written()}}]})

    ask_model(fake(say), QUERY, CASES, EN)

    (prompt,) = seen
    assert "Left bundle branch block" in prompt
    for secret in ("Muster", "168", "1999", "a/1", "Unchanged since"):
        assert secret not in prompt


@pytest.mark.parametrize("answer", ["", "no JSON", "{}", '{"sentences": 3}', '{"sentences": [{}]}'])
def test_an_answer_in_another_form_is_refused(answer: str) -> None:
    """In one line."""
    with pytest.raises(DraftError, match="form asked for"):
        ask_model(fake(answer), QUERY, CASES, EN)


@pytest.mark.parametrize(
    ("status", "content", "says"),
    [(500, b"", "status 500"), (302, b"", "status 302"), (200, b"<html>", "JSON"),
     (200, b"[]", "OpenAI"), (200, b"x" * 2**19, "without an end")],
)  # fmt: skip
def test_a_server_that_is_none_is_refused(status: int, content: bytes, says: str) -> None:
    """An error, a redirect, a page, something else, something endless."""
    model = fake(lambda _: httpx.Response(status, content=content, headers={"Location": "/x"}))
    with pytest.raises(DraftError, match=says):
        ask_model(model, QUERY, CASES, EN)


def test_a_server_that_does_not_answer_is_refused() -> None:
    """In one line."""

    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(DraftError, match="does not answer"):
        ask_model(fake(fail), QUERY, CASES, EN)


@pytest.mark.parametrize("url", ["http://8.8.8.8/v1", "https://[2001:4860:4860::8888]/v1"])
def test_an_address_elsewhere_is_not_asked(url: str) -> None:
    """Unless a person says so."""
    with pytest.raises(DraftError, match="private network"):
        LanguageModel(url).check_address()
    assert LanguageModel(url, is_anywhere=True).check_address()


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:1/v1", "http://[::1]/v1", "http://192.168.1.7:8080", "http://10.0.0.9"],
)
def test_an_address_near_is_asked(url: str) -> None:
    """This machine, and private networks."""
    (address,) = LanguageModel(url).check_address()
    assert address in url


@pytest.mark.parametrize(
    "url", ["", "file:///etc/passwd", "ftp://127.0.0.1", "http://", "http://user@127.0.0.1/v1"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    """At once, not at the first draft."""
    with pytest.raises(DraftError, match="expected such as"):
        LanguageModel(url)


class _Server(BaseHTTPRequestHandler):
    """A language model that always says the same."""

    hosts: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        """Name the only model."""
        self._answer({"data": [{"id": "served"}]})

    def do_POST(self) -> None:
        """Complete with one sentence."""
        self.rfile.read(int(self.headers["Content-Length"]))
        text = written(("Sinus rhythm", [2, 3]))
        self._answer({"choices": [{"message": {"content": text}}]})

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self, found: object) -> None:
        self.hosts.append(self.headers["Host"])
        body = json.dumps(found).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def test_a_server_on_this_machine_is_asked_by_its_checked_address() -> None:
    """Over a real connection; its own name stands in the Host header."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Server) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        host = f"localhost:{server.server_port}"
        made = ask_model(LanguageModel(f"http://{host}/v1"), QUERY, CASES, EN)
        server.shutdown()
    assert made.written_by == "served"
    assert [s.text for s in made.sentences[1:]] == ["Sinus rhythm."]
    assert set(_Server.hosts) == {host}
