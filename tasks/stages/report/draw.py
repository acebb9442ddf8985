"""Draw: sections of the report that follow from audit.json alone; the costly part of rendering, done once."""

from collections.abc import Mapping
from pathlib import Path

from latent_audit.reports.page.drawing import draw
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.tasks.storage.code import Code


def compute(
    folder: Path, context: StageContext, *, judged: Artifact, sections: Mapping[str, Code], language: str
) -> None:
    """Writes the HTML of `sections`, a file each, and figures/; by a section's id stands the module that builds it."""
    draw(judged.path, folder, {key: code.load().build for key, code in sections.items()}, language)
