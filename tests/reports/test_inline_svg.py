"""A drawing in the page: its ids stand alone, and each class says in report.css what the replaced style said."""

import re
from pathlib import Path

import pytest

from latent_audit import reports
from latent_audit.reports.page.plots import interval_bars
from latent_audit.reports.page.plots.inline_svg import CLASSES, inline

STYLE = (Path(reports.__file__).parent / "page" / "static" / "report.css").read_text(encoding="utf-8")
BARS = interval_bars.bars(
    [interval_bars.Row("a", 0.4, 0.3, 0.5, 1), interval_bars.Row("b", 0.2, 0.1, 0.3)], "x"
)


@pytest.mark.parametrize(("declarations", "name"), CLASSES.items())
def test_a_class_says_what_the_style_said(declarations: str, name: str) -> None:
    (rule,) = re.findall(rf"^\.plot \.{name} {{ (.*) }}$", STYLE, re.M)
    assert rule == declarations


def test_styles_that_recur_are_classes() -> None:
    drawn = inline(BARS, "here", "two bars")
    assert not [style for style in re.findall(r' style="([^"]*)"', drawn) if style in CLASSES]
    assert {"te", "tm", "gr"} <= set(re.findall(r' class="(\w+)"', drawn))
    assert re.sub(r"<[^>]*>", "", drawn) == re.sub(r"<[^>]*>", "", BARS)


def test_two_of_the_same_drawing_share_no_id_and_refer_to_their_own() -> None:
    first, second = (inline(BARS, name, "two bars") for name in ("one", "two"))
    ids = [re.findall(r' id="([^"]+)"', drawn) for drawn in (first, second)]
    assert ids[0]
    assert not set(ids[0]) & set(ids[1])
    for drawn, own in zip((first, second), ids, strict=True):
        used = {a or b for a, b in re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', drawn)}
        assert used == set(own)
    assert first == inline(BARS, "one", "two bars")
