"""Stories beyond a search: waiting, steering, drafting, taking the answer away, offline."""

import io
import re
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image
from playwright.sync_api import Route, expect

from precord.api.schemas import DISCLAIMER
from tests.web.conftest import Open, Site, keep
from tests.web.test_page import upload


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


def test_put_aside_and_stressed(open_page: Open, site: Site) -> None:
    """A case put aside makes room; an aspect and a measured value go with the question."""
    page = open_page()
    upload(page, site)
    first = page.locator(".hit").first.get_attribute("data-case")
    page.locator(".hit").first.get_by_role("button", name="Not this one").click()
    expect(page.locator("#hits")).to_contain_text("1 case put aside")
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


def test_a_statement_that_is_none_is_named_with_what_is_near(open_page: Open, site: Site) -> None:
    """Before anything is asked of the service; a name of the other language is none of these."""
    page = open_page()
    upload(page, site)
    page.locator("#filters summary").click()
    page.fill("input[name=has]", "atrial fibrilation")
    page.get_by_role("button", name="Search again").click()
    expect(page.locator("#alert")).to_have_text(
        re.compile("“atrial fibrilation” is no statement .* Do you mean: .*atrial fibrillation")
    )
    page.fill("input[name=has]", "vorhofflimmern")
    page.get_by_role("button", name="Search again").click()
    expect(page.locator("#hits .hit")).to_have_count(1)
    expect(page.locator("#alert")).to_be_empty()


def test_a_wrong_criterion_costs_no_second_reading(open_page: Open, site: Site) -> None:
    """What was read stays, the refusal is of the search; leads and seconds as people write them."""
    page = open_page(language="de-DE")
    read: list[str] = []
    page.on("request", lambda one: read.append(one.url) if one.url.endswith("/v1/read") else None)
    page.locator("#filters summary").click()
    page.fill("input[name=leads]", "V1 V9")
    page.set_input_files("#files", site.ecg)
    expect(page.locator("#alert")).to_contain_text("V9")
    expect(page.locator("#query svg.ecg")).to_be_visible()
    assert page.url.endswith("/")  # no picture to be corrected

    page.fill("input[name=leads]", "V1 V2")
    page.fill("input[name=window]", "1,0–1,8")
    with page.expect_request(lambda one: "/v1/search" in one.url) as asked:
        page.get_by_role("button", name="Neu suchen").click()
    assert "leads=V1%2CV2&window=1.0-1.8" in asked.value.url
    page.wait_for_selector("#hits .hit")
    expect(page.locator("#query .notes")).to_contain_text("die Reihenfolge betont")
    assert len(read) == 1


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
