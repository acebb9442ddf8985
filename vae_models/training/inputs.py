"""Checks the inputs of a training, and identifies trainings with equal inputs."""

import hashlib

import numpy as np
from numpy.typing import NDArray
from torch import nn

from latent_audit.vae_models.errors import BadSettings
from latent_audit.vae_models.model import Trainable
from latent_audit.vae_models.training.images_on_disk import TrainingImages
from latent_audit.vae_models.training.settings import TrainingSettings

# Spread evenly over all images: enough to tell other images from these.
_COMPARED_IMAGES = 64


def check_images(model: Trainable, images: TrainingImages, validation_images: NDArray[np.uint8]) -> None:
    """Raises BadSettings if there are no images, or if they are not uint8 of the model's shape."""
    parts: tuple[tuple[str, TrainingImages], ...] = (("training", images), ("validation", validation_images))
    for name, part in parts:
        if part.dtype != np.uint8 or part.shape[1:] != model.image_shape or not len(part):
            raise BadSettings(
                f"{name} images must be uint8 of shape (n, {', '.join(map(str, model.image_shape))}) n > 0, "
                f"got {part.dtype} {part.shape}"
            )


def identity_of(
    model: Trainable,
    settings: TrainingSettings,
    seeds: tuple[int, ...],
    images: TrainingImages,
    values: NDArray[np.float64] | None,
) -> str:
    """Returns a digest of a training's inputs; with a constant learning rate the number of steps does not count."""
    assert isinstance(model, nn.Module)
    free = {"deadline_seconds", "checkpoint_every", "restarts", "from_disk"} | (
        set() if settings.learning_rate_decay else {"steps"}
    )
    parts = [type(model).__name__, settings.model_dump_json(exclude=free), str(seeds), str(images.shape)]
    parts += [f"{name}{tuple(tensor.shape)}" for name, tensor in model.state_dict().items()]
    digest = hashlib.sha256("|".join(parts).encode())
    some = np.linspace(0, len(images) - 1, min(len(images), _COMPARED_IMAGES)).round().astype(np.int64)
    digest.update(np.ascontiguousarray(images[some]).tobytes())
    if values is not None:
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()
