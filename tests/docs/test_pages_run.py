"""Tutorials and how-to guides are followed literally: their files are written and their commands run, in order."""

import re
import shutil
import tomllib
from pathlib import Path

import pytest
import yaml

from latent_audit.flows.cli import main as command
from tests.audits.audits import Commands
from tests.audits.tiny_audit import command_environment
from tests.docs.pages import (
    DOCS,
    FOLLOWED,
    GALLERY,
    START,
    Block,
    blocks,
    follow,
    reader_environment,
    takes_minutes,
)

WITH_COMMANDS = [START, *FOLLOWED, *GALLERY]
SHORT = [page for page in FOLLOWED if not takes_minutes(page)]


@pytest.fixture
def environment(pytestconfig: pytest.Config) -> dict[str, str]:
    assert pytestconfig.cache is not None
    return reader_environment(command_environment(pytestconfig.cache.mkdir("numba")))


@pytest.mark.parametrize("page", SHORT, ids=lambda page: page.stem)
def test_a_short_page_can_be_followed(
    page: Path, commands: Commands, tmp_path: Path, environment: dict[str, str]
) -> None:
    run = commands.run_folder("one seed")
    shutil.copytree(run.parents[1], tmp_path / "runs", symlinks=True)
    follow(page, tmp_path, environment)


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=lambda page: page.stem)
def test_settings_files_of_a_page_are_valid(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for block in blocks(page):
        if block.language == "yaml":
            assert block.file is not None, "a settings file begins with a comment that names it"
            Path(block.file).write_text(block.text, encoding="utf-8")
            assert command.main(["settings", block.file]) == 0
            assert yaml.safe_load(capsys.readouterr().out)


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=lambda page: page.stem)
def test_commands_of_a_page_exist(page: Path) -> None:
    parser = command.make_parser()
    for block in blocks(page):
        for line in block.commands:
            for name in re.findall(r"latent-audit ([\w-]+)", line):
                with pytest.raises(SystemExit) as ended:
                    parser.parse_args([name, "--help"])
                assert ended.value.code == 0


CHINESE = sorted(page for page in (DOCS / "zh").rglob("*.md") if page != DOCS / "zh" / "index.md")


def english_of(page: Path) -> Path:
    """Returns the English page of a Chinese one; what evidence means is told on a page of its own in English."""
    name = page.relative_to(DOCS / "zh")
    return DOCS / "evidence.md" if name == Path("concepts/evidence.md") else DOCS / name


def test_start_and_every_concept_are_in_chinese() -> None:
    concepts = {f"concepts/{page.name}" for page in (DOCS / "concepts").glob("*.md")}
    there = {page.relative_to(DOCS / "zh").as_posix() for page in CHINESE}
    assert {"start.md", "concepts/evidence.md", *concepts} - there == set()
    assert [page.name for page in CHINESE if not english_of(page).is_file()] == []


@pytest.mark.parametrize("page", CHINESE, ids=lambda page: page.stem)
def test_a_chinese_page_has_the_blocks_of_the_english_one(page: Path) -> None:
    def shown(path: Path) -> list[Block]:
        return [block for block in blocks(path) if block.language != "{toctree}"]

    assert shown(page) == shown(english_of(page))


def test_the_installation_page_lists_every_extra() -> None:
    listed = re.findall(r"^\| `(\w+)` \|", (DOCS / "reference" / "installation.md").read_text("utf-8"), re.M)
    project = tomllib.loads((DOCS.parent / "pyproject.toml").read_text("utf-8"))["project"]
    assert sorted(listed) == sorted(project["optional-dependencies"])
