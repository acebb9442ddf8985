"""Tabulate: the codes of every image under the name of its file, with what the attribute classifier reads."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from latent_audit.tasks.analyses.statistics.parts import PARTS
from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.inputs.prepared import open_prepared
from latent_audit.tasks.storage.arrays import write_json
from latent_audit.tasks.storage.artifacts import Artifact, digest_of_file
from latent_audit.vae_models.inference import classify_images, encode_images
from latent_audit.vae_models.storage.checkpoints import load, load_classifier
from latent_audit.vocabulary.batches import batches

TABLE = "arrays/codes.parquet"
_IMAGES_AT_A_TIME = 10_000


def compute(
    folder: Path,
    context: StageContext,
    *,
    prepared: Artifact,
    trained: Artifact,
    classifier: Artifact,
    name: str,
) -> None:
    """Writes arrays/codes.parquet, a row for each image in the order of the data, and table.json that names it.

    Columns: file, part; `NAME DIMENSION`, the posterior means; each attribute, and `ATTRIBUTE (read)`, what the
    classifier reads in the image, in the attribute's words and units. table.json is null for images that are no files.
    """
    data = open_prepared(prepared)
    if data.data.file_names is None:
        write_json(folder / "table.json", None)
        return
    model, judge = load(trained.path, context.device), load_classifier(classifier.path, context.device)
    count = len(data.data.images)
    codes = np.empty((count, model.latent_dim), np.float32)
    responses = np.empty((count, len(judge.response_names)), np.float32)
    for some in batches(count, _IMAGES_AT_A_TIME):
        images = np.asarray(data.data.images[some])
        codes[some], responses[some] = encode_images(model, images)[0], classify_images(judge, images)
        context.report(some.stop, count, {})
    columns = {
        "file": pa.array(data.data.file_names),
        "part": pa.array(np.array(PARTS)[data.parts]),
        **{f"{name} {dimension}": pa.array(codes[:, j]) for j, dimension in enumerate(model.dimension_names)},
    }
    places = judge.response_columns
    targets = {target.name: target for target in judge.targets}
    for attribute, values in zip(data.data.attributes, data.data.values.T, strict=True):
        # A table of people's own may have a column of any name.
        taken = attribute.name if attribute.name not in columns else f"{attribute.name} (attribute)"
        columns[taken] = _in_words(attribute, values)
        if attribute.name in targets:
            read = targets[attribute.name].read(responses[:, list(places[attribute.name])])
            columns[f"{attribute.name} (read)"] = _in_words(attribute, read)
    (folder / TABLE).parent.mkdir()
    pq.write_table(pa.table(list(columns.values()), names=list(columns)), folder / TABLE)
    file = {"path": TABLE, "sha256": digest_of_file(folder / TABLE)}
    write_json(folder / "table.json", {"file": file, "images": count, "columns": list(columns)})


def _in_words(attribute: Attribute, values: NDArray[np.float64]) -> pa.Array:
    if attribute.kind in ("binary", "categorical") and attribute.classes:
        return pa.array([attribute.classes[int(code)] for code in values])
    return pa.array(np.asarray(values, np.float64))
