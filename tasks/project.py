"""Project: maps of the latent space, with what each map distorts."""

from pathlib import Path
from typing import Any

import numpy as np

from tasks.analyses.plain import to_plain
from tasks.analyses.projection import project
from tasks.arrays import reference, write_json
from tasks.encode import open_codes
from tasks.prepare import open_prepared
from tasks.records import Artifact
from tasks.stage import Bench, Stage


def compute(
    folder: Path, bench: Bench, *, prepared: Artifact, encoded: Artifact, images: int, seeds: int, seed: int
) -> None:
    """Writes projections.json: PCA, and t-SNE and UMAP once a seed, of a sample of probe_test."""
    data = open_prepared(prepared)
    codes = open_codes(encoded, data.parts)
    result = project(
        codes.of("probe_test"),
        data.data.attributes,
        data.values("probe_test"),
        seeds=[seed + index for index in range(seeds)],
        sample=images,
    )
    records = result.as_records()
    rows = data.rows("probe_test")[result.rows]
    for index, record in enumerate(records):
        record["coordinates"] = reference(folder, f"projection{index}", np.asarray(record["coordinates"]))
        record["rows"] = reference(folder, "projection_rows", rows)
        record["values"] = reference(folder, "projection_values", result.values)
    plain: list[dict[str, Any]] | dict[str, Any] = [_plain(record) for record in records]
    if result.not_applicable is not None:
        plain = {"not_applicable": result.not_applicable}
    write_json(folder / "projections.json", plain)
    trusted = {f"trustworthiness.{picture.method}": picture.trustworthiness for picture in result.pictures}
    write_json(folder / "summary.json", {"metrics": trusted})


PROJECT = Stage("project", "drawing maps of", compute)


def _plain(record: dict[str, object]) -> dict[str, Any]:
    plain: dict[str, Any] = to_plain(record)
    return plain
