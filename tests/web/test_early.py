"""Tests of the page while it is still loading."""

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.web.conftest import Site


@pytest.mark.parametrize("late", ["**/static/main.js", "**/static/words/*.json"])
def test_files_chosen_before_the_page_is_ready_are_searched_with(
    browser: Browser, site: Site, late: str
) -> None:
    """A slow line: the field is there before the script, or before its words."""
    context = browser.new_context(service_workers="block", locale="en-US")
    page = context.new_page()
    held: list[Route] = []

    def hold(route: Route) -> None:
        """Keep an answer back."""
        held.append(route)

    page.route(late, hold)
    page.goto(site.url, wait_until="commit")
    field = page.locator("#files")
    field.wait_for(state="attached")
    while not held:
        page.wait_for_timeout(50)

    field.set_input_files(site.ecg)
    for route in held:
        route.continue_()

    expect(page.locator(".hit").first).to_be_visible()
    context.close()
