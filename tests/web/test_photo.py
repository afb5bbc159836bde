"""A photo in the browser: read, pasted, refused, corrected by keyboard, mouse and finger."""

import re
from pathlib import Path
from typing import Any

import pytest
from axe_core_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Page, Route, expect

from precord.image.paper import save_record
from tests.api.service import heart
from tests.web.conftest import SIZES, Open, Site, keep
from tests.web.test_page import go


@pytest.fixture(scope="session")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a drawn page of an ECG."""
    path = tmp_path_factory.mktemp("paper") / "paper.png"
    save_record(heart(7), path, dpi=150)
    return path


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a picture without an ECG."""
    path = tmp_path_factory.mktemp("blank") / "blank.png"
    Image.new("RGB", (900, 600), "white").save(path)
    return path


def _shown(page: Page, width: int) -> None:
    """Nothing may be wider than the screen."""
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def _listen(page: Page) -> list[str]:
    """Return a list that gets the body of each request to read a picture."""
    told: list[str] = []

    def answer(route: Route) -> None:
        told.append((route.request.post_data_buffer or b"").decode("latin1"))
        route.continue_()

    page.route("**/v1/digitize", answer)
    return told


@pytest.mark.parametrize(
    ("language", "stages"),
    [
        ("en-US", ["Opening the file …", "Looking for the grid of the paper …",
                   "Straightening the page …", "Following the traces …",
                   "Finding which lead is where …", "Checking the reading …"]),
        ("de-DE", ["Datei wird geöffnet …", "Raster des Papiers wird gesucht …",
                   "Blatt wird geradegerichtet …", "Kurven werden verfolgt …",
                   "Ableitungen werden zugeordnet …", "Lesung wird geprüft …"]),
    ],
)  # fmt: skip
def test_a_slow_reading_says_what_it_does(
    open_page: Open, paper: Path, language: str, stages: list[str]
) -> None:
    """Each stage of reading a picture is said while it lasts, in the page's language."""
    page = open_page(language=language)
    page.evaluate(
        """() => {
          window.said = [];
          const hear = (changes) => changes.forEach((change) => change.addedNodes.forEach(
            (node) => window.said.push(node.textContent)));
          const status = document.getElementById("status");
          new MutationObserver(hear).observe(status, { childList: true, subtree: true });
        }"""
    )
    page.set_input_files("#files", paper)
    page.wait_for_selector("#hits .hit")
    said = page.evaluate("window.said")
    assert [one for one in said if one in stages] == stages
    assert not any("stage_" in one for one in said)


def test_a_picture_is_pasted(open_page: Open, paper: Path) -> None:
    """It is read, searched with, and can be corrected."""
    page = open_page()
    page.evaluate(
        """bytes => {
          const data = new DataTransfer();
          data.items.add(new File([new Uint8Array(bytes)], "image.png", { type: "image/png" }));
          const given = { clipboardData: data, bubbles: true };
          document.dispatchEvent(new ClipboardEvent("paste", given));
        }""",
        list(paper.read_bytes()),
    )
    page.wait_for_selector("#hits .hit")
    expect(page.locator("#query .facts-line")).to_contain_text("read from a picture")
    sure = page.locator("#query p", has_text="% sure")
    expect(sure).to_have_class("quiet")
    expect(page.get_by_role("link", name="Correct the reading")).to_be_visible()


def test_a_refused_photo_is_corrected(open_page: Open, site: Site, blank: Path) -> None:
    """The reason stands beside the picture; corners by keyboard and mouse are read at once."""
    page = open_page()
    told = _listen(page)
    page.set_input_files("#files", blank)
    expect(page.locator("#reading .warning")).to_contain_text("blank.png")
    expect(page.locator(".corner")).to_have_count(4)
    keep(page, "desktop-photo-refused")

    page.get_by_label("Corner top left").focus()
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowDown")
    page.wait_for_timeout(700)
    corners = re.search(r'name="corners"\r\n\r\n(.*)\r\n', told[-1])
    assert corners
    assert corners[1].startswith("0.0500,0.0050 1.0000,0.0000 ")

    handle = page.get_by_label("Corner bottom right").bounding_box()
    assert handle is not None
    x, y = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
    picture = page.locator(".corners img").bounding_box()
    assert picture is not None
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - picture["width"] / 2, y - picture["height"] / 2)
    page.mouse.up()
    page.wait_for_timeout(700)
    corners = re.search(r'name="corners"\r\n\r\n(.*)\r\n', told[-1])
    assert corners
    third = [float(v) for v in corners[1].split()[2].split(",")]
    assert third == pytest.approx([0.5, 0.5], abs=0.01)
    assert page.url.startswith(site.origin)


def test_a_photo_is_read_again_by_touch(open_page: Open, paper: Path) -> None:
    """On a phone: a finger moves a corner, what was read changes, and is searched with."""
    page = open_page("phone", scheme="dark")
    page.set_input_files("#files", paper)
    page.wait_for_selector("#hits .hit")
    page.get_by_role("link", name="Correct the reading").click()
    page.wait_for_selector("#reading svg.ecg")
    _shown(page, SIZES["phone"][0])
    keep(page, "phone-photo")

    told = _listen(page)
    with page.expect_response(lambda r: r.url.endswith("/v1/digitize")):
        box = page.get_by_label("Corner top left").bounding_box()
        assert box is not None
        at = {"x": box["x"] + 22, "y": box["y"] + 22}
        finger = page.context.new_cdp_session(page)
        finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [at]})
        moved = {"x": at["x"] + 4, "y": at["y"] + 2}
        finger.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [moved]})
        finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert 'name="corners"' in told[-1]
    page.get_by_role("button", name="Find the paper by itself").click()
    page.select_option("#view select[name=gain]", "20")
    expect(page.locator("#reading .facts").first).to_be_visible()
    page.get_by_role("button", name="Search with this reading").click()
    page.wait_for_selector("#hits .hit")
    expect(page.locator("#ask")).to_be_visible()


def _go_to_draft(page: Page, site: Site) -> None:
    go(page, site, "#/draft")
    page.wait_for_selector("#confirm")


def _go_to_photo(page: Page, _: Site) -> None:
    page.get_by_role("link", name="Correct the reading").click()
    page.wait_for_selector("#reading svg.ecg")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_draft_and_photo(
    open_page: Open, site: Site, paper: Path, scheme: str
) -> None:
    """The views that came with drafts and photos, by axe-core; and nothing is too wide."""
    page = open_page("phone", scheme=scheme)
    page.set_input_files("#files", paper)
    page.wait_for_selector("#hits .hit")
    found: list[str] = []
    for name, visit in (("draft", _go_to_draft), ("photo", _go_to_photo)):
        go(page, site, "#/")
        visit(page, site)
        _shown(page, SIZES["phone"][0])
        keep(page, f"phone-{scheme}-{name}")
        result: dict[str, Any] = Axe().run(page)
        for violation in result["violations"]:
            found += [f"{name} {violation['id']} {n['html'][:120]}" for n in violation["nodes"]]
    assert found == []
