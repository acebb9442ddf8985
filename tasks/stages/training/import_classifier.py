"""Import: an attribute classifier that the user brings, put where one of ours would stand."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from latent_audit.tasks.analyses.scores import calibration, classifier_scores
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.inputs.prepared import Prepared, open_prepared
from latent_audit.tasks.stages.training.import_check import gradient_passes
from latent_audit.tasks.storage.arrays import write_json, write_summary
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.tasks.storage.data_files import ModelFiles
from latent_audit.vae_models.attribute_classifier.targets import fit_targets, scales_of
from latent_audit.vae_models.brought_classifier.classifier import BroughtClassifier
from latent_audit.vae_models.brought_classifier.settings import (
    BroughtClassifierSettings,
    GivenClassifierSettings,
)
from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vae_models.inference import classify_images
from latent_audit.vae_models.storage.recipes import recipe, save

# Where files that it cannot be rebuilt without are kept, below the artifact.
GIVEN = Path("given")


def compute(
    folder: Path,
    context: StageContext,
    *,
    prepared: Artifact,
    classifier: BroughtClassifierSettings | GivenClassifierSettings,
    files: ModelFiles,
    seed: int,
) -> None:
    """Writes weights, recipe, origin.json and classifier.json with the score and calibration of what it reads.

    Ordinal and continuous readings are standardised by the values of probe_fit; scores are of probe_test.
    """
    data = open_prepared(prepared)
    shape = data.data.images.shape[1:]
    targets = fit_targets(data.data.attributes, data.values("probe_fit"))
    model = classifier.with_files(files.places).build(shape, targets)
    tried = _random_images(data, seed)
    _refuse_other_answers(model, tried)
    save(folder, model, recipe(_kept(classifier, files, folder), shape, targets, seed))
    attributes = data.data.attributes
    read = [k for k, attribute in enumerate(attributes) if attribute.name not in model.not_read]
    names = [attributes[k] for k in read]
    values = data.values("probe_test")[:, read]
    responses = classify_images(model.to(context.device), data.images("probe_test"))
    scores = classifier_scores.compute(
        names, values, responses, model.response_columns, scales_of(targets), seed
    )
    sure = calibration.compute(names, values, responses, model.response_columns, seed)
    facts = {
        "parameters": model.parameter_count,
        "scores": to_json(scores),
        "calibration": to_json(sure),
        "not_read": list(model.not_read),
        "origin": _origin(classifier, files),
        "gradients": gradient_passes(model.cpu().responses, torch.from_numpy(tried).float() / 255),
    }
    write_json(folder / "classifier.json", facts)
    write_summary(
        folder,
        metrics={f"classifier.{score.attribute}.{score.statistic}": score.estimate.value for score in scores},
        tags={"trained": "elsewhere"},
    )


def _random_images(data: Prepared, seed: int, count: int = 64) -> NDArray[np.uint8]:
    """Returns enough images to see whether a classifier can be used at all."""
    return data.images("probe_fit", data.draw("probe_fit", count, seed, "classifier check"))


def _refuse_other_answers(model: BroughtClassifier, images: NDArray[np.uint8]) -> None:
    """Raises BadCheckpoint for a classifier that cannot be used, or reads the same images otherwise the next time."""
    first = classify_images(model, images)
    if not np.array_equal(classify_images(model, images), first):
        raise BadCheckpoint(
            f"the classifier {model.source} reads the same images otherwise when it is given them again: switch "
            "dropout off, and fix what is drawn at random"
        )


def _kept(
    classifier: BroughtClassifierSettings | GivenClassifierSettings, files: ModelFiles, folder: Path
) -> BroughtClassifierSettings | GivenClassifierSettings:
    """Returns the settings as the recipe holds them: files beside it, and no folder of this machine."""
    if isinstance(classifier, GivenClassifierSettings):
        return classifier
    kept = {name: GIVEN / f"{name}{path.suffix}" for name, path in files.places.items()}
    for name, place in kept.items():
        (folder / place).parent.mkdir(exist_ok=True)
        shutil.copyfile(files.places[name], folder / place)
    return classifier.with_files(kept).model_copy(update={"folder": Path()})


def _origin(
    classifier: BroughtClassifierSettings | GivenClassifierSettings, files: ModelFiles
) -> dict[str, Any]:
    return {
        "kind": classifier.kind,
        "code": classifier.code_name,
        "code_sha256": files.sha256.get("code"),
        "files": [
            {"setting": name, "name": path.name, "bytes": path.stat().st_size, "sha256": files.sha256[name]}
            for name, path in files.places.items()
        ],
        "runs_its_code": True,
        "rebuilds_offline": False,
    }
