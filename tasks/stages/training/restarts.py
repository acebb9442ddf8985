"""Begins a training that failed again, from other weights: decided by its losses alone, before anything is audited."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from latent_audit.vae_models.errors import Diverged
from latent_audit.vae_models.model import KnowsItsFailure
from latent_audit.vae_models.training.results import TrainingResult
from latent_audit.vocabulary.reasons import NO_REASON, Reason, reason

# Far apart, so that no start of one seed is a start of another.
_BETWEEN_STARTS = 1_000_003


@dataclass(frozen=True)
class FailedStart:
    """A start that was given up: the seed of its weights and order, the step at which it ended, and why."""

    seed: int
    step: int
    reason: Reason


@dataclass(frozen=True)
class Started:
    """The model of the last start, its result, its seed, and the starts before it."""

    model: nn.Module
    result: TrainingResult
    seed: int
    failed: tuple[FailedStart, ...]


def train_until_sound(
    attempt: Callable[[int, int], tuple[nn.Module, TrainingResult]], seed: int, restarts: int
) -> Started:
    """Returns the first start that did not fail, or the last one that is allowed.

    attempt: trains start `number` (0, 1, ...) with a seed. A start fails when a loss diverges, or when the model says
    that its training failed (a GAN whose samples are all alike, or whose discriminator is certain of every image).
    Raises Diverged when the last start allowed diverges.
    """
    failed: list[FailedStart] = []
    while True:
        number = len(failed)
        start_seed = seed + number * _BETWEEN_STARTS
        try:
            model, result = attempt(number, start_seed)
        except Diverged as error:
            if number == restarts:
                raise
            failed.append(FailedStart(start_seed, error.step, reason("training.diverged")))
            continue
        why = model.collapse_reason if isinstance(model, KnowsItsFailure) else NO_REASON
        if why == NO_REASON or number == restarts:
            return Started(model, result, start_seed, tuple(failed))
        failed.append(FailedStart(start_seed, result.steps, why))
