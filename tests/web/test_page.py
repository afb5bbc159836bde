"""The page in a browser: each story a clinician meets, on a desktop and on a phone."""

import re
from pathlib import Path

import numpy as np
import pytest
from axe_core_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from precord.api.schemas import DISCLAIMER
from precord.io import write_wfdb
from precord.leads import LEADS
from precord.record import Record
from tests.web.conftest import SIZES, Open, Site, keep

CSS_MM = 96 / 25.4  # px, CSS Values and Units 3, 6.2


def upload(page: Page, site: Site) -> None:
    """Put in an ECG, and wait for its answer."""
    page.set_input_files("#files", site.ecg)
    page.wait_for_selector("#hits .hit")
    page.wait_for_selector("#query svg.ecg")


def go(page: Page, site: Site, view: str) -> None:
    """Go to a view of the page."""
    page.evaluate("view => { location.hash = view }", view)
    assert page.url.startswith(site.origin)


@pytest.mark.parametrize("size", SIZES)
def test_an_ecg_in_precedents_out(open_page: Open, site: Site, size: str) -> None:
    """What was read, the trace, each hit with report and author; nothing wider than the screen."""
    page = open_page(size)
    upload(page, site)

    expect(page.locator("#query .facts-line")).to_contain_text("12 leads · 500 Hz · 10.0 s")
    assert page.locator("#query svg.ecg path.trace[clip-path]").count() == 13  # 3x4 and a strip
    assert page.locator("#hits .hit").count() == 4  # none simulated
    assert page.locator(".badge").all_inner_texts().count("clinician") == 2
    expect(page.locator(".disclaimer")).to_have_text(DISCLAIMER)
    assert page.locator("#hits .report", has_text="<b>fett</b>").count() == 1  # text, no markup
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]
    assert page.locator("label.camera").is_visible() == (size == "phone")
    tools = page.locator("#query .tools").bounding_box()
    assert tools is not None
    assert tools["height"] <= 130  # px: three rows on a phone, so that the trace is in sight
    keep(page, f"{size}-answer")


def test_a_millimetre_is_a_millimetre(open_page: Open, site: Site) -> None:
    """At true size 25 grid lines span a second; the trace lies where the API's layout says."""
    page = open_page()
    upload(page, site)
    page.get_by_label("True size").first.click()

    grid = page.locator("#query svg.ecg path.major[data-grid=time]")
    paper = page.locator("#query svg.ecg rect.paper").bounding_box()
    assert paper is not None
    assert paper["width"] == pytest.approx(275 * CSS_MM, abs=0.5)
    lines = grid.get_attribute("d") or ""
    assert lines.count("M") == 275 // 5 + 1
    first = page.locator("#query [data-lead=I] path.trace").get_attribute("d") or ""
    xs = [float(x) for x in re.findall(r"[ML](\S+) ", first)]
    assert (xs[-1] - xs[0]) / 25 == pytest.approx(2.5, abs=0.01)  # seconds in a column of 3x4
    pulse = page.locator("#query .pulse").first.get_attribute("d") or ""
    assert "v-10h5v10" in pulse  # 1 mV for 0.2 s


def test_the_ruler_shows_where_it_is_asked_for(open_page: Open, site: Site) -> None:
    """Beside its button, once, with the slider in hand; true size is then that of this screen."""
    page = open_page()
    upload(page, site)
    button = page.get_by_label("Calibrate true size").first
    button.click()
    ruler = page.locator("#query .ruler")
    expect(ruler).to_be_in_viewport()
    slider = page.locator("#query .calibration input")
    expect(slider).to_be_focused()
    page.keyboard.press("Home")  # 2 px a millimetre, the least
    card = ruler.bounding_box()
    assert card is not None
    assert card["width"] == pytest.approx(2 * 85.6, abs=0.1)
    button.click()
    expect(ruler).to_have_count(0)

    button.click()
    page.keyboard.press("Home")
    page.get_by_role("button", name="Done").click()
    paper = page.locator("#query svg.ecg rect.paper").bounding_box()
    assert paper is not None
    assert paper["width"] == pytest.approx(275 * 2, abs=0.5)


def test_print_is_at_true_scale(open_page: Open, site: Site) -> None:
    """On paper a page of an ECG is as wide as the API's layout says, in millimetres."""
    page = open_page()
    upload(page, site)
    page.emulate_media(media="print")
    drawing = page.locator("#query svg.ecg")
    paper = page.locator("#query svg.ecg rect.paper").bounding_box()
    assert paper is not None
    assert paper["width"] == pytest.approx(275 * CSS_MM, abs=0.5)
    assert drawing.evaluate("node => node.style.getPropertyValue('--print')") == "297mm"
    expect(page.locator("#query .tools")).to_be_hidden()
    words = page.locator("#query h2").bounding_box()
    assert words is not None
    assert words["x"] >= 10 * CSS_MM  # a printer leaves no ink at the edge of the paper


def test_speed_gain_and_layout(open_page: Open, site: Site) -> None:
    """What is chosen is drawn, and said beside the trace."""
    page = open_page()
    upload(page, site)
    page.select_option("#query select[name=speed]", "50")
    page.select_option("#query select[name=gain]", "20")
    page.select_option("#query select[name=layout]", "cabrera")

    expect(page.locator("#query svg.ecg .lead-name", has_text="-aVR")).to_be_visible()
    expect(page.locator("#query svg.ecg .facts").first).to_contain_text("50 mm/s · 20 mm/mV")
    assert "v-20h10v20" in (page.locator("#query .pulse").first.get_attribute("d") or "")


def test_the_last_choice_is_drawn_whatever_comes_last(open_page: Open, site: Site) -> None:
    """An answer that was overtaken is not drawn over the newer one."""
    page = open_page()
    upload(page, site)
    held: list[Route] = []
    page.route("**/ecg?*speed=50*gain=10*", lambda route: held.append(route))  # noqa: PLW0108 - Playwright looks at its signature
    page.select_option("#query select[name=speed]", "50")
    page.select_option("#query select[name=gain]", "20")
    facts = page.locator("#query svg.ecg .facts").first
    expect(facts).to_contain_text("50 mm/s · 20 mm/mV")
    with page.expect_response("**/ecg?*gain=10*"):
        held[0].continue_()
    page.wait_for_load_state("networkidle")
    expect(facts).to_contain_text("50 mm/s · 20 mm/mV")


def test_calipers_by_keyboard_and_by_pointer(open_page: Open, site: Site) -> None:
    """They start a second apart; an arrow moves a leg by half a millimetre, 20 ms."""
    page = open_page()
    upload(page, site)
    page.get_by_role("button", name="Calipers").click()
    reading = page.locator("#query .reading")
    expect(reading).to_have_text("1,000 ms · 60/min · 1.00 mV")
    page.keyboard.press("ArrowLeft")
    expect(reading).to_have_text("980 ms · 61/min · 1.00 mV")
    page.get_by_role("button", name="March out").click()
    assert page.locator("#query .march").count() > 5
    page.locator("#query svg.ecg").focus()
    for _ in range(60):  # 25 mm to the edge of the paper
        page.keyboard.press("Shift+ArrowLeft")
    expect(reading).to_have_text("1,980 ms · 30/min · 1.00 mV")

    paper = page.locator("#query .paper-scroll")
    paper.scroll_into_view_if_needed()
    box = page.locator("#query svg.ecg").bounding_box()
    assert box is not None
    scale = box["width"] / 297

    def drag(begin: tuple[int, int], end: tuple[int, int]) -> list[float]:
        """Return the seconds and millivolts after a drag between places in mm."""
        for (x, y), press in ((begin, page.mouse.down), (end, page.mouse.up)):
            page.mouse.move(box["x"] + x * scale, box["y"] + y * scale)
            press()
        found = re.match(r"([\d,]+) ms .* (\S+) mV", reading.inner_text())
        assert found
        return [float(found[1].replace(",", "")) / 1000, float(found[2].replace("−", "-"))]

    assert drag((100, 40), (120, 40)) == pytest.approx([0.8, 0], abs=0.02)  # 20 mm
    moved = drag((120, 90), (110, 95))  # its second leg alone, far from its corner
    assert moved == pytest.approx([0.4, 0], abs=0.02)
    moved = drag((110, 40), (110, 30))  # and its corner: 10 mm up
    assert moved == pytest.approx([0.4, 1], abs=0.02)


def test_unknown_scale_has_a_time_grid_and_a_banner(open_page: Open, site: Site) -> None:
    """No millivolt line, no pulse, no millivolt on the calipers, no overlay."""
    page = open_page()
    upload(page, site)
    go(page, site, "#/compare/z/4")
    page.wait_for_selector("#overlay")
    panel = page.locator(".side-by-side .panel").nth(1)
    expect(panel.locator(".banner")).to_contain_text("amplitudes are not comparable")
    assert panel.locator("[data-grid=time]").count() == 2
    assert panel.locator("[data-grid=millivolt]").count() == 0
    assert panel.locator(".pulse").count() == 0
    assert "mV" not in panel.inner_text()
    panel.get_by_role("button", name="Calipers").click()
    expect(panel.locator(".reading")).to_have_text("1,000 ms · 60/min")
    expect(page.locator("#overlay")).to_contain_text("Not drawn on each other")
    expect(page.locator("#overlay svg")).to_have_count(0)
    keep(page, "desktop-unknown-scale")


@pytest.mark.parametrize("size", SIZES)
def test_side_by_side(open_page: Open, site: Site, size: str) -> None:
    """Both traces move together; the median beats lie on each other where both have millivolts."""
    page = open_page(size, scheme="dark")
    upload(page, site)
    go(page, site, "#/compare/a/1")
    page.wait_for_selector("#overlay svg")
    expect(page.locator(".side-by-side svg.ecg")).to_have_count(2)
    page.locator(".side-by-side button[aria-label='Larger']").first.click()
    papers = page.locator(".side-by-side .paper-scroll")
    papers.first.evaluate("paper => { paper.scrollLeft = 40 }")
    expect(papers.nth(1)).to_have_js_property("scrollLeft", 40)
    expect(page.locator("#overlay .ours").nth(6)).to_be_attached()
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]
    keep(page, f"{size}-compare")


def test_words_in_german(open_page: Open) -> None:
    """A German browser gets a German page, and finds by a German word."""
    page = open_page("phone", "de-DE")
    expect(page.locator("h1")).to_have_text("Welche früheren EKGs ähneln diesem?")
    page.fill("#text", "vorhofflimmern")
    page.keyboard.press("Enter")
    expect(page.locator(".hit").first).to_contain_text("Vorhofflimmern")
    page.select_option("#language", "en")
    expect(page.locator(".hit .chips").first).to_contain_text("atrial fibrillation")


def test_a_verdict_is_shown_and_kept(open_page: Open, site: Site) -> None:
    """The library counts it."""
    page = open_page()
    upload(page, site)
    verdict = page.locator(".hit").first.get_by_role("button", name="Relevant", exact=True)
    verdict.click()
    expect(verdict).to_have_attribute("aria-pressed", "true")
    go(page, site, "#/library")
    expect(page.locator(".counts")).to_contain_text("Relevant1")
    with page.expect_download() as got:
        page.get_by_role("link", name="Save the verdicts as CSV").click()
    assert Path(got.value.path()).read_text("utf-8").endswith(",relevant\n")
    keep(page, "desktop-library")


def test_a_refusal_is_one_line(open_page: Open, site: Site) -> None:
    """What cannot be read is said, and the page can be used again."""
    page = open_page()
    page.set_input_files(
        "#files", {"name": "x.txt", "mimeType": "text/plain", "buffer": b"no ECG at all"}
    )
    expect(page.locator("#alert")).to_contain_text("x.txt")
    upload(page, site)
    expect(page.locator("#alert")).to_be_empty()


def test_nothing_old_stands_beside_a_refusal(open_page: Open, site: Site) -> None:
    """A file that is refused leaves no answer to another ECG on the page, nor one to go back to."""
    page = open_page()
    upload(page, site)
    page.set_input_files("#files", site.ecg[0])  # its signal file was forgotten
    expect(page.locator("#alert")).to_have_text(
        "ecg.hea: its signal file ecg.dat is missing; give both together"
    )
    expect(page.locator("#answer")).to_be_hidden()
    go(page, site, "#/library")
    page.wait_for_selector(".counts")
    go(page, site, "#/")
    expect(page.locator("#ask")).to_be_visible()
    expect(page.locator("#answer")).to_be_hidden()


def test_words_that_nobody_wrote_are_doubted(open_page: Open) -> None:
    """Something is always nearest; the page says that these words say nothing."""
    page = open_page(language="de-DE")
    page.fill("#text", "xyzzy quux")
    page.keyboard.press("Enter")
    warning = page.locator("#trust .warning")
    expect(warning).to_contain_text("Zweifelhaft")
    expect(warning).to_contain_text("kein Befund dieser Bibliothek enthält eines dieser Worte")
    page.fill("#text", "vorhofflimmern")
    page.keyboard.press("Enter")
    expect(page.locator(".hit").first).to_contain_text("Vorhofflimmern")
    expect(page.locator("#trust .warning")).to_have_count(0)


def test_criteria_steer(open_page: Open, site: Site) -> None:
    """The same ECG is asked again, narrower, without a second upload."""
    page = open_page()
    upload(page, site)
    page.locator("#filters summary").click()
    page.fill("input[name=has]", "AFIB")
    page.get_by_role("button", name="Search again").click()
    expect(page.locator("#hits .hit")).to_have_count(1)


def test_keyboard_alone(open_page: Open, site: Site) -> None:
    """From the top of the page to a case and back without a pointer."""
    page = open_page()
    page.locator("#text").focus()
    page.keyboard.type("vorhofflimmern")
    page.keyboard.press("Enter")
    page.wait_for_selector(".hit")
    link = page.locator(".hit h3 a").first
    for _ in range(60):
        page.keyboard.press("Tab")
        if link.evaluate("node => node === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(page.locator("#view svg.ecg")).to_be_visible()
    page.go_back()
    expect(page.locator(".hit").first).to_be_visible()
    assert page.url.startswith(site.origin)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(open_page: Open, site: Site, scheme: str) -> None:
    """axe-core on every view."""
    page = open_page(scheme=scheme)
    found = []
    upload(page, site)
    for view in ("#/", "#/compare/a/1", "#/library"):
        go(page, site, view)
        page.wait_for_selector({"#/": ".hit", "#/library": ".counts"}.get(view, "#overlay"))
        for violation in Axe().run(page)["violations"]:
            found += [f"{view} {violation['id']} {n['html'][:120]}" for n in violation["nodes"]]
    assert found == []


def test_without_the_key_nothing_shows(open_page: Open, site: Site) -> None:
    """Another browser on this machine gets a page that says what to do."""
    page = open_page()
    other = page.context.browser.new_context().new_page()  # type: ignore[union-attr]
    answer = other.goto(site.origin)
    assert answer is not None
    assert answer.status == 401
    assert other.locator("main").count() == 0
    other.context.close()


def test_the_shell_is_small(open_page: Open, site: Site) -> None:
    """All that the page loads before it is used weighs less than 400 kB."""
    page = open_page()
    sizes = page.evaluate(
        """['navigation', 'resource'].flatMap(kind => performance.getEntriesByType(kind))
            .map(entry => entry.decodedBodySize)"""
    )
    assert 10_000 < sum(sizes) < 400_000
    assert page.url.startswith(site.origin)


def test_what_stands_before_the_hits(open_page: Open, site: Site) -> None:
    """What this library can hardly show, and what the nearest cases have, without a verdict."""
    page = open_page()
    upload(page, site)
    before = page.locator("#consensus")
    assert "can hardly show" in before.inner_text()
    before.locator("summary", has_text="nearest real").click()
    expect(before).to_contain_text("do not make this ECG normal")
    expect(before.locator("table")).to_contain_text("myocardial infarction")
    expect(before).to_contain_text("Most serious among them: atrial fibrillation (1 of 4)")
    before.locator("summary", has_text="cannot show").click()
    expect(before.locator(".rare").first).to_be_attached()
    expect(before).to_contain_text("Fewer than 10 cases")


def test_what_is_no_ecg_gets_no_answer(open_page: Open, tmp_path: Path) -> None:
    """The page says so, in words, where the hits would stand."""
    noise = np.random.default_rng(0).normal(0, 0.3, (12, 5000)).astype(np.float32)
    header = write_wfdb(Record(noise, LEADS, 500.0), tmp_path / "noise")
    page = open_page()
    page.set_input_files("#files", [str(header), str(header.with_suffix(".dat"))])
    page.wait_for_selector("#trust .warning")
    expect(page.locator("#trust")).to_contain_text("No answer")
    expect(page.locator("#trust")).to_be_in_viewport()
    expect(page.locator("#query .read")).to_contain_text("the model was not asked")
    expect(page.locator("#hits .hit")).to_have_count(0)


def test_the_services_own_sentences_follow_the_language(open_page: Open, site: Site) -> None:
    """Notes and refusals are German on a German page, and English when it is changed."""
    page = open_page(language="de-DE")
    upload(page, site)
    note = page.locator("#query .notes")
    expect(note).to_contain_text("ausgelassen: 1 simulierte")
    page.select_option("#language", "en")
    expect(note).to_contain_text("left out: 1 simulated")
    page.select_option("#language", "de")
    bad = {"name": "bad.hea", "mimeType": "text/plain", "buffer": b"no header"}
    page.set_input_files("#files", bad)  # type: ignore[arg-type]
    expect(page.locator("#alert")).to_contain_text("unbekannter Inhalt; precord liest")
