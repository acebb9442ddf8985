"""Trains several seeds of one model in one step, on one part of the data."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from pydantic import BaseModel

from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.inputs.prepared import Prepared
from latent_audit.tasks.stages.training.training_report import (
    Given,
    Learning,
    Trained,
    on_interval,
    shortened,
    translate_stop,
)
from latent_audit.vae_models.building import build
from latent_audit.vae_models.training.stacked_training import train_together

if TYPE_CHECKING:
    from latent_audit.vae_models.components.vae import VariationalAutoencoder


def train_stack_on_part(
    data: Prepared, part: str, settings: Learning, seeds: Sequence[int], context: StageContext
) -> list[Trained]:
    """Returns the same for several seeds of one model, all trained in one step."""
    assert isinstance(settings, BaseModel)  # as all settings are
    given = Given.of(data, part, settings.training)
    models = [
        # Only settings that build one are asked to be stacked.
        cast("VariationalAutoencoder", build(settings, given.shape, given.targets, seed))
        for seed in seeds
    ]
    with translate_stop():
        results = train_together(
            models,
            given.images,
            given.held_out_images,
            shortened(settings.training, context),
            seeds,
            context.device,
            context.work_folder,
            on_interval(context),
            context.should_stop,
        )
    return [
        given.trained(model, result, settings, seed)
        for model, result, seed in zip(models, results, seeds, strict=True)
    ]
