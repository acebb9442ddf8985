"""Figures can be read at the size at which they are shown, and taken away from the page."""

import csv
import io
import xml.etree.ElementTree as ElementTree
from urllib.parse import unquote

import pytest
from playwright.sync_api import Page

from tests.browser.watching import OPEN_ALL

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

# Sizes in pixels of all texts of all drawings as they are shown: the smallest, and that of labels of axes.
SMALLEST, LABELS = 11, 12
SIZES = """() => [...document.querySelectorAll("svg.plot")].flatMap(svg => {
  const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
  return [...svg.querySelectorAll("text")].filter(text => text.textContent.trim()).map(text =>
    [svg.closest("figure").id, text.textContent.trim(), scale * parseFloat(getComputedStyle(text).fontSize)]);
})"""
TAKE = """id => {
  const links = [...document.getElementById(id).querySelectorAll(".take a")];
  return links.map(link => {
    link.addEventListener("click", event => event.preventDefault());
    link.click();
    return [link.textContent, link.download, link.href];
  });
}"""


@pytest.mark.parametrize("width", [1280, 390])
def test_no_text_of_a_figure_is_small(width: int, opened: Page) -> None:
    opened.emulate_media(media="screen")
    opened.set_viewport_size({"width": width, "height": 800})
    opened.evaluate(OPEN_ALL)
    found = opened.evaluate(SIZES)
    assert len(found) > 100
    assert [row for row in found if row[2] < SMALLEST] == []
    assert max(row[2] for row in found) >= LABELS
    # Labels of axes are the texts above the common size: every figure with an axis that is named has one.
    assert {row[0] for row in found if row[2] >= LABELS} >= {row[0] for row in found if "effects-" in row[0]}


def test_a_figure_is_taken_away_as_svg_with_its_numbers(opened: Page) -> None:
    opened.evaluate(OPEN_ALL)
    name = opened.locator("figure[id^=effects-]").first.get_attribute("id")
    drawn, numbers = opened.evaluate(TAKE, name)
    assert drawn[:2] == ["SVG", f"{name}.svg"]
    svg = unquote(drawn[2].removeprefix("data:image/svg+xml,"))
    assert ElementTree.fromstring(svg).tag.endswith("svg")
    assert "var(" not in svg
    assert " class=" not in svg
    assert numbers[:2] == ["CSV", f"{name}.csv"]
    rows = list(csv.reader(io.StringIO(unquote(numbers[2].partition(",")[2]))))
    assert len(rows) > 1
    assert len({len(row) for row in rows}) == 1


def test_a_picture_is_taken_away_as_it_is(opened: Page) -> None:
    opened.evaluate(OPEN_ALL)
    name = opened.locator("figure[id^=pairs-]").first.get_attribute("id")
    (taken,) = opened.evaluate(TAKE, name)
    assert taken[0] in ("PNG", "WebP")
    assert taken[2].startswith("data:image/")
