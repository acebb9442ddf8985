"""Anomaly detection of a class left out: the model trained once more without it, beside PCA, with galleries."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.applications.left_out import PCA_SCORE, StrangeImage, gallery, score_class
from latent_audit.tasks.analyses.applications.pca_baseline import PixelPca
from latent_audit.tasks.analyses.many_dimensions.chosen import MANY_DIMENSIONS
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.tasks.errors import SettingsError
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.settings.on_request.applications import LeaveOutSettings
from latent_audit.tasks.stages.inputs.anomaly_scores import anomaly_scores
from latent_audit.tasks.stages.inputs.prepared import Prepared, open_prepared
from latent_audit.tasks.stages.training.training_report import train_on_part
from latent_audit.tasks.storage.arrays import read_json, reference, write_json, write_summary
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.vae_models.inference import decode_latents, encode_images
from latent_audit.vae_models.model import Model
from latent_audit.vae_models.presets.settings_by_kind import read_settings
from latent_audit.vae_models.storage.saved_model import RECIPE_FILE

# Of no part: images that are neither trained on nor scored.
_NO_PART = -1


def compute(
    folder: Path,
    context: StageContext,
    *,
    prepared: Artifact,
    trained: Artifact,
    leave_out: LeaveOutSettings,
    regret_steps: int,
    bootstraps: int,
    seed: int,
) -> None:
    """Trains the model once more, as its recipe says, without the images of a class, and writes left_out.json.

    Scored are images of probe_test, those of the class among them; PCA is of as many dimensions, fitted to images that
    the model was trained on.
    """
    data, recipe = open_prepared(prepared), read_json(trained.path / RECIPE_FILE)
    column, level = _class_of(data.data.attributes, leave_out)
    settings = read_settings(recipe["kind"], recipe["settings"])
    without = _without(data, column, level)
    again = train_on_part(without, "model_train", settings, recipe["seed"], context)
    model: Any = cast("Model", again.model.eval())
    places = data.draw("probe_test", leave_out.images, seed, "class left out", every_class=True)
    places = places[~np.isnan(data.values("probe_test", places)[:, column])]
    images = data.images("probe_test", places)
    left_out = np.asarray(data.values("probe_test", places)[:, column] == level)
    if not 0 < left_out.sum() < len(left_out):
        raise SettingsError(
            f"explanations.leave_out: of {len(left_out)} held-out images {int(left_out.sum())} have "
            f"{leave_out.attribute} = {leave_out.value}; both sides need images"
        )
    fitted = without.images(
        "model_train", without.draw("model_train", leave_out.images, seed, "class left out")
    )
    pca = PixelPca.of(fitted, min(model.latent_dim, MANY_DIMENSIONS))
    scores = anomaly_scores(model, images, regret_steps, True, seed)
    scores[PCA_SCORE] = _pca_error(pca, images)
    rows = score_class(scores, left_out, bootstraps, np.random.default_rng(seed))
    judged_by = "negative ELBO" if "negative ELBO" in scores else "reconstruction error"
    codes, usual_codes = encode_images(model, images)[0], encode_images(model, fitted)[0]
    rebuilt = decode_latents(model, codes, rows=np.arange(len(codes)))
    most, usual = gallery(scores[judged_by], left_out, codes, usual_codes, leave_out.shown)
    record = {
        "attribute": leave_out.attribute,
        "value": leave_out.value,
        "images": len(images),
        "left_out_images": int(left_out.sum()),
        "training_images": len(without.rows("model_train")),
        "scores": to_json(rows),
        "judged_by": judged_by,
        "most_anomalous": _pictures(folder, "most_anomalous", data, places, images, rebuilt, most),
        "usual": _pictures(folder, "usual", data, places, images, rebuilt, usual),
    }
    write_json(folder / "left_out.json", record)
    write_summary(folder, metrics={f"left_out_auroc.{row.score}": row.auroc.value for row in rows})


def _class_of(attributes: Sequence[Attribute], asked: LeaveOutSettings) -> tuple[int, float]:
    """Returns the column of an attribute and the code of a class of it."""
    for column, attribute in enumerate(attributes):
        if attribute.name == asked.attribute and asked.value in attribute.classes:
            return column, float(attribute.classes.index(asked.value))
    known = "; ".join(f"{one.name}: {', '.join(one.classes)}" for one in attributes if one.classes)
    raise SettingsError(
        f"explanations.leave_out names {asked.attribute} = {asked.value}, and the classes of the data are "
        f"{known or 'none'}"
    )


def _without(data: Prepared, column: int, level: float) -> Prepared:
    """Returns the data with the images of a class in no part, nor those that may be of it: that have no value."""
    values = data.data.values[:, column]
    parts = np.where((values == level) | np.isnan(values), _NO_PART, data.parts)
    return replace(data, parts=parts.astype(np.int8))


def _pca_error(pca: PixelPca, images: NDArray[np.uint8]) -> NDArray[np.float64]:
    rebuilt = pca.decode(pca.encode(images), np.arange(len(images)))
    error = np.square(rebuilt.astype(np.float64) - images / 255.0).reshape(len(images), -1).mean(axis=1)
    return np.asarray(error)


def _pictures(
    folder: Path,
    name: str,
    data: Prepared,
    places: NDArray[np.int64],
    images: NDArray[np.uint8],
    rebuilt: NDArray[np.float32],
    found: Sequence[StrangeImage],
) -> dict[str, Any]:
    """Writes the images of a gallery and what the model makes of them; returns their record, with rows of the data."""
    chosen = np.array([image.place for image in found])
    rows = data.rows("probe_test")[places[chosen]]
    return {
        "images": [
            {**_facts(image), "row": int(row)} for image, row in zip(found, rows.tolist(), strict=True)
        ],
        "pictures": reference(
            folder, f"{name}_images", images[chosen], data.file_names("probe_test", places[chosen])
        ),
        "rebuilt": reference(folder, f"{name}_rebuilt", rebuilt[chosen]),
    }


def _facts(image: StrangeImage) -> dict[str, Any]:
    return {name: value for name, value in to_json(image).items() if name != "place"}
