"""The report works where it is read: from disk, and in a sandboxed frame with and without an origin."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from latent_audit.reports.page.render import CHAPTERS
from tests.browser.watching import CLOSE_ALL, OPEN_ALL, SLOWEST, Watched

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1200)]  # the first waits for the session's audits

# Clicks every link of the contents; returns those after which the focus is elsewhere than on the section's heading.
LOST = """async () => {
  const lost = [];
  for (const link of document.querySelectorAll("nav.contents a")) {
    const section = document.getElementById(link.getAttribute("href").slice(1));
    link.click();
    await new Promise(done => setTimeout(done, 0));
    const found = document.activeElement;
    if (found !== section.querySelector("h1,h2")) lost.push(section.id + ": " + found.outerHTML.slice(0, 80));
  }
  return lost;
}"""


def test_nothing_is_asked_for_and_nothing_breaks_the_policy(watched: Watched) -> None:
    expect(watched.frame.locator("h1")).to_be_visible()
    watched.frame.locator("nav.contents button").click()  # all that was closed is laid out too
    assert watched.frame.locator("details:not([open])").count() == 0
    watched.frame.locator("nav.contents button").click()
    assert watched.frame.locator("details[open]").count() == 0
    assert watched.asked == []
    assert watched.complaints() == []


def test_every_link_of_the_contents_moves_the_focus(watched: Watched) -> None:
    assert watched.frame.locator("nav.contents a").count() == len(CHAPTERS)
    assert watched.frame.evaluate(LOST) == []
    assert watched.asked == []
    assert watched.complaints() == []


def test_a_link_brings_its_section_into_view(watched: Watched) -> None:
    watched.frame.locator('nav.contents a[href="#limitations"]').click()
    expect(watched.frame.locator("#limitations h2")).to_be_in_viewport()
    expect(watched.frame.locator("#limitations h2")).to_be_focused()


def test_a_link_to_what_is_closed_opens_it(watched: Watched) -> None:
    link = watched.frame.locator('#summary a[href^="#card-"]').last
    target = (link.get_attribute("href") or "#")[1:]
    watched.frame.evaluate(CLOSE_ALL)
    link.click()
    card = watched.frame.locator(f"[id='{target}']")
    expect(card).to_be_in_viewport()
    assert card.evaluate("card => card.tagName !== 'DETAILS' || card.open")


def test_back_stays_in_the_report_and_every_card_has_an_address(page: Page, report: Path) -> None:
    page.goto(report.as_uri(), timeout=SLOWEST)
    card = (page.locator('#summary a[href^="#card-"]').first.get_attribute("href") or "#")[1:]
    page.locator(f'#summary a[href="#{card}"]').first.click()
    page.locator('nav.contents a[href="#limitations"]').click()
    assert page.url == f"{report.as_uri()}#limitations"
    page.go_back(timeout=SLOWEST)
    assert page.url == f"{report.as_uri()}#{card}"
    expect(page.locator(f"[id='{card}']")).to_be_in_viewport()
    page.goto("about:blank")
    page.goto(f"{report.as_uri()}#{card}", timeout=SLOWEST)
    expect(page.locator(f"[id='{card}']")).to_be_in_viewport()


def test_a_narrow_page_shows_every_verdict_whole(page: Page, report: Path) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(report.as_uri(), timeout=SLOWEST)
    cells = page.locator("#summary table.verdicts :is(.phrase, .effect, .strip img, tr.one td)")
    assert cells.count() > 3
    assert (
        cells.evaluate_all(
            "all => all.filter(one => one.offsetParent === null || one.getBoundingClientRect().right > 390).length"
        )
        == 0
    )


def test_sliders_follow_the_keyboard(watched: Watched) -> None:
    watched.frame.evaluate(OPEN_ALL)
    dial = watched.frame.locator("input[type=range]").first
    dial.focus()
    assert (dial.get_attribute("aria-label") or "").startswith("Set ")
    picture = watched.frame.locator(".frame-now").first
    watched.page.keyboard.press("Home")
    first = dial.get_attribute("aria-valuetext"), picture.get_attribute("style")
    watched.page.keyboard.press("ArrowRight")
    second = dial.get_attribute("aria-valuetext"), picture.get_attribute("style")
    watched.page.keyboard.press("End")
    last = dial.get_attribute("aria-valuetext"), picture.get_attribute("style")
    assert len({first[0], second[0], last[0]}) == 3
    assert len({first[1], second[1], last[1]}) == 3
    assert all(text and text.startswith("quantile ") for text in (first[0], second[0], last[0]))
    assert watched.complaints() == []


def test_tables_sort_and_filter(watched: Watched) -> None:
    watched.frame.evaluate(OPEN_ALL)
    table = watched.frame.locator("#checks table.data").first
    rows = table.locator("tbody tr")
    number = rows.count()
    attribute = table.locator("thead button.sort").nth(1)
    attribute.focus()
    watched.page.keyboard.press("Enter")
    names = table.locator("tbody tr td:nth-child(2)").all_inner_texts()
    assert len(names) == number >= 13
    assert names == sorted(names, key=str.lower)
    assert table.locator("thead th").nth(1).get_attribute("aria-sort") == "ascending"
    box = watched.frame.locator("#checks input.filter").first
    box.fill(names[0])
    assert table.locator("tbody tr:visible").count() == names.count(names[0])
    assert watched.complaints() == []


def test_maps_say_what_lies_where(watched: Watched) -> None:
    box = watched.frame.locator("[data-map]").first
    said = watched.frame.locator("p.point").first
    box.focus()
    watched.page.keyboard.press("ArrowRight")
    first = said.inner_text()
    watched.page.keyboard.press("ArrowRight")
    assert " · " in first
    assert said.inner_text()
    box.scroll_into_view_if_needed()
    place = box.locator("svg").bounding_box()
    assert place is not None
    for share in (0.2, 0.35, 0.5, 0.65, 0.8):  # across the first panel: some point is near
        watched.page.mouse.move(place["x"] + place["width"] * 0.27 * share, place["y"] + 60)
    assert box.locator("canvas").evaluate("canvas => canvas.width") > 100
    assert watched.complaints() == []
