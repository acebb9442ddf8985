"""Explain the attribute classifier: which pixels it reads each attribute from, once for the whole run."""

from pathlib import Path

from torch import Tensor, nn

from latent_audit.tasks.analyses.attributions.attribution import explain_pixels
from latent_audit.tasks.analyses.attributions.attribution_methods import (
    grad_cam_method,
    integrated_method,
    last_convolution,
)
from latent_audit.tasks.analyses.attributions.attribution_record import Subjects
from latent_audit.tasks.analyses.attributions.superpixels import superpixel_methods
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.inputs.prepared import open_prepared
from latent_audit.tasks.stages.inputs.shown_images import ShownImages, write_attributions
from latent_audit.tasks.storage.arrays import read_json, write_summary
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.vae_models.storage.checkpoints import load_classifier
from latent_audit.vocabulary.reasons import reason


def compute(
    folder: Path,
    context: StageContext,
    *,
    prepared: Artifact,
    classifier: Artifact,
    attribution_images: int,
    attribution_steps: int,
    superpixel_samples: int,
    reference_images: int,
    seed: int,
) -> None:
    """Writes attributions.json and evidence.json for the first response of each attribute that is read.

    One response an attribute is enough to see whether the judge looks at the object.
    """
    attribute_classifier = load_classifier(classifier.path, context.device)
    data = open_prepared(prepared)
    shown = ShownImages(data, attribution_images, attribution_steps, reference_images, seed)
    columns = {
        name: int(column[0])
        for name, column in attribute_classifier.response_columns.items()
        if name not in attribute_classifier.not_read
    }
    picked = list(columns.values())
    baseline = shown.baseline_on(next(attribute_classifier.parameters()).device)
    has_gradients = read_json(classifier.path / "classifier.json").get("gradients", True)
    methods = list(superpixel_methods(_responses, picked, baseline, superpixel_samples, seed))
    if has_gradients:
        methods.insert(0, integrated_method(_responses, picked, baseline, shown.depth))
        layer = last_convolution(attribute_classifier)
        if layer is not None:
            methods.append(grad_cam_method(_responses, picked, layer))
    lacking = () if has_gradients else (reason("reach.classifier_without_gradient"),)
    found = explain_pixels(
        attribute_classifier,
        _responses,
        Subjects("classifier", tuple(picked), tuple(columns), (None,) * len(columns)),
        methods,
        shown.images,
        shown.baseline,
        seed,
        shown.depth,
        shown.masks,
    )
    write_summary(folder, metrics=write_attributions(folder, found, shown.files, lacking))


def _responses(module: nn.Module, images: Tensor) -> Tensor:
    return module.responses(images)  # type: ignore[operator]  # a Module has whatever it was given
