"""The attribute classifier as analyses of edited images read it."""

from typing import TYPE_CHECKING

import numpy as np

from latent_audit.tasks.analyses.latent_space.attribute_classes import Reader
from latent_audit.vae_models.attribute_classifier.targets import scales_of
from latent_audit.vae_models.inference import classify_images

if TYPE_CHECKING:
    from latent_audit.vae_models.attribute_classifier.reads_attributes import ReadsAttributes


def reader_of(classifier: "ReadsAttributes") -> Reader:
    """Returns the classifier's predictions of images (n, c, h, w) in [0, 1]."""
    return Reader(
        lambda images: classify_images(classifier, np.asarray(images, np.float32)),
        classifier.response_columns,
        scales_of(classifier.targets),
    )
