"""The library's page: the map, and what changes a library."""

from pathlib import Path

import pytest
from axe_core_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from tests.api.test_chores import make_zip
from tests.web.conftest import SIZES, Open, Site, keep


def _show(page: Page, site: Site) -> None:
    """Go to the library."""
    assert page.url.startswith(site.origin)
    page.evaluate("location.hash = '#/library'")
    page.wait_for_selector(".counts")


def _unfold(page: Page, title: str) -> None:
    """Open one of the forms."""
    page.locator("summary", has_text=title).click()


def _erase(page: Page, patient: str) -> None:
    """Erase a patient, and be sure."""
    page.get_by_label("Patient id", exact=True).last.fill(patient)
    page.get_by_role("button", name="Erase …").click()
    expect(page.locator("dialog")).to_contain_text("cannot be undone")
    page.get_by_role("button", name="Erase", exact=True).click()


def test_cases_come_and_go(open_page: Open, site: Site, tmp_path: Path) -> None:
    """A zip with progress, one case, a backup, a check; a patient out, but not when cancelled."""
    page = open_page()
    _show(page, site)
    cases = page.locator(".counts dd").first
    expect(cases).to_have_text("5")

    _unfold(page, "Add a folder of ECGs")
    data = make_zip(tmp_path, "none.hea,x:1,SR,,clinician\n")
    archive = {"name": "bad.zip", "mimeType": "application/zip", "buffer": data}
    page.get_by_label("Zip file").set_input_files(archive)  # type: ignore[arg-type]
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".manage .warning")).to_contain_text("none.hea")
    archive["buffer"] = make_zip(tmp_path)
    page.get_by_label("Zip file").set_input_files(archive)  # type: ignore[arg-type]
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".manage", has_text="2 added, 0 already there")).to_be_visible()
    expect(cases).to_have_text("7")

    _unfold(page, "Add one case")
    page.get_by_label("Files of one ECG").set_input_files(site.ecg)
    page.get_by_label("Report by").last.select_option("clinician")
    page.get_by_label("Report", exact=True).fill("Sinusrhythmus")
    page.locator("input[name=patient]").fill("x:3")
    page.get_by_role("button", name="Add one case").click()
    expect(cases).to_have_text("8")

    _unfold(page, "Back up and check")
    page.get_by_role("button", name="Back up").click()
    expect(page.locator(".manage", has_text="MB, checked")).to_be_visible()
    page.get_by_role("button", name="Check every case").click()
    expect(page.locator(".manage", has_text="Whole: 8 cases")).to_be_visible()
    keep(page, "desktop-manage")

    _unfold(page, "Erase a patient")
    page.get_by_label("Patient id", exact=True).last.fill("x:3")
    page.get_by_role("button", name="Erase …").click()
    page.get_by_role("button", name="Cancel").click()
    expect(cases).to_have_text("8")
    for patient, left in (("x:1", "7"), ("x:2", "6"), ("x:3", "5")):
        _erase(page, patient)
        expect(cases).to_have_text(left)
    _erase(page, "nobody")
    expect(page.locator(".manage .warning").last).to_contain_text("holds no case")


def test_new_weights_are_offered_where_there_are_some(open_page: Open, site: Site) -> None:
    """A button with both encoders' names; what the service refuses is said; else no button."""
    page = open_page()
    _show(page, site)
    assert page.get_by_role("button", name="Re-index").count() == 0

    def with_new(route: Route) -> None:
        held = route.fetch()
        route.fulfill(response=held, json=held.json() | {"new_encoder": "newest"})

    page.route("**/v1/library", with_new)
    page.reload()
    page.wait_for_selector(".counts")
    _unfold(page, "Change over to new weights")
    expect(page.locator(".manage", has_text="newest")).to_be_visible()
    page.get_by_role("button", name="Re-index").click()
    expect(page.locator(".manage .warning")).to_contain_text("no new weights")


def test_the_map_is_walked_with_the_keyboard(open_page: Open, site: Site) -> None:
    """One stop of the tab key; arrows go on; Enter opens the case that is named."""
    page = open_page()
    _show(page, site)
    points = page.locator("svg.map a")
    expect(points).to_have_count(5)
    assert page.locator("svg.map a[tabindex='0']").count() == 1
    page.locator("svg.map a[tabindex='0']").focus()
    seen = set()
    for key in ("ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown") * 3:
        page.keyboard.press(key)
        seen.add(page.evaluate("document.activeElement.getAttribute('aria-label')"))
    assert len(seen) > 2
    named = page.evaluate("document.activeElement.getAttribute('aria-label')")
    expect(page.locator(".reading").last).to_have_text(named)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{site.origin}/#/case/{named.partition(':')[0]}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_the_library_fits_and_is_accessible(
    open_page: Open, site: Site, size: str, scheme: str
) -> None:
    """All forms unfolded: nothing wider than the screen, nothing that axe finds."""
    page = open_page(size, scheme=scheme)
    _show(page, site)
    for summary in page.locator(".manage > summary").all():
        summary.click()
    card = page.locator(".card")
    expect(card).to_contain_text("Not a medical device")
    expect(card.get_by_role("heading", level=3, name="Intended use")).to_be_visible()
    expect(card.locator("table td", has_text="256")).to_be_visible()
    assert card.locator("a, img, [style], script").count() == 0
    table = card.locator("table").bounding_box()
    assert table is not None
    assert table["width"] <= SIZES[size][0]  # px: to be read without moving it
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]
    found = [
        f"{v['id']} {n['html'][:120]}" for v in Axe().run(page)["violations"] for n in v["nodes"]
    ]
    assert found == []
    keep(page, f"{size}-library-{scheme}")
