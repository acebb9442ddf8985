"""The code blocks of a page of the documentation, and how a reader follows them."""

import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"
START = DOCS / "start.md"
# Made of the notebook, whose cells another test runs.
_OF_THE_NOTEBOOK = "first-audit.md"
# Pages whose commands are run as they stand.
FOLLOWED = sorted(
    page
    for folder in ("tutorials", "how-to")
    for page in (DOCS / folder).glob("*.md")
    if page.name != _OF_THE_NOTEBOOK
)
GALLERY = sorted(page for page in (DOCS / "gallery").glob("*.md") if page.name != "index.md")
BLOCK = re.compile(r"(<!-- minutes -->\n)?```(\w+)\n(.*?)```", re.S)


@dataclass(frozen=True)
class Block:
    """A block of code: its language, its text, and whether it takes minutes."""

    language: str
    text: str
    minutes: bool

    @property
    def file(self) -> str | None:
        """The file that the block is the content of: its first line is a comment with the name."""
        named = re.match(r"# (\S+\.(?:py|yaml))\n", self.text)
        return named[1] if named else None

    @property
    def commands(self) -> list[str]:
        """The lines that a reader types."""
        return re.findall(r"^\$ (.*)$", self.text, re.M)


def blocks(page: Path) -> list[Block]:
    """Returns the code blocks of a page in their order."""
    found = BLOCK.findall(page.read_text(encoding="utf-8"))
    return [Block(language, text, bool(mark)) for mark, language, text in found]


def takes_minutes(page: Path) -> bool:
    """Returns whether a block of the page takes minutes."""
    return any(block.minutes for block in blocks(page))


def follow(page: Path, folder: Path, environment: dict[str, str]) -> dict[str, float]:
    """Writes the files of the page into `folder` and runs its commands there, in order; each must end with 0.

    Returns:
        The seconds that each command took.
    """
    seconds: dict[str, float] = {}
    for block in blocks(page):
        if block.file:
            (folder / block.file).write_text(block.text, encoding="utf-8")
        for command in block.commands:
            began = time.monotonic()
            ended = subprocess.run(
                ["bash", "-c", command],
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=900,
            )
            assert ended.returncode == 0, (
                f"{page.name}: {command}\n{ended.stdout[-2000:]}\n{ended.stderr[-4000:]}"
            )
            assert "Traceback" not in ended.stdout + ended.stderr, command
            seconds[command] = time.monotonic() - began
    return seconds


def reader_environment(environment: dict[str, str]) -> dict[str, str]:
    """Returns `environment` with the installed command and its Python first on the path."""
    programs = str(Path(sys.executable).parent)
    return {**environment, "PATH": os.pathsep.join([programs, environment["PATH"]])}
