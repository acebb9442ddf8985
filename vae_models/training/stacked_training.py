"""Training of several VAEs in one step; see stacked_vaes.py."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from latent_audit.vae_models.components.vae import VariationalAutoencoder
from latent_audit.vae_models.errors import BadSettings
from latent_audit.vae_models.training.images_on_disk import TrainingImages
from latent_audit.vae_models.training.loop import train
from latent_audit.vae_models.training.results import Progress, TrainingResult
from latent_audit.vae_models.training.settings import TrainingSettings
from latent_audit.vae_models.training.stacked_vaes import StackedVaes
from latent_audit.vae_models.training.state import Curves


def train_together(
    models: Sequence[VariationalAutoencoder],
    images: TrainingImages,
    validation_images: NDArray[np.uint8],
    settings: TrainingSettings,
    seeds: Sequence[int],
    device: torch.device | str,
    checkpoint_folder: Path | None,
    on_interval: Callable[[Progress], None],
    should_stop: Callable[[], bool],
    graphed: bool = True,
) -> list[TrainingResult]:
    """Trains models of one architecture in place, each as `train` with its seed would; returns their results.

    `settings` are all models' own. What is held out is looked at with the same noise for all, so "held_out" curves
    differ a little from those of `train`. Speeds and seconds are the stack's. Raises as `train` does, for the whole
    stack, and BadSettings for models that cannot be stacked. graphed: on CUDA, replay a step that was recorded once.
    """
    if settings.patience is not None:
        raise BadSettings("models that are trained in one step stop together: leave training.patience out")
    stack = StackedVaes(models, seeds, torch.device(device), graphed)
    result = train(
        stack, images, None, validation_images, settings, tuple(seeds), device, checkpoint_folder, on_interval,
        should_stop,
    )  # fmt: skip
    stack.give_back()
    if len(models) == 1:
        return [result]
    return [replace(result, curves=_of_model(result.curves, place)) for place in range(len(models))]


def _of_model(curves: Curves, place: int) -> Curves:
    """Returns one model's curves, by their names without a stack."""
    named = {name: name.rpartition(".") for name in curves}
    return {named[name][0]: points for name, points in curves.items() if named[name][2] == str(place)}
