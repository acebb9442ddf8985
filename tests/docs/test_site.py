"""The documentation site is built as `make docs` builds it, without a warning and without any other host."""

import html
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urldefrag

import httpx
import pytest
from playwright.sync_api import Browser, Route

from tests.browser.conftest import new_page
from tests.docs import external_links
from tests.docs.pages import DOCS

# What a browser loads by itself, other than links that a reader follows.
LOADED = re.compile(r"""<(?:script|img|source|iframe|link)\b[^>]*?\b(?:src|href)=["']([^"']+)["']""", re.I)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    ended = subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-d", str(folder / "doctrees"), str(DOCS),
         str(folder / "html")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr[-4000:]
    return folder / "html"


def test_every_page_is_built(site: Path) -> None:
    pages = [
        page.relative_to(DOCS).with_suffix("") for page in DOCS.rglob("*.md") if "_build" not in page.parts
    ]
    assert [str(page) for page in pages if not (site / page).with_suffix(".html").exists()] == []


def test_pages_load_nothing_from_another_host(site: Path) -> None:
    for page in site.rglob("*.html"):
        loaded = LOADED.findall(page.read_text(encoding="utf-8"))
        assert [address for address in loaded if re.match(r"(?:https?:)?//", address)] == [], page.name
    for style in site.rglob("*.css"):
        assert not re.search(r"url\(['\"]?(?:https?:)?//|@import", style.read_text(encoding="utf-8")), (
            style.name
        )


def test_links_and_images_lead_somewhere(site: Path) -> None:
    site = site.resolve()
    texts = {page: page.read_text(encoding="utf-8") for page in site.rglob("*.html")}
    places = {page: set(re.findall(r'\bid="([^"]+)"', text)) for page, text in texts.items()}
    broken = []
    for page, text in texts.items():
        for address in re.findall(r'(?:href|src)="([^"]+)"', text):
            target, place = urldefrag(unquote(html.unescape(address)).partition("?")[0])
            if re.match(r"[a-z]+:", target):
                continue
            led_to = (page.parent / target).resolve() if target else page
            if not led_to.exists() or (place and place not in places.get(led_to, {place})):
                broken.append(f"{page.relative_to(site)}: {address}")
    assert broken == []


def test_the_settings_page_names_every_setting_with_its_description(site: Path) -> None:
    text = (site / "reference" / "settings.html").read_text(encoding="utf-8")
    for key in ("evidence.bootstraps", "data.folder", "models.training.steps", "run.store"):
        assert key in text


def test_chromium_asks_no_other_host_and_no_file_is_missing(site: Path, chromium: Browser) -> None:
    """A page of each folder, and those that embed reports: all pages share theme, fonts and scripts."""
    every = sorted(site.rglob("*.html"))
    first = {page.parent: page for page in every if "reference" not in page.name}
    shown = {*first.values(), site / "index.html", site / "search.html", *(site / "gallery").glob("*.html")}
    asked: list[str] = []

    def only_files(route: Route) -> None:
        if route.request.url.startswith(("file:", "data:", "blob:")):
            route.continue_()
        else:
            asked.append(route.request.url)
            route.abort()

    with new_page(chromium) as page:
        page.route("**/*", only_files)
        missing: list[str] = []
        page.on("requestfailed", lambda request: missing.append(request.url))
        for path in sorted(shown):
            page.goto(path.as_uri())
    assert asked == []
    assert missing == []


def test_a_server_that_says_no_is_a_broken_link_and_one_that_refuses_programs_is_not() -> None:
    answers = {"/there": 200, "/forbidden": 403, "/gone": 404}
    transport = httpx.MockTransport(lambda request: httpx.Response(answers[request.url.path]))
    with httpx.Client(transport=transport) as client:
        faults = {path: external_links.fault_of(client, f"https://host.test{path}") for path in answers}
    assert faults == {"/there": None, "/forbidden": None, "/gone": "404"}
    found = dict(external_links.addresses())
    assert found["https://arxiv.org/abs/1810.03292"] == "docs/concepts/attributions.md"


def test_every_name_of_the_mlflow_page_is_in_the_code() -> None:
    named = re.findall(r"`([^`]+)`", (DOCS / "reference" / "mlflow.md").read_text(encoding="utf-8"))
    room = DOCS.parent
    code = "\n".join(
        path.read_text(encoding="utf-8")
        for folder in ("tasks", "reports", "flows")
        for path in (room / folder).rglob("*.py")
    )
    parts = {part for name in named for part in re.findall(r"[a-z_]{4,}", name)}
    assert sorted(part for part in parts if part not in code) == []
