"""WCAG 2.2 AA by axe-core, in light and dark, with everything open; valid HTML; the page's own outline."""

import itertools
import json
import subprocess
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Page

from tests.browser.watching import OPEN_ALL

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1200)]

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(scheme: Literal["light", "dark"], opened: Page, npm_packages: Path) -> None:
    opened.emulate_media(color_scheme=scheme)
    opened.evaluate(OPEN_ALL)
    opened.evaluate((npm_packages / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
    found = opened.evaluate(
        "rules => axe.run(document, { runOnly: { type: 'tag', values: rules }, resultTypes: ['violations'] })",
        RULES,
    )
    assert found["passes"], "axe looked at nothing"
    assert [in_words(violation) for violation in found["violations"]] == []


def in_words(violation: dict[str, Any]) -> str:
    places = [f"{node['html'][:120]} ({node['failureSummary'][:160]})" for node in violation["nodes"][:3]]
    return f"{violation['id']} in {len(violation['nodes'])} places: {'; '.join(places)}"


def test_the_html_is_valid(report: Path, npm_packages: Path) -> None:
    ended = subprocess.run(
        [
            str(npm_packages / ".bin" / "html-validate"),
            "--config",
            str(npm_packages.parent / "htmlvalidate.json"),
            "--formatter",
            "json",
            str(report),
        ],
        capture_output=True,
        text=True,
    )
    faults = [message for file in json.loads(ended.stdout) for message in file["messages"]]
    assert [
        f"{fault['line']}:{fault['column']} {fault['ruleId']}: {fault['message']}" for fault in faults[:20]
    ] == []
    assert ended.returncode == 0, ended.stderr


def test_headings_are_in_order(opened: Page) -> None:
    levels = opened.evaluate(
        "[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(one => Number(one.tagName[1]))"
    )
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
