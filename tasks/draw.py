"""Draw: half of the report's sections that follow from audit.json alone; the costly part of rendering, done once."""

from pathlib import Path

from reports.render import design_digest, draw
from tasks.records import Artifact
from tasks.stage import Bench

__all__ = ["compute", "design_digest"]


def compute(folder: Path, bench: Bench, *, judged: Artifact, half: str, language: str, design: str) -> None:
    """Writes its HTML, a file a section, and figures/. `design` is the digest of the templates and words."""
    draw(judged.path, folder, half, language)
