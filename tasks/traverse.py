"""Traverse: what each dimension does to the picture, within the range that images really occupy."""

from pathlib import Path

import numpy as np

from tasks.analyses.plain import to_plain
from tasks.analyses.traversal import traverse
from tasks.arrays import reference, write_json
from tasks.bench import Bench
from tasks.inputs.codes import open_codes
from tasks.inputs.informativeness import informativeness
from tasks.inputs.prepared import open_prepared
from tasks.records import Artifact
from vae_models.checkpoints import load
from vae_models.inference import decode_latents


def compute(
    folder: Path,
    bench: Bench,
    *,
    prepared: Artifact,
    trained: Artifact,
    encoded: Artifact,
    fitness: Artifact,
    steps: int,
    seed: int,
) -> None:
    """Writes traversal.json and its sheets: the middle image's strips, and those of three others."""
    data = open_prepared(prepared)
    codes = open_codes(encoded)
    model = load(trained.path, bench.device)
    result = traverse(
        lambda latents: decode_latents(model, latents),
        codes.of("probe_test"),
        informativeness(fitness),
        codes.names,
        np.random.default_rng(seed),
        quantiles=np.linspace(0.02, 0.98, steps).round(3).tolist(),
    )
    write_json(
        folder / "traversal.json",
        {
            "sheet": reference(folder, "traversal", result.first_sheet()),
            "other_sheets": reference(folder, "traversal_others", result.sheet[result.values.size :]),
            "rows": to_plain(result.rows),
            "quantiles": to_plain(result.quantiles),
            "values": to_plain(result.values),
            "anchors": [int(data.rows("probe_test")[row]) for row in result.anchors],
        },
    )
