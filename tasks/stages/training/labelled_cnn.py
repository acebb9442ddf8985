"""A CNN trained on some labelled images for a number of steps, beside which labels or images of a model are judged."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.statistics.sample_rows import draw_rows
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.training.training_report import shortened, translate_stop
from latent_audit.vae_models.attribute_classifier.classifier import AttributeClassifier
from latent_audit.vae_models.attribute_classifier.settings import AttributeClassifierSettings
from latent_audit.vae_models.attribute_classifier.targets import Target
from latent_audit.vae_models.building import build
from latent_audit.vae_models.training.loop import train


def train_on_labelled(
    settings: AttributeClassifierSettings,
    targets: Sequence[Target],
    images: NDArray[np.uint8],
    values: NDArray[np.float64],
    seed: int,
    context: StageContext,
    watched_images: int = 50,
) -> AttributeClassifier:
    """Returns what `settings` build, trained on images (n, c, h, w) and values (n, k), NaN where unknown.

    watched_images: how many of the same images its loss is reported on; nothing is decided by them. Raises Stopped
    when the user asks to stop.
    """
    cnn = build(settings, images.shape[1:], tuple(targets), seed)
    some = draw_rows(len(images), watched_images, seed, "watched images")
    with translate_stop():
        train(
            cnn, images, values, images[some], shortened(settings.training, context), seed, context.device, None,
            lambda _: None, context.should_stop, validation_values=values[some],
        )  # fmt: skip
    return cnn
