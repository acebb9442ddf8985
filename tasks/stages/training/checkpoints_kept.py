"""A training once more, with weights kept on the way: what it does is the same, and it is looked at more often."""

from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel
from torch import Tensor, nn

from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.inputs.prepared import Prepared
from latent_audit.tasks.stages.training.training_report import (
    Given,
    Learning,
    on_interval,
    shortened,
    translate_stop,
)
from latent_audit.vae_models.building import build
from latent_audit.vae_models.model import Trainable
from latent_audit.vae_models.training.loop import train
from latent_audit.vae_models.training.results import Progress, TrainingResult

# Points of every curve, where there are so many steps.
POINTS = 40


@dataclass(frozen=True)
class Checkpoint:
    """The weights after so many steps; 0: before the first."""

    step: int
    weights: dict[str, Tensor]


@dataclass(frozen=True)
class Watched:
    """The model, with its last weights, the result of its training, and its checkpoints, the first one untrained."""

    model: nn.Module
    result: TrainingResult
    checkpoints: tuple[Checkpoint, ...]

    def at(self, checkpoint: Checkpoint) -> nn.Module:
        """Returns the model with the weights of a checkpoint, in place."""
        self.model.load_state_dict(checkpoint.weights)
        return self.model.eval()


def checkpoint_steps(steps: int, most: int) -> tuple[int, list[int]]:
    """Returns every how many steps a training of `steps` is evaluated, and after which its weights are kept.

    Kept are the untrained weights, the last, and `most` in all, nearer to each other at the beginning, where a
    training changes most.
    """
    interval = max(1, steps // POINTS)
    spaced = np.unique(np.geomspace(1, steps // interval, most - 1).round().astype(int))
    return interval, [0, *(int(point) * interval for point in spaced[:-1]), steps]


def train_and_keep(
    data: Prepared, part: str, settings: Learning, seed: int, context: StageContext, most: int
) -> Watched:
    """Returns a training on one part of the data, to its last step, with at most `most` checkpoints.

    Data, order and noise are those of `train_on_part`; evaluations draw from a stream of their own, so that more of
    them change nothing. It does not stop early. Raises Stopped when the user asks to stop.
    """
    assert isinstance(settings, BaseModel)  # as all settings are
    given = Given.of(data, part, settings.training)
    interval, wanted = checkpoint_steps(settings.training.steps, most)
    training = settings.training.model_copy(update={"evaluate_every": interval, "patience": None})
    model = build(settings, given.shape, given.targets, seed)
    assert isinstance(model, Trainable)
    kept = [Checkpoint(0, _copied(model))]
    shown = on_interval(context)

    def at_interval(progress: Progress) -> None:
        shown(progress)
        if progress.step in wanted and progress.step > kept[-1].step:
            kept.append(Checkpoint(progress.step, _copied(model)))

    with translate_stop():
        result = train(
            model,
            given.images,
            given.values,
            given.held_out_images,
            shortened(training, context),
            seed,
            context.device,
            None,
            at_interval,
            context.should_stop,
            validation_values=given.held_out_values,
        )
    return Watched(model, result, tuple(kept))


def _copied(model: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.detach().cpu().clone() for name, tensor in model.state_dict().items()}
