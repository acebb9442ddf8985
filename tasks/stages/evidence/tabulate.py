"""Tabulate: codes, attributes and the classifier's readings of every image, as a table for other programs."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from latent_audit.tasks.analyses.statistics.parts import PARTS, PROBE_PARTS
from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.inputs.codes import CODES_TABLE, open_codes
from latent_audit.tasks.stages.inputs.prepared import Prepared, open_prepared
from latent_audit.tasks.storage.artifacts import Artifact, ModelKey
from latent_audit.vae_models.inference import classify_images, encode_images
from latent_audit.vae_models.storage.checkpoints import load, load_classifier
from latent_audit.vocabulary.batches import batches

# Read from disk, encoded and reported at once.
IMAGES_AT_A_TIME = 10_000


def compute(
    folder: Path,
    context: StageContext,
    *,
    prepared: Artifact,
    classifier: Artifact,
    models: Sequence[ModelKey],
    results: Mapping[str, Mapping[str, Artifact]],
) -> None:
    """Writes codes.parquet: a row an image, in the order of the data.

    Its columns are `image` (number in the data), `file` (where images are files), `part`, `attribute NAME` (the true
    value or class), `read NAME` (what the classifier reads in the image, if it reads it) and `MODEL DIMENSION`
    (posterior means).

    results: of each model, by its id, the artifacts of `train` and `encode`.
    """
    data = open_prepared(prepared)
    of_parts = np.asarray(data.parts)
    columns = {"image": pa.array(np.arange(len(of_parts)))}
    if data.data.file_names is not None:
        columns["file"] = pa.array(data.data.file_names)
    columns["part"] = pa.DictionaryArray.from_arrays(pa.array(of_parts), list(PARTS))
    attributes = data.data.attributes
    for attribute, values in zip(attributes, np.asarray(data.data.values).T, strict=True):
        columns[f"attribute {attribute.name}"] = _column(attribute, values)
    judge = load_classifier(classifier.path, context.device)
    responses = np.concatenate(
        [classify_images(judge, data.data.images[some]) for some in batches(len(of_parts), IMAGES_AT_A_TIME)]
    )
    targets = {target.name: target for target in judge.targets}
    for attribute in (attributes[k] for k in judge.columns_read([one.name for one in attributes])):
        of_it = responses[:, list(judge.response_columns[attribute.name])]
        columns[f"read {attribute.name}"] = _column(attribute, targets[attribute.name].read(of_it))
    for done, model in enumerate(models):
        context.report(done, len(models), {})
        found = results[model.id]
        names = open_codes(found["encode"]).names
        codes = _codes(data, found["train"], found["encode"], context.device)
        columns |= {f"{model.name} {name}": pa.array(codes[:, d]) for d, name in enumerate(names)}
    pq.write_table(pa.table(columns), folder / CODES_TABLE, compression="zstd")


def _codes(data: Prepared, trained: Artifact, encoded: Artifact, device: str) -> NDArray[np.float32]:
    """Returns the posterior means (n, d) of all images; those of the probe parts are there already."""
    known = open_codes(encoded)
    codes = np.empty((len(data.parts), known.of(PROBE_PARTS[0]).shape[1]), np.float32)
    model = load(trained.path, device)
    for part in PARTS:
        rows = data.rows(part)
        if part in PROBE_PARTS:
            codes[rows] = known.of(part)
            continue
        for some in batches(len(rows), IMAGES_AT_A_TIME):
            codes[rows[some]] = encode_images(model, data.data.images[rows[some]])[0]
    return codes


def _column(attribute: Attribute, values: NDArray[np.float64]) -> pa.Array:
    """Returns values of an attribute as a column: names of classes, or numbers in its unit; null where NaN."""
    missing = np.isnan(values)
    if attribute.kind in ("binary", "categorical") and attribute.classes:
        codes = pa.array(np.where(missing, 0, values).astype(np.int32), mask=missing)
        return pa.DictionaryArray.from_arrays(codes, list(attribute.classes))
    return pa.array(values, mask=missing)
