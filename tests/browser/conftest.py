"""A real Chromium, and the report of a real run in it, in each of the places where reports are read.

Chromium is the machine's own. axe-core and html-validate come from package.json: `npm ci` in this folder. What is
not there is skipped and said; where LATENT_AUDIT_REFUSE_SKIPS is set it is a failure. LATENT_AUDIT_TEST_RUN names a
finished run to look at instead of the tests' own.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.audits.audits import Commands
from tests.browser.chromium import absent
from tests.browser.watching import SLOWEST, Watched, watch

HERE = Path(__file__).parent
expect.set_options(timeout=SLOWEST)


@pytest.fixture(scope="session")
def run_folder(request: pytest.FixtureRequest) -> Path:
    """A finished run of the real pipeline."""
    named = os.environ.get("LATENT_AUDIT_TEST_RUN")
    if named:
        return Path(named)
    commands: Commands = request.getfixturevalue("commands")
    return commands.run_folder("continued")


@pytest.fixture(scope="session")
def report(run_folder: Path) -> Path:
    return run_folder / "report.html"


@pytest.fixture(scope="session")
def npm_packages() -> Path:
    folder = HERE / "node_modules"
    if not folder.is_dir():
        absent("axe-core and html-validate are not installed: npm ci in tests/browser")
    return folder


@contextmanager
def new_page(chromium: Browser, **options: Any) -> Iterator[Page]:
    """Yields an empty page, 1280 pixels wide, that moves at once to where it is sent."""
    context = chromium.new_context(
        viewport={"width": 1280, "height": 900}, reduced_motion="reduce", **options
    )
    context.set_default_timeout(SLOWEST)
    yield context.new_page()
    context.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """An empty page."""
    with new_page(chromium) as page:
        yield page


# Opening a report is most of the work here, so tests of one file share one; each sets what it depends on.
@pytest.fixture(scope="module")
def opened(chromium: Browser, report: Path) -> Iterator[Page]:
    """The report, from disk."""
    with new_page(chromium) as page:
        page.goto(report.as_uri(), timeout=SLOWEST)
        yield page


@pytest.fixture(
    scope="module", params=["disk", "blob, allow-scripts", "blob, allow-scripts allow-same-origin"]
)
def watched(request: pytest.FixtureRequest, chromium: Browser, report: Path) -> Iterator[Watched]:
    """The report in one of the places where it must work, and everything that it asks for and complains of."""
    place, _, sandbox = request.param.partition(", ")
    with new_page(chromium) as page:
        yield watch(page, report, sandbox if place == "blob" else None)
