"""Project: maps of the latent space, with what each map distorts."""

from pathlib import Path
from typing import Any

import numpy as np

from latent_audit.tasks.analyses.latent_space.projection import project
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.inputs.codes import open_codes
from latent_audit.tasks.stages.inputs.prepared import open_prepared
from latent_audit.tasks.storage.arrays import reference, write_json, write_summary
from latent_audit.tasks.storage.artifacts import Artifact


def compute(
    folder: Path,
    context: StageContext,
    *,
    prepared: Artifact,
    encoded: Artifact,
    projection_images: int,
    projection_seeds: int,
    projection_components: tuple[int, ...],
    seed: int,
) -> None:
    """Writes projections.json: PCA, and t-SNE and UMAP once a seed, of a sample of the images of probe_test that
    have every attribute.

    projection_components: one set of pictures for each number of axes, 2 or 3.
    """
    data = open_prepared(prepared)
    codes, complete = open_codes(encoded), data.complete("probe_test")
    results = [
        project(
            codes.of("probe_test")[complete],
            data.data.attributes,
            data.values("probe_test", complete),
            seeds=[seed + index for index in range(projection_seeds)],
            components=axes,
            sample=projection_images,
        )
        for axes in projection_components
    ]
    result = results[0]  # the same sample for every number of axes
    records = [record for made in results for record in made.as_records()]
    shown = complete[result.rows]
    rows = data.rows("probe_test")[shown]
    for index, record in enumerate(records):
        record["coordinates"] = reference(folder, f"projection{index}", np.asarray(record["coordinates"]))
        # The names once: all maps show the same images.
        names = data.file_names("probe_test", shown) if index == 0 else None
        record["rows"] = reference(folder, "projection_rows", rows, names)
        record["values"] = reference(folder, "projection_values", result.values)
    plain: list[dict[str, Any]] | dict[str, Any] = [_plain(record) for record in records]
    if not records and result.not_applicable is not None:
        plain = {"not_applicable": result.not_applicable}
    write_json(folder / "projections.json", plain)
    trusted = {f"trustworthiness.{picture.method}": picture.trustworthiness for picture in result.pictures}
    write_summary(folder, metrics=trusted)


def _plain(record: dict[str, object]) -> dict[str, Any]:
    plain: dict[str, Any] = to_json(record)
    return plain
