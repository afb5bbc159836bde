"""A file of bare numbers in the browser: what it leaves out is asked for, the file only once."""

import io

import numpy as np
import pytest
from axe_core_python.sync_playwright import Axe
from playwright.sync_api import FilePayload, expect

from tests.api.service import heart
from tests.web.conftest import SIZES, Open, Site, keep


def bare() -> FilePayload:
    """Return an ECG as a CSV file of nothing but numbers, mV."""
    made = io.BytesIO()
    np.savetxt(made, heart(99).signal.T, delimiter=",", fmt="%.4f")
    return {"name": "bare.csv", "mimeType": "text/csv", "buffer": made.getvalue()}


WORDS = {
    "en-US": ("does not say its sampling rate, unit, order of the leads;",
              "Sampling rate (Hz)", "Unit of the numbers", "Standard order, I to V6",
              "Read it with this", "for 2 leads",
              "Stated, not read from the file: rate, unit, leads.", "12 leads · 500 Hz"),
    "de-DE": ("fehlt: Abtastrate, Einheit, Reihenfolge der Ableitungen",
              "Abtastrate (Hz)", "Einheit der Zahlen", "Übliche Folge, I bis V6",
              "Damit lesen", "für 2 Ableitungen",
              "Angegeben, nicht aus der Datei gelesen", "12 Ableitungen · 500 Hz"),
}  # fmt: skip


@pytest.mark.parametrize("language", WORDS)
def test_a_bare_file_is_read_with_what_is_stated(open_page: Open, language: str) -> None:
    """The error names what is missing; fields for it, by keyboard; wrong leads can be mended."""
    said, rate, unit, standard, again, wrong, noted, facts = WORDS[language]
    page = open_page("phone", language)
    page.set_input_files("#files", bare())
    expect(page.locator("#alert")).to_contain_text(said)
    expect(page.get_by_label(rate)).to_be_focused()
    expect(page.get_by_label(rate)).to_have_value("")  # nothing is guessed
    page.keyboard.type("500")
    page.get_by_label(unit).select_option("mV")
    order = page.locator("#stated input[name=lead_order]")
    order.fill("I II")
    page.keyboard.press("Enter")
    expect(page.locator("#alert")).to_contain_text(wrong)
    expect(page.get_by_label(rate)).to_have_value("500")
    expect(order).to_have_value("I II")
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES["phone"][0]
    keep(page, f"phone-stated-{language}")
    if language == "en-US":
        assert Axe().run(page)["violations"] == []

    page.get_by_role("button", name=standard).click()
    page.get_by_role("button", name=again).click()
    page.wait_for_selector("#hits .hit")
    expect(page.locator("#query .facts-line")).to_contain_text(facts)
    expect(page.locator("#query .notes")).to_contain_text(noted)
    expect(page.locator("#stated")).to_be_hidden()
    expect(page.locator("#alert")).to_be_empty()


def test_what_was_typed_outlives_the_language_and_no_other_question(
    open_page: Open, site: Site
) -> None:
    """The fields come again in German with what was typed; another file does away with them."""
    page = open_page()
    page.set_input_files("#files", bare())
    page.get_by_label("Sampling rate (Hz)").fill("250")
    page.select_option("#language", "de")
    expect(page.get_by_label("Abtastrate (Hz)")).to_have_value("250")
    page.set_input_files("#files", site.ecg)
    page.wait_for_selector("#hits .hit")
    expect(page.locator("#stated")).to_be_hidden()
    page.set_input_files("#files", bare())
    expect(page.get_by_label("Abtastrate (Hz)")).to_have_value("")


def test_a_case_of_bare_numbers_is_added(open_page: Open, site: Site) -> None:
    """On the library's page, with the file that was chosen once; its patient is erased again."""
    page = open_page()
    page.goto(f"{site.origin}/#/library")
    page.wait_for_selector(".counts")
    page.locator("summary", has_text="Add one case").click()
    page.get_by_label("Files of one ECG").set_input_files(bare())
    page.get_by_label("Report by").last.select_option("clinician")
    page.get_by_label("Report", exact=True).fill("Sinusrhythmus")
    page.locator("input[name=patient]").fill("x:7")
    add = page.get_by_role("button", name="Add one case")
    add.click()
    expect(page.locator(".manage .warning")).to_contain_text("does not say its sampling rate")
    page.get_by_label("Sampling rate (Hz)").fill("500")
    page.get_by_label("Unit of the numbers").select_option("mV")
    page.get_by_role("button", name="Standard order").click()
    add.click()
    expect(page.locator(".manage", has_text="Added:")).to_be_visible()
    expect(page.get_by_label("Sampling rate (Hz)")).to_have_count(0)

    page.locator("summary", has_text="Erase a patient").click()
    page.get_by_label("Patient id", exact=True).last.fill("x:7")
    page.get_by_role("button", name="Erase …").click()
    page.get_by_role("button", name="Erase", exact=True).click()
    expect(page.locator(".counts dd").first).to_have_text("5")
