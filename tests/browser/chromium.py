"""The machine's own Chromium, one in each process of the tests: Playwright can be started only once in a process."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, NoReturn

import pytest

from latent_audit.tasks.errors import UsageError
from latent_audit.tasks.runs import print_pdf

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def absent(what: str) -> NoReturn:
    """Skips a test, or fails it where nothing may be skipped."""
    if os.environ.get("LATENT_AUDIT_REFUSE_SKIPS"):
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="session")
def chromium() -> "Iterator[Browser]":
    from playwright.sync_api import sync_playwright  # here: most tests look at no page

    try:
        path = print_pdf.chromium()
    except UsageError as error:
        absent(str(error))
    with sync_playwright() as playwright:
        # Chromium's own sandbox is not to be had for root, as in most containers.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()
