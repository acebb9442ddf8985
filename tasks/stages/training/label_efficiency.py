"""Trains a semi-supervised model once more on each of several shares of labels: what labels are worth."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from latent_audit.tasks.analyses.applications.label_efficiency import (
    LabelEfficiency,
    Named,
    baseline,
    compute,
)
from latent_audit.tasks.analyses.statistics.sample_rows import draw_rows
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.inputs.prepared import Prepared
from latent_audit.tasks.stages.training.labelled_cnn import train_on_labelled
from latent_audit.tasks.stages.training.training_report import train_on_part, training_places
from latent_audit.vae_models.attribute_classifier.settings import AttributeClassifierSettings
from latent_audit.vae_models.inference import classify_images
from latent_audit.vocabulary.batches import batches

if TYPE_CHECKING:
    from latent_audit.vae_models.components.semi_supervised_vae import SemiSupervisedVae

# Components of pixels that the baseline reads, fewer where there are fewer labels.
MAX_COMPONENTS = 50


def label_efficiency(
    model: "SemiSupervisedVae",
    data: Prepared,
    context: StageContext,
    bootstraps: int,
    seed: int,
    most_images: int,
) -> LabelEfficiency | None:
    """Returns held-out accuracies for each share in the model's settings; None where they ask for none.

    The baseline, logistic regression on principal components of pixels, sees the same labels, `most_images` at most;
    the CNN, the attribute classifier's network, sees all of them, for as many steps as the model.
    """
    shares = model.settings.efficiency_shares
    if not shares:
        return None
    names = [attribute.name for attribute in data.data.attributes]
    column = names.index(model.layout.targets[0].name)
    held_out = data.images("probe_test")
    learnt, _ = training_places(data, "model_train", model.settings.training)
    values = data.values("model_train", learnt)
    found = {}
    for share in shares:
        again = model.settings.model_copy(update={"labelled_share": share})
        place = replace(context, work_folder=context.work_folder / f"share-{share:g}")
        trained: Any = train_on_part(data, "model_train", again, seed, place).model
        labels = trained.training_values(values, seed)[:, 0]
        known = np.flatnonzero(~np.isnan(labels))
        drawn = draw_rows(len(known), most_images, seed, "labelled images", classes=labels[known])
        seen = known[drawn]
        codes = labels[seen].astype(np.int64)
        pixels = _flat(data.images("model_train", learnt[seen]))
        components = PCA(min(MAX_COMPONENTS, len(seen)), svd_solver="full").fit(pixels)
        chosen = baseline(components.transform(pixels), codes, components.transform(_flat(held_out)))
        by_cnn = _named_by_cnn(model, data, learnt[known], column, held_out, place, seed)
        found[share] = Named(len(known), _named_by(trained, held_out), chosen, by_cnn)
    truth = data.values("probe_test")[:, column]
    return compute(data.data.attributes[column], truth, found, bootstraps, np.random.default_rng(seed))


def _named_by_cnn(
    model: "SemiSupervisedVae",
    data: Prepared,
    labelled: NDArray[np.int64],
    column: int,
    held_out: NDArray[np.uint8],
    context: StageContext,
    seed: int,
) -> NDArray[np.int64]:
    """Returns the classes (n,) that a CNN names in held-out images, trained on the labelled images alone."""
    target = model.layout.targets[0]
    images = data.images("model_train", labelled)
    values = data.values("model_train", labelled)[:, [column]]
    training = model.settings.training.model_copy(update={"patience": None})
    settings = AttributeClassifierSettings(class_weight=1.0, training=training)
    cnn = train_on_labelled(settings, (target,), images, values, seed, context)
    return target.read(classify_images(cnn, held_out)).astype(np.int64)


def _named_by(model: "SemiSupervisedVae", images: NDArray[np.uint8]) -> NDArray[np.int64]:
    device = next(model.parameters()).device
    chosen = []
    with torch.no_grad():
        for some in batches(len(images), 500):
            pixels = torch.from_numpy(np.array(images[some])).to(device).float() / 255
            chosen.append(model.label_log_probabilities(pixels).argmax(1).cpu().numpy())
    return np.concatenate(chosen)


def _flat(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(255)
