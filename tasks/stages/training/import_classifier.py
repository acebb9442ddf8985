"""Import: an attribute classifier that the user brings, put where one of ours would stand."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.inputs.prepared import Prepared, open_prepared
from latent_audit.tasks.stages.training.given_files import described, keep
from latent_audit.tasks.stages.training.import_check import gradient_passes
from latent_audit.tasks.stages.training.reading_quality import reading_quality
from latent_audit.tasks.storage.arrays import write_json, write_summary
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.tasks.storage.data_files import ModelFiles
from latent_audit.vae_models.attribute_classifier.targets import fit_targets
from latent_audit.vae_models.brought_classifier.classifier import BroughtClassifier
from latent_audit.vae_models.brought_classifier.settings import (
    BroughtClassifierSettings,
    GivenClassifierSettings,
)
from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vae_models.inference import classify_images
from latent_audit.vae_models.storage.recipes import recipe, save


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
    quality = reading_quality(model.to(context.device), data, seed)
    facts = {
        "parameters": model.parameter_count,
        **quality.facts,
        "not_read": list(model.not_read),
        "origin": _origin(classifier, files),
        "gradients": gradient_passes(model.cpu().responses, torch.from_numpy(tried).float() / 255),
    }
    write_json(folder / "classifier.json", facts)
    write_summary(folder, metrics=quality.metrics, tags={"trained": "elsewhere"})


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
    return classifier.with_files(keep(files, folder)).model_copy(update={"folder": Path()})


def _origin(
    classifier: BroughtClassifierSettings | GivenClassifierSettings, files: ModelFiles
) -> dict[str, Any]:
    return {
        "kind": classifier.kind,
        "code": classifier.code_name,
        "code_sha256": files.sha256.get("code"),
        "files": described(files),
        "runs_its_code": True,
        "rebuilds_offline": False,
    }
