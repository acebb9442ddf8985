"""Names that try to act on a page stay text in a real browser: nothing runs, nothing is fetched, nothing is lost."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from latent_audit.reports.page.render import render
from tests.audits.audits import Commands
from tests.audits.hostile_audit import ATTRIBUTES, CLASSES, MODEL, TITLE
from tests.browser.watching import Watched, watch
from tests.reports.audit_builder import HOSTILE, hostile_builder
from tests.reports.conftest import make_run

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    make_run(hostile_builder(folder, seeds=1, dimensions=3, image_size=8))
    return render(folder)


@pytest.mark.parametrize("sandbox", [None, "allow-scripts allow-modals allow-same-origin"])
def test_hostile_names_are_read_and_do_nothing(sandbox: str | None, built: Path, page: Page) -> None:
    watched = watch(page, built, sandbox)
    harmless(watched)
    shown = watched.frame.evaluate("document.body.innerText")
    for name in HOSTILE[:2]:
        assert name in shown
    assert "⟨U+202E⟩right to left" in shown
    assert "{{ 7*7 }}" in shown
    assert watched.frame.evaluate("document.documentElement.scrollWidth") <= 1280


def test_nor_do_those_of_a_whole_audit(others: Commands, page: Page) -> None:
    watched = watch(page, others.run_folder("hostile") / "report.html", None)
    harmless(watched)
    shown = watched.frame.evaluate("document.body.innerText")
    for name in (ATTRIBUTES[0], *CLASSES, MODEL, TITLE):
        assert name in shown


def harmless(watched: Watched) -> None:
    watched.frame.locator("nav.contents button").first.click()
    assert watched.complaints() == []
    assert watched.asked == []
    assert watched.frame.evaluate("document.scripts.length") == 1
    assert (
        watched.frame.evaluate(
            "[...document.querySelectorAll('*')].filter(one => one.onload || one.onerror).length"
        )
        == 0
    )
