"""Stories beyond a search: photos, comparing, steering, drafting, taking the answer away."""

import io
import re
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from axe_core_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Page, Route, expect

from precord.api.schemas import DISCLAIMER
from precord.image.paper import save_record
from tests.api.service import heart
from tests.web.conftest import SIZES, Open, Site, keep
from tests.web.test_page import go, upload


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


def test_what_was_read_shows_before_the_search_is_done(open_page: Open, site: Site) -> None:
    """Trace, format and quality, with the progress of the rest."""
    page = open_page()
    held: list[Route] = []
    page.route("**/v1/search*", lambda route: held.append(route))  # noqa: PLW0108 - Playwright looks at its signature
    page.set_input_files("#files", site.ecg)

    expect(page.locator("#query svg.ecg")).to_be_visible()
    expect(page.locator("#query .facts-line")).to_contain_text("WFDB · 12 leads · 500 Hz")
    expect(page.locator("#query")).to_contain_text("nothing wrong found")
    expect(page.locator("#status progress")).to_be_visible()
    expect(page.locator("#status")).to_contain_text("Searching")
    page.wait_for_timeout(100)
    held[0].continue_()
    page.wait_for_selector("#hits .hit")
    expect(page.locator("#status progress")).to_have_count(0)


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


def test_filter_and_median_beats(open_page: Open, site: Site) -> None:
    """The filter is said beside the trace; the beats have the grid of the trace."""
    page = open_page()
    upload(page, site)
    facts = page.locator("#query svg.ecg .facts").first
    expect(facts).to_contain_text("no filter")
    plain = page.locator("#query [data-lead=V5] path.trace").get_attribute("d")
    page.select_option("#query select[name=filter]", "0.5-40")
    expect(facts).to_contain_text("0.5-40 Hz")
    assert page.locator("#query [data-lead=V5] path.trace").get_attribute("d") != plain
    page.locator("#query").get_by_role("button", name="Median beats").click()
    expect(page.locator("#query .beats path.ours")).to_have_count(12)
    expect(page.locator("#query .beats [data-grid=millivolt]")).to_have_count(2)

    go(page, site, "#/case/z/4")  # of unknown scale
    page.locator("#view").get_by_role("button", name="Median beats").click()
    expect(page.locator("#view .beats path.ours").first).to_be_attached()
    expect(page.locator("#view .beats [data-grid=millivolt]")).to_have_count(0)


def test_keys_pan_and_zoom(open_page: Open, site: Site) -> None:
    """Plus enlarges, an arrow moves, 1 is true size."""
    page = open_page()
    upload(page, site)
    paper = page.locator("#query .paper-scroll")
    paper.focus()
    for _ in range(4):
        page.keyboard.press("+")
    wide = page.locator("#query svg.ecg").bounding_box()
    assert wide is not None
    assert wide["width"] > 1400
    page.keyboard.press("ArrowRight")
    expect(paper).not_to_have_js_property("scrollLeft", 0)


def test_two_ecgs_on_each_other(open_page: Open, site: Site) -> None:
    """Each stretch R on R; refused where one has no millivolts."""
    page = open_page()
    upload(page, site)
    go(page, site, "#/compare/a/1")
    page.wait_for_selector("#overlay svg")
    page.select_option("#arrangement", "beside")
    first, second = page.locator(".side-by-side > .panel").all()
    boxes = first.bounding_box(), second.bounding_box()
    assert boxes[0] is not None
    assert boxes[1] is not None
    assert boxes[0]["y"] == pytest.approx(boxes[1]["y"], abs=2)
    page.select_option("#arrangement", "overlaid")
    expect(page.locator("#overlaid path.theirs")).to_have_count(13)
    expect(page.locator("#overlaid .legend")).to_contain_text("a/1")
    keep(page, "desktop-overlaid")

    go(page, site, "#/compare/z/4")
    page.wait_for_selector("#overlay")
    page.select_option("#arrangement", "overlaid")
    expect(page.locator("#overlaid")).to_contain_text("Not drawn on each other")
    expect(page.locator("#overlaid svg")).to_have_count(0)


def test_what_made_a_match_is_said(open_page: Open, site: Site) -> None:
    """In words where there is nothing to shade; words and regions are marked where they are."""
    page = open_page()
    upload(page, site)
    go(page, site, "#/compare/a/1")
    page.get_by_role("button", name="Show what made the match").click()
    expect(page.locator("#why")).to_contain_text(re.compile("No part of your ECG|Where the model"))

    marked = page.evaluate(
        """async () => {
          const { markWords } = await import("/static/why.js");
          const box = document.createElement("p");
          const phrases = [{ start: 2, end: 14, statement: "CLBBB" }];
          box.append(...markWords("𝗔 <b>block</b>, AF", phrases));
          return [box.innerHTML, box.textContent];
        }"""
    )
    assert marked[1] == "𝗔 <b>block</b>, AF"
    assert re.search(r"<mark[^>]*>&lt;b&gt;block&lt;/b&gt;</mark>, AF$", marked[0])

    shaded = page.evaluate(
        """async () => {
          const { shade } = await import("/static/why.js");
          const node = document.createElementNS("http://www.w3.org/2000/svg", "svg");
          const strip = { lead: "V1", x: 31, y: 50, start_s: 2.5, duration_s: 2.5 };
          const region = { leads: ["V1"], spans: [[0, 1], [2, 3], [4, 4.5]] };
          shade(node, { mm_per_s: 25, strips: [strip, { ...strip, lead: "V2" }] }, [region]);
          const sizes = r => [r.getAttribute("x"), r.getAttribute("width")].map(Number);
          return [...node.querySelectorAll("rect")].map(sizes);
        }"""
    )
    assert shaded == [[31, 12.5], [68.5, 12.5]]  # mm, hand-worked: 2.5-3 s and 4-4.5 s


def test_put_aside_and_stressed(open_page: Open, site: Site) -> None:
    """A case put aside makes room; an aspect and a measured value go with the question."""
    page = open_page()
    upload(page, site)
    first = page.locator(".hit").first.get_attribute("data-case")
    page.locator(".hit").first.get_by_role("button", name="Not this one").click()
    expect(page.locator("#hits")).to_contain_text("1 cases put aside")
    expect(page.locator(f".hit[data-case='{first}']")).to_have_count(0)
    page.get_by_role("button", name="Bring them back").click()
    expect(page.locator(f".hit[data-case='{first}']")).to_have_count(1)

    page.locator("#filters summary").click()
    page.select_option("select[name=like]", "rhythm")
    page.fill("input[name=has]", "Sinusrhythmus")  # a name, in either language
    page.fill("input[name=least]", "90")
    with page.expect_request(lambda r: "/v1/search" in r.url) as asked:
        page.get_by_role("button", name="Search again").click()
    assert "like=rhythm" in asked.value.url
    assert "has=SR" in asked.value.url
    assert "where=qrs_ms+%3E%3D+90" in asked.value.url
    expect(page.locator("#query .notes")).to_contain_text("stresses rhythm")


def test_earlier_ecgs_have_a_view_of_their_own(open_page: Open, site: Site) -> None:
    """They never stand among the similar cases."""
    page = open_page()
    upload(page, site)
    page.locator(".hit[data-case='a/1']").get_by_role("button", name="More like this").click()
    page.get_by_role("link", name="2 earlier ECGs").click()
    expect(page.locator("#view tbody tr")).to_have_count(3)
    expect(page.locator("#view")).to_contain_text("no precedents")
    page.locator("#view a[href='#/compare/a/2']").click()
    page.wait_for_selector("#overlay")


def test_a_draft_leaves_only_when_confirmed(open_page: Open, site: Site) -> None:
    """Cited, changed by a person, confirmed with a name, saved as text; on a German page."""
    page = open_page(language="de-DE")
    upload(page, site)
    page.get_by_role("link", name="Befund entwerfen").click()
    page.wait_for_selector("#draft .sentences li")
    rows = page.locator("#draft .sentences > li")
    expect(rows.first).to_contain_text("an Ihrem EKG gemessen")
    expect(rows.nth(1).locator("textarea")).to_have_value("Sinusrhythmus.")
    expect(rows.nth(1)).to_contain_text("aus einem Befund")
    expect(rows.nth(1)).to_contain_text("3 von 4")
    expect(rows.nth(1).locator("a").first).to_be_visible()
    page.locator("#draft summary").click()
    expect(page.locator(".struck")).to_contain_text("ein Wort, das ein Name sein kann")
    save = page.get_by_role("button", name="Bestätigten Befund sichern")
    expect(save).to_be_disabled()

    page.get_by_role("button", name="Eigenen Satz hinzufügen").click()
    page.keyboard.type("In Ruhe.")
    page.locator("#confirmed").check()
    page.fill("#confirmed-by", "E. M.")
    expect(save).to_be_enabled()
    rows.nth(1).locator("textarea").fill("Sinusrhythmus, unregelmäßig.")
    expect(rows.nth(1)).to_contain_text("Ihre eigenen Worte")
    expect(save).to_be_disabled()  # what changed must be read again
    page.locator("#confirmed").check()
    keep(page, "desktop-draft")
    with page.expect_download() as got:
        save.click()
    text = Path(got.value.path()).read_text("utf-8")
    assert "Sinusrhythmus, unregelmäßig.\nIn Ruhe.\n" in text
    assert "Bestätigt von E. M., " in text
    assert text.rstrip().endswith(DISCLAIMER)


@pytest.mark.parametrize("language", ["en-US", "de-DE"])
def test_the_answer_is_taken_away(open_page: Open, site: Site, language: str) -> None:
    """PDF and PNG from the service, JSON and CSV from the page."""
    page = open_page(language=language)
    upload(page, site)
    menu = page.locator("#hits .menu")
    found: dict[str, bytes] = {}
    for name in ("PDF", "PNG", "JSON", "CSV"):
        menu.evaluate("menu => { menu.open = true }")
        with page.expect_download() as got:
            menu.get_by_role("button", name=re.compile(f"^{name}$|a(?:l?)s {name}$")).click()
        found[name] = Path(got.value.path()).read_bytes()

    document = pypdfium2.PdfDocument(found["PDF"])
    text = " ".join(p.get_textpage().get_text_range() for p in document)
    assert ("Sinusrhythmus" if language == "de-DE" else "sinus rhythm") in text
    assert max(Image.open(io.BytesIO(found["PNG"])).size) > 1000
    assert DISCLAIMER in found["JSON"].decode()
    assert found["CSV"].decode().startswith(f'"{DISCLAIMER}"')


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


def test_offline_the_page_opens_and_holds_no_answer(open_page: Open, site: Site) -> None:
    """The service worker keeps the static shell alone; the page then says what is missing."""
    page = open_page()
    upload(page, site)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    kept = page.evaluate(
        """async () => (await Promise.all((await caches.keys()).map(async name =>
            (await (await caches.open(name)).keys()).map(r => new URL(r.url).pathname)))).flat()"""
    )
    assert len(kept) > 20
    assert all(path.startswith("/static/") for path in kept)
    page.reload()
    page.wait_for_selector("body.ready")
    page.context.set_offline(True)
    page.reload()
    page.wait_for_selector("body.ready")
    page.fill("#text", "vorhofflimmern")
    page.keyboard.press("Enter")
    expect(page.locator("#alert")).to_contain_text("does not answer")
    page.context.set_offline(False)
