"""Two ECGs beside and on each other, one looked at closely, and why they match."""

import re

import pytest
from playwright.sync_api import Route, expect

from tests.web.conftest import Open, Site, keep
from tests.web.test_page import go, upload


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


def test_the_same_qrs_lies_on_itself(open_page: Open, site: Site) -> None:
    """Whichever peak of a notched complex was taken for its middle: here one 40 ms apart."""
    page = open_page()
    upload(page, site)
    query = page.evaluate("sessionStorage.getItem('precord-query')")
    own = page.request.get(f"{site.origin}/v1/queries/{query}/ecg").json()
    for beat in own["beats"]:
        assert beat["step_s"] == 0.004
        beat["values"] = 10 * beat["values"][:1] + beat["values"][:-10]
    page.route("**/v1/cases/a/1/ecg*", lambda route: route.fulfill(json=own))
    go(page, site, "#/compare/a/1")
    expect(page.locator("#overlay path.theirs").first).to_have_attribute("data-late", "-0.040")
    expect(page.locator("#overlay path.ours").first).to_have_attribute("data-late", "0.000")
    page.select_option("#arrangement", "overlaid")
    moved = page.locator("#overlaid path.theirs").first
    expect(moved).to_have_attribute("data-shift", "-1.00")  # mm at 25 mm/s


def test_back_from_a_case_leads_to_its_hit(open_page: Open, site: Site) -> None:
    """Not to the top of the list: it is in sight and has the focus, on a phone too."""
    page = open_page("phone")
    upload(page, site)
    last = page.locator(".hit").last
    last.get_by_role("link", name="Compare").click()
    page.wait_for_selector("#overlay")
    expect(page.locator("#main")).to_be_focused()
    page.get_by_role("link", name="Back").click()
    expect(last).to_be_in_viewport()
    expect(last.locator("h3 a")).to_be_focused()


def test_a_view_that_comes_too_late_shows_nowhere(open_page: Open, site: Site) -> None:
    """A case is opened while another one is still on its way; the slower answer is left aside."""
    page = open_page()
    upload(page, site)
    held: list[Route] = []
    page.route("**/v1/cases/a/1", lambda route: held.append(route))  # noqa: PLW0108 - Playwright looks at its signature
    go(page, site, "#/case/a/1")
    go(page, site, "#/case/a/2")
    title = page.locator("#view h2")
    expect(title).to_have_text("a/2")
    with page.expect_response("**/v1/cases/a/1"):
        held[0].continue_()
    page.wait_for_load_state("networkidle")
    expect(title).to_have_text("a/2")


def test_from_case_to_case(open_page: Open, site: Site) -> None:
    """In the order of the hits, each pair shown as the one before was; back leads to the last."""
    page = open_page()
    upload(page, site)
    ids = [one.get_attribute("data-case") for one in page.locator(".hit").all()]
    page.locator(".hit").first.get_by_role("link", name="Compare").click()
    page.wait_for_selector("#overlay")
    expect(page.get_by_role("link", name="Case before")).to_have_count(0)
    page.select_option("#arrangement", "beside")
    page.locator("#view select[name=gain]").first.select_option("20")
    for case in ids[1:]:
        page.get_by_role("link", name="Next case").click()
        expect(page.locator("#view h2").nth(1)).to_have_text(case or "")
        expect(page.locator("#arrangement")).to_have_value("beside")
        expect(page.locator("#view select[name=gain]").first).to_have_value("20")
        expect(page.locator(".side-by-side")).to_have_class("side-by-side beside")
    expect(page.locator("#view")).to_contain_text("4 of 4")
    expect(page.get_by_role("link", name="Next case")).to_have_count(0)
    page.get_by_role("link", name="Back").click()
    expect(page.locator(".hit").last.locator("h3 a")).to_be_focused()


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
    """Plainly where there is nothing to shade; words and regions are marked where they are."""
    page = open_page()
    upload(page, site)
    go(page, site, "#/compare/a/1")
    page.get_by_role("button", name="Show what made the match").click()
    said = page.locator("#why")
    expect(said).to_contain_text("No part of your ECG: the model read no statement in it")
    expect(said).to_contain_text(re.compile(r"likeness of the whole \(ECG −?\d\.\d\d, report"))
    expect(page.locator("svg .why rect")).to_have_count(0)
    told = page.evaluate(
        """async () => {
          const { describeWhy } = await import("/static/why.js");
          const hit = (shared, query_only) => ({ ecg_score: 0.5, report_score: null,
            explanation: { shared, query_only, regions: [] } });
          const hits = [hit([], ["SR"]), hit(["SR"], []), undefined];
          return hits.map(one => describeWhy(one).textContent);
        }"""
    )
    assert told == [
        (
            "No part of your ECG: this case has nothing of what the model reads in yours (sinus "
            "rhythm). It was found by the likeness of the whole (ECG 0.50); that names no wave."
        ),
        (
            "Both have sinus rhythm, but no single part of your ECG stands out for it; a rhythm "
            "lies in no single wave."
        ),
        "This case is not among the similar cases as they are narrowed now.",
    ]

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
