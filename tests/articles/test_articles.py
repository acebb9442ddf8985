"""The experiments of the founding articles: each has its settings file, its page, and what shows it."""

import re
from pathlib import Path

import pytest
import yaml

from latent_audit.tasks.settings.layers import load_settings

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = sorted((ROOT / "configs" / "articles").glob("*.yaml"))
TABLE = (ROOT / "tests" / "articles" / "articles.md").read_text(encoding="utf-8")
ROWS = [tuple(cells.split(" | ")) for cells in re.findall(r"^\| (\d.*) \|$", TABLE, re.M)]
OF_THIS_ISSUE = [row for row in ROWS if "ART" in row[3]]
PAGES = [ROOT / "docs" / "articles.md", ROOT / "docs" / "zh" / "articles.md"]


def test_the_list_is_read_whole() -> None:
    assert {len(row) for row in ROWS} == {5}
    assert len(ROWS) == TABLE.count("\n| ") - 1 == 46
    assert len(OF_THIS_ISSUE) == 30


@pytest.mark.parametrize("row", OF_THIS_ISSUE, ids=lambda row: row[1][:40])
def test_what_shows_an_item_exists(row: tuple[str, ...]) -> None:
    if row[4].startswith("open"):
        return
    (named,) = re.findall(r"^`(.+)`$", row[4])
    if "::" in named:
        path, function = named.split("::")
        assert f"def {function}(" in (ROOT / path).read_text(encoding="utf-8")
    elif named.startswith("latent-audit run "):
        assert ROOT / named.removeprefix("latent-audit run ") in CONFIGS
    else:
        assert (ROOT / named).is_file()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_every_settings_file_is_on_the_pages_and_they_name_no_other(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"`latent-audit run (configs/articles/\w+\.yaml)`", text))
    assert named == {str(path.relative_to(ROOT)) for path in CONFIGS}


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_the_settings_file_says_how_it_is_run(path: Path) -> None:
    assert f"#   latent-audit run configs/articles/{path.name}" in path.read_text(encoding="utf-8")


def test_configs_of_photographs_have_gaussian_pixels() -> None:
    found = {}
    for path in (ROOT / "configs").rglob("*.yaml"):
        if yaml.safe_load(path.read_text(encoding="utf-8"))["data"]["kind"] not in (
            "celeba",
            "fashion_mnist",
        ):
            continue
        for name, model in load_settings(path).models.items():
            if model.kind != "interpretable_gan":  # its losses were weighed with Bernoulli pixels
                found[path.stem, name] = model.reconstruction
    assert set(found.values()) == {"gaussian"}
    assert len(found) >= 5
