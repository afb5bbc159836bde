"""What must be seen at a glance, and what must not get lost.

The service answers; what it says is changed on its way to the page where the small library of
the tests has nothing of the kind.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page, Route, expect

from tests.web.conftest import SIZES, Open, Site, keep
from tests.web.test_page import go, upload

Change = Callable[[dict[str, Any]], None]
LONG = "Sinusrhythmus. " + 100 * "Ein Satz, der nichts sagt. "


def _changed(page: Page, address: str, change: Change) -> None:
    """Let *change* have a say in what the service answers at *address*."""

    def answer(route: Route) -> None:
        got = route.fetch()
        body = got.json()
        change(body)
        route.fulfill(response=got, body=json.dumps(body))

    page.route(address, answer)


def _raise(answer: dict[str, Any]) -> None:
    """Let two critical findings be raised, with a case of the first."""
    answer["critical"] = [
        {
            "name": "atrial fibrillation",
            "codes": ["AFIB"],
            "support": ["so"],
            "precedents": ["a/2"],
        },
        {"name": "long QT", "codes": ["LNGQT"], "support": ["so"], "precedents": []},
    ]


def test_what_must_not_be_overlooked_stands_above_the_ecg(open_page: Open, site: Site) -> None:
    """In sight on a phone without scrolling; its reasons are a tap away."""
    page = open_page("phone")
    _changed(page, "**/v1/search*", _raise)
    upload(page, site)
    line = page.locator("#trust .warning", has_text="Not to be overlooked")
    expect(line).to_contain_text("atrial fibrillation · long QT")
    expect(line).to_be_in_viewport()
    expect(page.locator("#consensus li").first).not_to_be_in_viewport()
    line.get_by_role("button", name="Reasons and cases").click()
    expect(page.locator("#consensus li").first).to_be_in_viewport()
    expect(page.locator("#consensus")).to_contain_text("No real case of this in the library.")


def test_a_long_report_is_folded_until_asked_for(open_page: Open, site: Site) -> None:
    """How much there is more is said; the rest opens in its place."""

    def lengthen(answer: dict[str, Any]) -> None:
        answer["hits"][0]["report"] = LONG

    page = open_page("phone")
    _changed(page, "**/v1/search*", lengthen)
    upload(page, site)
    report = page.locator(".hit .report").first
    folded = report.bounding_box()
    page.get_by_role("button", name=f"Show the whole report ({len(LONG):,} characters)").click()
    whole = report.bounding_box()
    assert folded
    assert whole
    assert folded["height"] < 200 < whole["height"]
    expect(page.locator(".hit .report").nth(1)).not_to_have_class("folded")


def test_a_difference_is_that_of_the_numbers_shown(open_page: Open, site: Site) -> None:
    """Rounded as they are; none has no sign, and an axis goes the shorter way round."""

    def measure(answer: dict[str, Any]) -> None:
        answer["query"]["measurements"] |= {
            "heart_rate_bpm": 62.4, "qrs_ms": 99.6, "qrs_axis_deg": 170.0,
        }  # fmt: skip
        answer["hits"][0]["measurements"] |= {
            "heart_rate_bpm": 61.6, "qrs_ms": 89.4, "qrs_axis_deg": -170.0,
        }  # fmt: skip

    page = open_page()
    _changed(page, "**/v1/search*", measure)
    upload(page, site)
    shown = page.locator(".hit .measures").first
    expect(shown).to_contain_text("Rate 62/min (±0)")
    expect(shown).to_contain_text("QRS 89 ms (−11)")
    expect(shown).to_contain_text("QRS axis −170° (+20)")


def test_what_narrows_is_counted_beside_the_folded_form(open_page: Open, site: Site) -> None:
    """It holds for the next ECG too, so that nobody may forget it."""
    page = open_page()
    page.locator("#filters summary").click()
    page.fill("input[name=age_min]", "60")
    page.select_option("select[name=sex]", "F")
    page.select_option("select[name=k]", "20")  # how many are shown
    page.locator("#filters summary").click()
    expect(page.locator("#filters summary")).to_have_text("Narrow the cases (3 fields narrow)")
    page.locator("#filters summary").click()
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#filters summary")).to_have_text("Narrow the cases")
    assert page.url.startswith(site.origin)


def test_an_empty_library_is_said_before_anything_is_asked(open_page: Open, site: Site) -> None:
    """With the way to fill it."""
    page = open_page()
    expect(page.locator("#no-cases")).to_be_hidden()
    _changed(page, "**/v1/library", lambda library: library.update(cases=0))
    page.reload()
    expect(page.locator("#no-cases")).to_have_text("This library is empty. Add ECGs")
    page.locator("#no-cases a").click()
    expect(page).to_have_url(f"{site.origin}/#/library")
    page.wait_for_selector(".counts")


def test_a_reload_loses_no_ecg(open_page: Open, site: Site) -> None:
    """The service holds it for a while; the tab knows its name alone, and forgets a wrong one."""
    page = open_page("phone")
    upload(page, site)
    page.reload()
    expect(page.locator("#hits .hit")).to_have_count(4)
    go(page, site, "#/compare/a/1")
    page.wait_for_selector("#overlay")
    page.reload()
    expect(page.locator("#overlay")).to_be_visible()
    page.evaluate("sessionStorage.setItem('precord-query', 'gone')")
    go(page, site, "#/")
    page.reload()
    page.wait_for_selector("body.ready")
    expect(page.locator("#answer")).to_be_hidden()
    expect(page.locator("#alert")).to_be_empty()
    assert page.evaluate("sessionStorage.length") == 0


def test_of_doubtful_cases_a_person_chooses_each_sentence(open_page: Open, site: Site) -> None:
    """What was measured alone stands there by itself; what was changed outlives a look away."""

    def doubt(answer: dict[str, Any]) -> None:
        answer["trust"] = {"verdict": "doubtful", "reasons": ["no case is close"]}

    page = open_page()
    _changed(page, "**/v1/search*", doubt)
    upload(page, site)
    go(page, site, "#/draft")
    boxes = page.locator(".sentences > li > input")
    expect(boxes.first).to_be_checked()
    assert boxes.count() > 1
    for box in boxes.all()[1:]:
        expect(box).not_to_be_checked()
    expect(page.locator("#draft")).to_contain_text("only when you tick it")
    page.locator(".sentences textarea").first.fill("In Ruhe.")
    page.locator(".cited a").first.click()
    page.wait_for_selector("#overlay")
    page.go_back()
    expect(page.locator(".sentences textarea").first).to_have_value("In Ruhe.")


def test_why_a_photo_was_refused_is_seen_on_a_phone(
    open_page: Open, site: Site, tmp_path: Path
) -> None:
    """Above the picture, where there is no room beside it."""
    Image.new("RGB", (900, 600), "white").save(tmp_path / "blank.png")
    page = open_page("phone")
    page.set_input_files("#files", tmp_path / "blank.png")
    expect(page.locator("#reading .warning")).to_be_in_viewport(ratio=1)
    assert page.url.startswith(site.origin)
    keep(page, "phone-photo-refused")


def test_a_photo_that_reached_nobody_is_not_to_be_corrected(
    open_page: Open, site: Site, tmp_path: Path
) -> None:
    """That the service does not answer is no fault of the photo; it can be put in again."""
    Image.new("RGB", (900, 600), "white").save(tmp_path / "blank.png")
    page = open_page("phone")
    page.route("**/v1/read", lambda route: route.abort())
    page.set_input_files("#files", tmp_path / "blank.png")
    expect(page.locator("#alert")).to_contain_text("does not answer")
    assert page.url == f"{site.origin}/"


def test_a_phone_shows_all_of_every_choice_and_number(open_page: Open, site: Site) -> None:
    """No word of the tools is cut, no table wider than its box, no button too small to touch."""
    page = open_page("phone", "de-DE")
    upload(page, site)
    cut = page.locator("#query .tools select").evaluate_all(
        """nodes => nodes.filter(node => {
            const text = document.createElement("span");
            text.style.font = getComputedStyle(node).font;
            text.textContent = node.selectedOptions[0].textContent;
            document.body.append(text);
            const width = text.getBoundingClientRect().width;
            text.remove();
            return width + 24 > node.clientWidth; // the arrow of Chromium and what is left free
        }).map(node => node.name)"""
    )
    assert cut == []
    for tool in page.locator("#query .tool:visible, .hit .button").all():
        box = tool.bounding_box()
        assert box is not None
        assert box["height"] >= 40
        assert box["width"] >= 34
    page.locator("#consensus summary", has_text="nächsten").click()
    votes = page.locator("#consensus .scroll")
    assert votes.evaluate("node => node.scrollWidth <= node.clientWidth")
    go(page, site, "#/compare/a/1")
    page.wait_for_selector("#overlay")
    table = page.locator(".measured.wide").bounding_box()
    assert table is not None
    assert table["x"] + table["width"] <= SIZES["phone"][0] - 20


def test_an_unknown_scale_is_said_above_the_paper(open_page: Open, site: Site) -> None:
    """The banner of the drawing may be scrolled out of sight, the sentence may not."""
    page = open_page("phone")
    upload(page, site)
    go(page, site, "#/compare/z/4")
    page.wait_for_selector("#overlay")
    said = page.locator(".side-by-side .viewer > .warning")
    expect(said.first).to_be_hidden()
    expect(said.nth(1)).to_contain_text("amplitudes are not comparable")
    expect(said.nth(1)).to_be_visible()
