"""The report keeps everything in sight: without scripts, on a narrow screen, and on paper."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import new_page
from tests.browser.watching import CLOSE_ALL, OPEN_ALL, SLOWEST

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1200)]

# Figures and tables that take no room on the page.
UNSEEN = """() => [...document.querySelectorAll("main figure, main table")].filter(one => {
  const box = (one.tagName === "TABLE" ? one : one.querySelector(".art > *")).getBoundingClientRect();
  return box.width < 8 || box.height < 8 || !one.checkVisibility();
}).map(one => one.id || one.outerHTML.slice(0, 120))"""
# Elements that reach beyond the right edge and are not in a box that scrolls by itself.
BEYOND = """() => [...document.querySelectorAll("main *")].filter(one => {
  if (one.closest("svg") !== null && one.tagName !== "svg") return false;
  if (one.closest(".wide, .art, pre, .full, caption.quiet") !== null) return false;
  return one.getBoundingClientRect().right > document.documentElement.clientWidth + 1;
}).map(one => one.outerHTML.slice(0, 120)).slice(0, 5)"""


# Characters of the answer that are seen without a scroll.
SEEN = """() => {
  const walker = document.createTreeWalker(document.getElementById("summary"), NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  let count = 0;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.parentElement.closest(".quiet") !== null || !node.parentElement.checkVisibility()) continue;
    range.selectNodeContents(node);
    if (range.getBoundingClientRect().top < innerHeight) count += node.textContent.trim().length;
  }
  return count;
}"""


def test_without_scripts_every_figure_and_table_can_be_seen(chromium: Browser, report: Path) -> None:
    with new_page(chromium, java_script_enabled=False) as page:
        page.goto(report.as_uri(), timeout=SLOWEST)
        assert page.locator("nav.contents button").count() == 0  # what scripts add is not there
        closed = page.locator("details:not([open])")
        count = closed.count()
        closed.first.locator("summary").first.click()  # a closed part opens by itself, without a script
        assert closed.count() == count - 1
        page.evaluate(OPEN_ALL)
        assert page.locator("main figure").count() > 20
        assert page.evaluate(UNSEEN) == []
        page.locator('nav.contents a[href="#limitations"]').click()
        assert page.url.endswith("#limitations")


@pytest.mark.parametrize("width", [600, 320])
def test_nothing_reaches_beyond_a_narrow_screen(width: int, opened: Page) -> None:
    opened.emulate_media(media="screen")
    opened.set_viewport_size({"width": width, "height": 900})
    opened.evaluate(OPEN_ALL)
    assert opened.evaluate(BEYOND) == []
    assert opened.evaluate("document.documentElement.scrollWidth") <= width


def test_paper_shows_what_is_open(opened: Page) -> None:
    """Twelve pages of answers, or the whole evidence."""
    opened.evaluate(CLOSE_ALL)
    assert opened.locator("details").count() > 5
    opened.emulate_media(media="print")
    assert 1 <= pages(opened.pdf()) <= 12
    opened.evaluate(OPEN_ALL)
    assert opened.evaluate(UNSEEN) == []
    assert 5 < pages(opened.pdf()) <= 60


@pytest.mark.parametrize("size", [(1280, 720), (390, 844)])
def test_the_closed_report_is_short(size: tuple[int, int], opened: Page) -> None:
    opened.emulate_media(media="screen")
    opened.set_viewport_size({"width": size[0], "height": size[1]})
    opened.evaluate(CLOSE_ALL)
    assert len(opened.evaluate("document.body.innerText")) <= 12_000
    assert opened.evaluate("document.documentElement.scrollHeight") <= 9_000 * (1 if size[0] > 600 else 2)
    assert 0 < opened.evaluate(SEEN) <= 1_900


def pages(pdf: bytes) -> int:
    """Returns how many pages a PDF says that it has."""
    return max(
        int(count)
        for count in re.findall(rb"/Type /Pages[^>]*?/Count (\d+)|/Count (\d+)", pdf)
        for count in count
        if count
    )
