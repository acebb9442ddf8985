"""Traverse: what each dimension does to the picture, within the range that images really occupy."""

from pathlib import Path

import numpy as np

from latent_audit.tasks.analyses.latent_space.traversal import traverse
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.inputs.codes import open_codes
from latent_audit.tasks.stages.inputs.informativeness import informativeness
from latent_audit.tasks.stages.inputs.prepared import open_prepared
from latent_audit.tasks.storage.arrays import reference, write_json
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.vae_models.inference import decoder_of
from latent_audit.vae_models.storage.checkpoints import load


def compute(
    folder: Path,
    context: StageContext,
    *,
    prepared: Artifact,
    trained: Artifact,
    encoded: Artifact,
    fitness: Artifact,
    traversal_steps: int,
    seed: int,
) -> None:
    """Writes traversal.json and its sheets: the middle image's strips, and those of three others."""
    data = open_prepared(prepared)
    codes = open_codes(encoded)
    model = load(trained.path, context.device)
    result = traverse(
        decoder_of(model),
        codes.of("probe_test"),
        informativeness(fitness),
        codes.names,
        np.random.default_rng(seed),
        quantiles=np.linspace(0.02, 0.98, traversal_steps).round(3).tolist(),
    )
    write_json(
        folder / "traversal.json",
        {
            "sheet": reference(folder, "traversal", result.first_sheet()),
            "other_sheets": reference(folder, "traversal_others", result.sheet[result.values.size :]),
            "rows": to_json(result.rows),
            "quantiles": to_json(result.quantiles),
            "values": to_json(result.values),
            "files": data.file_names("probe_test", np.asarray(result.anchors)),
            "anchors": [int(data.rows("probe_test")[row]) for row in result.anchors],
        },
    )
