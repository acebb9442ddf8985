"""The documentation site is built as `make docs` builds it, without a warning and without any other host."""

import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest

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
    broken = []
    for page in site.rglob("*.html"):
        for address in re.findall(r'(?:href|src)="([^"]+)"', page.read_text(encoding="utf-8")):
            target, _ = urldefrag(unquote(address).partition("?")[0])
            if target and not re.match(r"[a-z]+:", target) and not (page.parent / target).exists():
                broken.append(f"{page.relative_to(site)}: {address}")
    assert broken == []


def test_the_settings_page_names_every_setting_with_its_description(site: Path) -> None:
    text = (site / "reference" / "settings.html").read_text(encoding="utf-8")
    for key in ("evidence.bootstraps", "data.folder", "models.training.steps", "run.store"):
        assert key in text
