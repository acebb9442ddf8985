"""Tutorials and how-to guides are followed literally: their files are written and their commands run, in order."""

import re
import shutil
from pathlib import Path

import pytest
import yaml

from latent_audit.flows.cli import main as command
from tests.audits.audits import Commands
from tests.audits.tiny_audit import command_environment
from tests.docs.pages import DOCS, FOLLOWED, blocks, follow, reader_environment, takes_minutes

SHORT = [page for page in FOLLOWED if not takes_minutes(page)]


@pytest.fixture
def environment(pytestconfig: pytest.Config) -> dict[str, str]:
    assert pytestconfig.cache is not None
    return reader_environment(command_environment(pytestconfig.cache.mkdir("numba")))


@pytest.mark.parametrize("page", SHORT, ids=lambda page: page.stem)
def test_a_short_page_can_be_followed(
    page: Path, commands: Commands, tmp_path: Path, environment: dict[str, str]
) -> None:
    run = commands.run_folder("continued")
    shutil.copytree(run.parents[1], tmp_path / "runs", symlinks=True)
    follow(page, tmp_path, environment)


@pytest.mark.parametrize("page", FOLLOWED, ids=lambda page: page.stem)
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


@pytest.mark.parametrize("page", FOLLOWED, ids=lambda page: page.stem)
def test_commands_of_a_page_exist(page: Path) -> None:
    parser = command.make_parser()
    for block in blocks(page):
        for line in block.commands:
            for name in re.findall(r"latent-audit ([\w-]+)", line):
                with pytest.raises(SystemExit) as ended:
                    parser.parse_args([name, "--help"])
                assert ended.value.code == 0


def test_chinese_pages_have_the_blocks_of_the_english_ones() -> None:
    for page in sorted((DOCS / "zh").glob("*.md")):
        english = DOCS / page.name
        if english.exists():
            assert blocks(page) == blocks(english), page.name
