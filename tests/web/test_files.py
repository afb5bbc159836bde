"""Tests of the page's files that need no browser."""

import json
import re
from importlib.resources import files
from pathlib import Path

import pytest

from precord.digitize import Stage
from precord.draft import Kind, Reason
from precord.library.feedback import VERDICTS
from precord.retrieve.critical import LIST
from precord.signal.quality import Fault
from precord.statements import SUPERCLASSES

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


def test_no_word_is_unused() -> None:
    """Each key stands in a script or in index.html, or is put together from what the API says."""
    sources = [path.read_text("utf-8") for path in (*STATIC.glob("*.js"), STATIC / "index.html")]
    found = {key for text in sources for key in re.findall(r'["`]([\w \-]+)["`]', text)}
    made = {f"struck_{reason.value.replace(' ', '_')}" for reason in Reason}
    made |= {f"kind_{kind.value}" for kind in Kind} | {"kind_own"}
    made |= {f"class_{superclass}" for superclass in SUPERCLASSES}
    made |= {f"arrange_{way}" for way in ("stacked", "beside", "overlaid")}
    made |= {f"finding_{entry.name.replace(' ', '_')}" for entry in LIST}
    made |= {f"login_{key}" for key in ("why", "wrong", "wait", "name", "password", "enter")}
    made |= {f"kind_{superclass}" for superclass in SUPERCLASSES} | {"kind_other"}
    made |= {f"stage_{stage}" for stage in Stage}
    made |= {f"{key}_1" for key in ENGLISH if f"{key}_1" in ENGLISH}  # the singulars
    made |= {fault.value for fault in Fault} | set(VERDICTS)
    assert made <= ENGLISH.keys()
    assert ENGLISH.keys() - found - made == set()


def test_the_page_can_be_installed() -> None:
    """A name, a start, an icon of any size, and a display of its own."""
    manifest = json.loads((STATIC / "manifest.webmanifest").read_text("utf-8"))
    assert manifest["start_url"] == "/"
    assert manifest["display"] == "standalone"
    icons = {icon["src"].rpartition("/")[2]: icon["sizes"] for icon in manifest["icons"]}
    assert icons == {"icon.svg": "any"}
    assert (STATIC / "icon.svg").is_file()


def test_the_service_worker_keeps_the_shell_and_nothing_else() -> None:
    """Each static file, and no address of the API."""
    text = (STATIC / "sw.js").read_text("utf-8")
    kept = set(re.findall(r'"([\w/]+\.(?:js|css|svg|json|html))"', text))
    there = {str(p.relative_to(STATIC)) for p in STATIC.rglob("*") if p.is_file()}
    assert kept == there - {"sw.js", "manifest.webmanifest"}
    assert "/v1" not in text


def test_nothing_is_loaded_from_elsewhere() -> None:
    """No address of another host in any file but the names of formats."""
    for path in STATIC.rglob("*.*"):
        found = set(re.findall(r"https?://[^\s\"'`)]+", path.read_text("utf-8")))
        assert found <= {"http://www.w3.org/2000/svg"}, path.name
