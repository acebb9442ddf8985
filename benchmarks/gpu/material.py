"""Sprites of 64x64 with their values, and models of them, built alike for every device."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.tasks.datasets.sprites import ATTRIBUTES, FACTOR_SIZES, render, true_values
from latent_audit.vae_models.attribute_classifier.targets import Target, fit_targets
from latent_audit.vae_models.building import Buildable, Built, build
from latent_audit.vae_models.training.loop import train
from latent_audit.vae_models.training.results import TrainingResult
from latent_audit.vae_models.training.settings import TrainingSettings

SHAPE = (1, 64, 64)


@dataclass(frozen=True)
class Sprites:
    """Sprites of random classes: images uint8 (n, 1, 64, 64) and values (n, 5), to learn from and held out."""

    images: NDArray[np.uint8]
    values: NDArray[np.float64]
    held_out_images: NDArray[np.uint8]
    held_out_values: NDArray[np.float64]

    @classmethod
    def drawn(cls, count: int, held_out: int) -> "Sprites":
        """Returns `count` sprites to learn from and `held_out` others."""
        random = np.random.default_rng(0)
        sizes = (count, held_out)
        learnt, watched = (np.stack([random.integers(0, k, n) for k in FACTOR_SIZES], 1) for n in sizes)
        side = SHAPE[1]
        return cls(render(learnt, side), true_values(learnt), render(watched, side), true_values(watched))

    @property
    def attributes(self) -> tuple[Attribute, ...]:
        """Returns the five attributes of sprites."""
        return ATTRIBUTES

    @cached_property
    def targets(self) -> tuple[Target, ...]:
        """Returns what a model may learn of the attributes."""
        return fit_targets(ATTRIBUTES, self.values)

    def built(self, settings: Buildable[Built]) -> Built:
        """Returns an untrained model of sprites."""
        return build(settings, SHAPE, self.targets, 0)

    def trained(
        self,
        model: torch.nn.Module,
        settings: TrainingSettings,
        device: str,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> TrainingResult:
        """Trains `model` in place on a device; `should_stop` is asked before every step."""
        return train(
            model,  # type: ignore[arg-type]  # what is built here can be trained
            self.images,
            self.values,
            self.held_out_images,
            settings,
            0,
            device,
            None,
            lambda progress: None,
            should_stop,
            validation_values=self.held_out_values,
        )
