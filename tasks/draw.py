"""Draw: sections of the report that follow from audit.json alone; the costly part of rendering, done once."""

from collections.abc import Mapping
from pathlib import Path

from reports.drawing import draw
from tasks.bench import Bench
from tasks.code import Code
from tasks.records import Artifact


def compute(
    folder: Path, bench: Bench, *, judged: Artifact, sections: Mapping[str, Code], language: str
) -> None:
    """Writes the HTML of `sections`, a file each, and figures/; by a section's id stands the module that builds it."""
    draw(judged.path, folder, {key: code.load().build for key, code in sections.items()}, language)
