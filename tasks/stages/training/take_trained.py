"""Takes one of several models that were trained in one step."""

import shutil
from pathlib import Path

from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.storage.artifacts import Artifact


def compute(folder: Path, context: StageContext, *, stack: Artifact, seed: int) -> None:
    """Writes one seed's files, as if it had been trained by itself."""
    shutil.copytree(stack.path / str(seed), folder, dirs_exist_ok=True)
