"""Traverse: what each dimension does to the picture, within the range that images really occupy."""

from pathlib import Path

import numpy as np

from latent_audit.tasks.analyses.latent_space.traversal import shifted, traverse
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
    traversal_shifts: tuple[float, ...],
    seed: int,
) -> None:
    """Writes traversal.json and its sheets: the middle image's strips, and those of three others.

    traversal_shifts: numbers that are added to each dimension of the middle image's code, on a sheet of their own.
    """
    data = open_prepared(prepared)
    whole = open_codes(encoded)
    codes, decode = whole.one_by_one(), whole.decoder(decoder_of(load(trained.path, context.device)))
    result = traverse(
        decode,
        codes.of("probe_test"),
        informativeness(fitness),
        codes.names,
        np.random.default_rng(seed),
        quantiles=np.linspace(0.02, 0.98, traversal_steps).round(3).tolist(),
    )
    of_shifts = {}
    if traversal_shifts:
        order = [row.dimension for row in result.rows]
        sheet = shifted(decode, codes.of("probe_test"), order, result.anchors[0], traversal_shifts)
        of_shifts = {
            "shifts": [float(shift) for shift in traversal_shifts],
            "shifted": reference(folder, "traversal_shifted", sheet),
        }
    write_json(
        folder / "traversal.json",
        {
            **of_shifts,
            "sheet": reference(folder, "traversal", result.first_sheet()),
            "other_sheets": reference(folder, "traversal_others", result.sheet[result.values.size :]),
            "rows": to_json(result.rows),
            "quantiles": to_json(result.quantiles),
            "values": to_json(result.values),
            "anchors": [int(data.rows("probe_test")[row]) for row in result.anchors],
            "files": data.file_names("probe_test", np.array(result.anchors)),
        },
    )
