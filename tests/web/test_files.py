"""Tests of the page's files that need no browser."""

import json
import re
from importlib.resources import files
from pathlib import Path

import pytest

STATIC = Path(str(files("precord.web"))) / "static"
ENGLISH = json.loads((STATIC / "words" / "en.json").read_text("utf-8"))


@pytest.mark.parametrize("path", sorted((STATIC / "words").iterdir()), ids=lambda p: p.name)
def test_every_language_has_the_same_words(path: Path) -> None:
    """Each key of the English file, with the same places to fill in."""
    words = json.loads(path.read_text("utf-8"))
    assert words.keys() == ENGLISH.keys()
    for key, text in words.items():
        assert sorted(re.findall(r"{\w+}", text)) == sorted(re.findall(r"{\w+}", ENGLISH[key])), key


def test_every_word_that_is_asked_for_is_there() -> None:
    """Keys in the scripts and in index.html."""
    sources = [path.read_text("utf-8") for path in (*STATIC.glob("*.js"), STATIC / "index.html")]
    asked = {key for text in sources for key in re.findall(r'\bt\("([^"]+)"', text)}
    asked |= {
        k for text in sources for k in re.findall(r'data-(?:word|label|hint)="([^"]+)"', text)
    }
    assert asked - {""} <= ENGLISH.keys()
    assert len(asked) > 80


def test_the_service_worker_keeps_the_shell_and_nothing_else() -> None:
    """Each static file but the page itself, and no address of the API."""
    text = (STATIC / "sw.js").read_text("utf-8")
    kept = set(re.findall(r'"([\w/]+\.(?:js|css|svg|json))"', text))
    there = {str(p.relative_to(STATIC)) for p in STATIC.rglob("*") if p.is_file()}
    assert kept == there - {"sw.js", "index.html", "manifest.webmanifest"}
    assert "/v1" not in text


def test_nothing_is_loaded_from_elsewhere() -> None:
    """No address of another host in any file but the names of formats."""
    for path in STATIC.rglob("*.*"):
        found = set(re.findall(r"https?://[^\s\"'`)]+", path.read_text("utf-8")))
        assert found <= {"http://www.w3.org/2000/svg"}, path.name
