"""Tests of precord.api.language: which language is meant, and whether all is said in it."""

import ast
import json
import re
from pathlib import Path

import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from precord.api import language
from precord.api.background import Job
from precord.api.language import languages, prefer, say
from precord.api.report_words import words_of
from precord.client import Client
from precord.errors import LibraryError
from precord.web import __file__ as web
from tests.api.test_search import parts

SOURCE = Path(language.__file__).parents[1]
TESTED = (
    "api/background.py",
    "api/chores.py",
    "api/criterion.py",
    "api/ecg.py",
    "api/guard.py",
    "api/picture.py",
    "api/pool.py",
    "api/report.py",
    "api/search.py",
    "api/state.py",
    "api/archive.py",
    "api/turn.py",
    "api/upload.py",
    "corpora/folder.py",
    "criteria.py",
    "io/__init__.py",
    "io/array.py",
    "io/dicom.py",
    "io/dicom_channel.py",
    "io/dicom_document.py",
    "io/file.py",
    "io/guard.py",
    "io/hdf5.py",
    "io/numpy_file.py",
    "io/stated.py",
    "io/table.py",
    "io/wfdb.py",
    "io/wfdb_header.py",
    "io/write.py",
    "leads.py",
    "digitize/document.py",
    "digitize/grid.py",
    "digitize/plausible.py",
    "image/layout.py",
    "ingest.py",
    "library/patient.py",
    "library/row.py",
    "library/sqlite.py",
    "library/waveform.py",
    "record.py",
    "digitize/reading.py",
    "digitize/source.py",
    "digitize/told.py",
    "digitize/vector.py",
    "retrieve/focus.py",
    "retrieve/search.py",
    "retrieve/note.py",
    "retrieve/allow.py",
    "retrieve/abstain.py",
    "signal/lead_note.py",
    "digitize/sheet.py",
    "signal/prepare.py",
    "statements.py",
)
UNSAID = {  # another's words, or put together of sentences that are tested themselves
    "{}",
    "{}: {}",
    "leads: looks like {}; {}",  # the second is always the same sentence, which is in the template
}

ENGLISH = re.compile(r"\b(the|of|is|are|its|not|with|which|and|or|expected|has|no)\b")


def _text(node: ast.expr) -> str | None:
    """Return the words of a string, `{}` where something is filled in."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in values)
    return None


def _sentences(path: Path) -> set[str]:
    """Return what *path* raises as an error of precord's own, or appends to notes or reasons."""
    found: set[str | None] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Raise(exc=ast.Call(func=ast.Name(id=name), args=[first, *_])):
                if name.endswith("Error") and name not in {"ValueError", "RuntimeError"}:
                    found.add(_text(first))
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="append"), args=[one]):
                if name in {"notes", "source_notes", "reasons"}:
                    found.add(_text(one))
            case ast.Assign(targets=[ast.Tuple(elts=[ast.Name(id="notes"), _])]):
                assert isinstance(node.value, ast.Tuple)
                match node.value.elts[0]:
                    case ast.List(elts=[one]):
                        found.add(_text(one))
    return {one for one in found if one} - UNSAID


@pytest.mark.parametrize("name", TESTED)
@pytest.mark.parametrize("spoken", sorted(languages() - {"en"}))
def test_every_sentence_is_said(name: str, spoken: str) -> None:
    """Whatever these files may answer with has a template in each language."""
    sentences = _sentences(SOURCE / name)
    assert sentences or name == "api/guard.py"
    said = {one: say(one.replace("{}", "7"), spoken) for one in sentences}
    assert {a: b for a, b in said.items() if a.replace("{}", "7") == b or ENGLISH.search(b)} == {}


def test_every_language_has_the_same_words() -> None:
    """The printed answer's words have one shape in each file; the page knows each language."""
    files = {
        one: json.loads((SOURCE / "api/words" / f"{one}.json").read_text()) for one in languages()
    }
    keys = {one: _shape(found["report"]) for one, found in files.items()}
    assert all(shape == keys["en"] for shape in keys.values())
    page = Path(web).parent / "static" / "words"
    assert {path.stem for path in page.glob("*.json")} == languages() == {"en", "de"}
    assert words_of("de").measurements[0][1] == "Frequenz"


def _shape(what: object) -> object:
    """Return the keys and lengths of *what*."""
    match what:
        case dict():
            return {key: _shape(value) for key, value in what.items()}
        case list():
            return [_shape(value) for value in what]
    return type(what)


@pytest.mark.parametrize("spoken", sorted(languages() - {"en"}))
def test_templates_fill_in_what_is_there(spoken: str) -> None:
    """No template asks for more than its English one has, and none loses a part."""
    for english, other in language.read_words(spoken)["sentences"].items():
        marks = [f"<{n}>" for n in range(english.count("{}"))]
        given = english
        for mark in marks:
            given = given.replace("{}", mark, 1)
        assert all(mark in say(given, spoken) for mark in marks), (english, other)


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("2 of 12 leads (I, II); the others are masked",
         "2 von 12 Ableitungen (I, II); die übrigen bleiben außer Betracht"),
        ("quality: flat: V1, V2; noisy: III", "Signalqualität: flach: V1, V2; verrauscht: III"),
        ("lib.db: the disk is full; free some space and run the command again",
         "lib.db: die Platte ist voll; schaffen Sie Platz und versuchen Sie es noch einmal"),
        ("a.pdf: 3 pages; choose one with --page 1 to --page 3",
         "a.pdf: 3 Seiten; wählen Sie eine von 1 bis 3"),
        ("a.pdf: 3 pages; choose one with page 1 to page 3",
         "a.pdf: 3 Seiten; wählen Sie eine von 1 bis 3"),
        ("leads: by Einthoven's law, I inverted; check before you compare",
         "Ableitungen: nach Einthoven I umgepolt; prüfen Sie das vor dem Vergleich"),
        ("no case is close: the nearest ECGs have a mean cosine of 0.82, expected 0.91 or more",
         ("kein Fall ist nah: die nächsten EKGs haben im Mittel den Kosinus 0,82, erwartet "
          "mindestens 0,91")),
        ("case 9 is not the next nearest; it shows what is possible: 6% hypertrophy",
         "Fall 9 ist nicht der nächstähnliche; er zeigt, was möglich ist: 6 % Hypertrophie"),
        ("7% ST-T changes, 5% conduction disturbance",
         "7 % ST-T-Veränderungen, 5 % Leitungsstörung"),
        ("0.82", "0.82"),
        ("nobody wrote this", "nobody wrote this"),
        ("a {0} brace: {} stays", "a {0} brace: {} stays"),
    ],
)  # fmt: skip
def test_sentences_by_hand(english: str, german: str) -> None:
    """Filled in, one within another, joined; what is unknown stays."""
    assert say(english, "de") == german
    assert say(english, "en") == english


@given(st.text(alphabet=":;, {}0ab%\n", max_size=300))
def test_any_text_is_said(text: str) -> None:
    """A file may have any name: nothing breaks, whatever is filled in."""
    assert text in say(f"{text}: the PDF is damaged", "de") or "--" in text
    say(text, "de")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", "en"), ("de", "de"), ("de-CH,en;q=0.8", "de"), ("en;q=0.5,de;q=0.7", "de"),
        ("fr,de;q=0.1", "de"), ("fr", "en"), ("de;q=x,en", "en"), ("de;q=0", "en"), (";,;", "en"),
    ],
)  # fmt: skip
def test_the_language_that_is_preferred(header: str, expected: str) -> None:
    """RFC 9110, 12.5.4, for the languages there are."""
    assert prefer(header) == expected


def test_the_api_answers_in_german(client: TestClient, ecg: Path) -> None:
    """Notes, reasons, refusals and jobs, by header or parameter; English without either."""
    german = {"Accept-Language": "de-DE,de;q=0.9,en;q=0.5"}
    found = client.post("/v1/search", files=parts(ecg), headers=german).json()
    assert "ausgelassen: 1 simulierte" in found["query"]["notes"]
    english = client.post("/v1/search", files=parts(ecg)).json()
    assert "left out: 1 simulated" in english["query"]["notes"]
    refused = client.get("/v1/cases/none", params={"language": "de"})
    assert refused.json()["detail"] == "die Bibliothek enthält keinen Fall 'none'"
    client.headers.pop("Authorization")
    stranger = client.get("/v1/library", headers=german).json()["detail"]
    assert stranger.startswith("öffnen Sie die Adresse")


def test_a_job_says_why_in_the_language_of_whoever_looks(app: FastAPI, client: TestClient) -> None:
    """It was begun in English, and is looked at in German, at once and as events."""

    def work(_: Job) -> dict[str, str | int | list[str]]:
        raise LibraryError("lib.db: the file is damaged; restore it from a backup")

    begun = app.state.service.background.start("check", work)
    german = "lib.db: die Datei ist beschädigt; stellen Sie sie aus einer Sicherung wieder her"
    events = client.get(f"/v1/jobs/{begun.name}/events?language=de").text
    assert german in json.loads(events.splitlines()[-2].removeprefix("data: "))["why"]
    looked = client.get(f"/v1/jobs/{begun.name}", headers={"Accept-Language": "de"})
    assert looked.json()["why"] == german
    assert "the file is damaged" in client.get(f"/v1/jobs/{begun.name}").json()["why"]


def test_the_client_asks_in_a_language() -> None:
    """By its header."""
    with Client("http://127.0.0.1:1", "key", language="de") as client:
        assert client._http.headers["Accept-Language"] == "de"
