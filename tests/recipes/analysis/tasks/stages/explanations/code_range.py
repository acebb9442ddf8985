"""Code range: where the codes of held-out images lie, dimension by dimension."""

from pathlib import Path

from latent_audit.tasks.analyses.latent_space import code_range
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.inputs.codes import open_codes
from latent_audit.tasks.storage.arrays import write_json
from latent_audit.tasks.storage.artifacts import Artifact


def compute(folder: Path, context: StageContext, *, encoded: Artifact) -> None:
    """Writes code_range.json as audit.json holds it."""
    codes = open_codes(encoded)
    write_json(folder / "code_range.json", to_json(code_range.compute(codes.of("probe_test"), codes.names)))
