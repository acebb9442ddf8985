"""The report keeps everything in sight: without scripts, on a narrow screen, and on paper."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.watching import SLOWEST

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1200)]

OPEN_ALL = "document.querySelectorAll('details').forEach(one => { one.open = true; })"
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


def test_without_scripts_every_figure_and_table_can_be_seen(chromium: Browser, report: Path) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, java_script_enabled=False)
    context.set_default_timeout(SLOWEST)
    page = context.new_page()
    page.goto(report.as_uri(), timeout=SLOWEST)
    assert page.locator("nav.contents button").count() == 0  # what scripts add is not there
    summary = page.locator("details:not([open]) > summary").first
    summary.click()  # a closed part opens by itself, without a script
    assert summary.evaluate("summary => summary.parentElement.open")
    page.evaluate(OPEN_ALL)
    assert page.locator("main figure").count() > 20
    assert page.evaluate(UNSEEN) == []
    page.locator('nav.contents a[href="#limitations"]').click()
    assert page.url.endswith("#limitations")
    context.close()


@pytest.mark.parametrize("width", [600, 320])
def test_nothing_reaches_beyond_a_narrow_screen(width: int, page: Page, report: Path) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(report.as_uri(), timeout=SLOWEST)
    page.evaluate(OPEN_ALL)
    assert page.evaluate(BEYOND) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_on_paper_everything_is_open(page: Page, report: Path) -> None:
    page.goto(report.as_uri(), timeout=SLOWEST)
    assert page.locator("details:not([open])").count() > 5
    page.emulate_media(media="print")
    assert page.evaluate(UNSEEN) == []
    closed = pages(page.pdf())
    page.evaluate(OPEN_ALL)
    assert pages(page.pdf()) == closed > 5


def pages(pdf: bytes) -> int:
    """Returns how many pages a PDF says that it has."""
    return max(
        int(count)
        for count in re.findall(rb"/Type /Pages[^>]*?/Count (\d+)|/Count (\d+)", pdf)
        for count in count
        if count
    )
