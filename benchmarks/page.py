"""What it costs to open the page: time to first paint, time until it can be used, and its weight.

Usage: python benchmarks/page.py [--opened 10] [--cases 10000]

`precord serve` on a library as in load.py, opened by Debian's Chromium without a window: each
time a new browser context, so that nothing is kept from before. Times are the browser's own,
from the start of the navigation (PerformancePaintTiming; ready is when the page takes an ECG).
The weight is what the browser decoded and what came over the wire, of the page and all that it
loaded until it was ready.
"""

import argparse
import os
import platform
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from load import make_library, make_weights, serving
from playwright.sync_api import Browser, sync_playwright
from speed import write

_READY = """() => new MutationObserver((_, watch) => {
  if (!document.body?.classList.contains("ready")) return;
  window.readyAt = performance.now();
  watch.disconnect();
}).observe(document, { subtree: true, attributes: true, childList: true })"""
_FOUND = """() => {
  const paint = Object.fromEntries(
    performance.getEntriesByType("paint").map(entry => [entry.name, entry.startTime]));
  const loaded = ["navigation", "resource"].flatMap(kind => performance.getEntriesByType(kind));
  const sum = key => loaded.reduce((total, entry) => total + entry[key], 0);
  return [paint["first-paint"], paint["first-contentful-paint"], window.readyAt,
    sum("decodedBodySize"), sum("transferSize"), loaded.length];
}"""


@dataclass(frozen=True, slots=True)
class Opened:
    """One opening of the page: ms from the start of the navigation, bytes, and requests."""

    first_paint: float
    first_content: float
    ready: float
    decoded: int
    transferred: int
    requests: int


def main() -> None:
    """Print one line a measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--opened", type=int, default=10)
    parser.add_argument("--cases", type=int, default=10_000)
    asked = parser.parse_args()
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        parser.error("no Chromium on this machine: apt-get install chromium (or make setup)")
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        make_library(folder, asked.cases)
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-background-networking"]
        )
        with serving(folder / "library.db", make_weights(folder / "weights", None)) as service:
            url = f"http://127.0.0.1:{service.port}/?key={service.key}"
            open_page(browser, url)  # the service reads its library at the first request
            before = os.getloadavg()[0]
            found = [open_page(browser, url) for _ in range(asked.opened)]
        version = browser.version
        browser.close()
    write(
        f"{platform.machine()}, {platform.system()}, Chromium {version}, {os.cpu_count()} cores, "
        f"load average {before:.1f}; {asked.opened} openings, {asked.cases} cases"
    )
    for title, values in (
        ("first paint", [one.first_paint for one in found]),
        ("first contentful paint", [one.first_content for one in found]),
        ("ready", [one.ready for one in found]),
    ):
        low, middle, high = np.percentile(values, [0, 50, 100])
        write(f"{title}: median {middle:.0f} ms, {low:.0f} to {high:.0f} ms")
    last = found[-1]
    write(
        f"weight: {last.decoded / 1e3:.0f} kB in {last.requests} requests, "
        f"{last.transferred / 1e3:.0f} kB over the wire"
    )


def open_page(browser: Browser, url: str) -> Opened:
    """Open the page in a context of its own; return what the browser says of it."""
    context = browser.new_context()
    try:
        context.add_init_script(f"({_READY})()")
        page = context.new_page()
        page.goto(url)
        page.wait_for_selector("body.ready", timeout=120_000)
        page.wait_for_load_state("load")
        return Opened(*page.evaluate(_FOUND))
    finally:
        context.close()


if __name__ == "__main__":
    main()
