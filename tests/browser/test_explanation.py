"""The page that explains one image, of a VAE and of a GAN: accessible, valid, offline, in both languages."""

import json
import subprocess
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser

from tests.audits.audits import Commands
from tests.browser.conftest import new_page
from tests.browser.test_accessibility import RULES, in_words
from tests.browser.watching import OPEN_ALL, watch

pytestmark = [pytest.mark.endurance, pytest.mark.browser, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module", params=["mine-explained.html", "gan.html"])
def explanation(request: pytest.FixtureRequest, explained: Commands) -> Path:
    return explained.home / str(request.param)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation_and_nothing_is_asked_for(
    scheme: Literal["light", "dark"], chromium: Browser, explanation: Path, npm_packages: Path
) -> None:
    with new_page(chromium) as page:
        page.emulate_media(color_scheme=scheme)
        watched = watch(page, explanation, None)
        page.evaluate(OPEN_ALL)
        page.evaluate((npm_packages / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
        found = page.evaluate(
            "rules => axe.run(document, { runOnly: { type: 'tag', values: rules }, resultTypes: ['violations'] })",
            RULES,
        )
        assert found["passes"], "axe looked at nothing"
        assert [in_words(violation) for violation in found["violations"]] == []
        assert watched.asked == []
        assert watched.complaints() == []


def test_the_html_is_valid(explanation: Path, npm_packages: Path) -> None:
    program, rules = npm_packages / ".bin" / "html-validate", npm_packages.parent / "htmlvalidate.json"
    ended = subprocess.run(
        [str(program), "--config", str(rules), "--formatter", "json", str(explanation)],
        capture_output=True,
        text=True,
        check=False,
    )
    faults = [message for file in json.loads(ended.stdout) for message in file["messages"]]
    assert [f"{fault['line']}: {fault['ruleId']}: {fault['message']}" for fault in faults] == []
