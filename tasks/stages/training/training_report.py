"""What the training stages have in common: one part of the data to learn from, a time limit, progress, its facts."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel
from torch import nn

from latent_audit.tasks.analyses.statistics.sample_rows import draw_rows, hold_out
from latent_audit.tasks.errors import Stopped
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.inputs.prepared import Prepared
from latent_audit.tasks.stages.training.restarts import FailedStart, train_until_sound
from latent_audit.vae_models.attribute_classifier.targets import Target, fit_targets
from latent_audit.vae_models.building import build
from latent_audit.vae_models.errors import Cancelled
from latent_audit.vae_models.model import Trainable
from latent_audit.vae_models.storage.checkpoints import load
from latent_audit.vae_models.storage.recipes import recipe
from latent_audit.vae_models.supervision import Supervision, supervision_of
from latent_audit.vae_models.training.images_on_disk import ImagesOnDisk, TrainingImages
from latent_audit.vae_models.training.loop import train
from latent_audit.vae_models.training.results import Progress, TrainingResult
from latent_audit.vae_models.training.settings import TrainingSettings
from latent_audit.vae_models.training.starting_weights import start_from

if TYPE_CHECKING:
    from latent_audit.vae_models.components.vae import VariationalAutoencoder

Places = NDArray[np.int64]
# The seed of what is held out. The order of a part's images depends on the run's seed already.
_SAME_FOR_ALL = 0


class Learning(Protocol):
    """Settings of a model or a classifier that is trained here, and not elsewhere."""

    @property
    def training(self) -> TrainingSettings:
        """How long it is trained, and on what."""

    def build(self, image_shape: tuple[int, int, int], targets: Sequence[Target]) -> nn.Module:
        """Returns it untrained."""


@dataclass(frozen=True)
class Trained:
    """A trained model or classifier, the targets it was given, which of them it used, how training went, and what
    rebuilds it.
    """

    model: nn.Module
    targets: tuple[Target, ...]
    result: TrainingResult
    recipe: dict[str, Any]
    supervision: Supervision
    failed_starts: tuple[FailedStart, ...] = ()


def train_on_part(
    data: Prepared,
    part: str,
    settings: Learning,
    seed: int,
    context: StageContext,
    start: Path | None = None,
) -> Trained:
    """Returns what `settings` build, trained on one part of the data but for the share that is held out.

    start: the folder of a trained model whose weights it starts from. A training that fails begins again as often as
    `training.restarts` says. Raises Stopped when the user asks to stop; the state is kept in the context's work folder.
    """
    assert isinstance(settings, BaseModel)  # as all settings are
    given = Given.of(data, part, settings.training)

    def attempt(number: int, start_seed: int) -> tuple[nn.Module, TrainingResult]:
        model = build(settings, given.shape, given.targets, start_seed)
        assert isinstance(model, Trainable)
        if start is not None:
            # Only settings that build one name a start.
            start_from(cast("VariationalAutoencoder", model), cast("nn.Module", load(start, "cpu")))
        result = train(
            model,
            given.images,
            given.values,
            given.held_out_images,
            shortened(settings.training, context),
            start_seed,
            context.device,
            context.work_folder / f"restart-{number}" if number else context.work_folder,
            on_interval(context),
            context.should_stop,
            validation_values=given.held_out_values,
        )
        return model, result

    with translate_stop():
        started = train_until_sound(attempt, seed, settings.training.restarts)
    assert isinstance(started.model, Trainable)
    trained = given.trained(started.model, started.result, settings, started.seed)
    return replace(trained, failed_starts=started.failed)


def training_facts(result: TrainingResult) -> dict[str, Any]:
    """Returns the part of a training result that repeats exactly: no times."""
    return {
        "steps": result.steps,
        "images_seen": result.images_seen,
        "stopped": result.stopped,
        "curves": {
            name: {
                "step": [int(step) for step, _ in points],
                "value": [round(value, 6) for _, value in points],
            }
            for name, points in result.curves.items()
        },
    }


def training_places(data: Prepared, part: str, settings: TrainingSettings) -> tuple[Places, Places]:
    """Returns the places within a part of the images to learn from, and of those that training is watched by.

    Every class that the part has is among the first. The same for every seed of a model, so that all seeds learn
    from the same images, in a stack or alone.
    """
    learnt, held_out = hold_out(
        len(data.rows(part)),
        settings.held_out_share,
        _SAME_FOR_ALL,
        f"held out of {part}",
        data.classes(part),
    )
    watched = draw_rows(len(held_out), settings.evaluation_images, _SAME_FOR_ALL, f"evaluation on {part}")
    return learnt, held_out[watched]


@dataclass(frozen=True)
class Given:
    """One part of the data: images and values to learn from, others to watch by, and what there is to learn."""

    images: TrainingImages
    values: NDArray[np.float64]
    held_out_images: NDArray[np.uint8]
    held_out_values: NDArray[np.float64]
    targets: tuple[Target, ...]
    shape: tuple[int, int, int]

    @classmethod
    def of(cls, data: Prepared, part: str, settings: TrainingSettings) -> "Given":
        """Returns what a training on `part` is given, but for the share that is held out."""
        learnt, watched = training_places(data, part, settings)
        images: TrainingImages = (
            ImagesOnDisk(data.data.images, data.rows(part)[learnt])
            if settings.from_disk
            else data.images(part, learnt)
        )
        return cls(
            images,
            data.values(part, learnt),
            data.images(part, watched),
            data.values(part, watched),
            fit_targets(data.data.attributes, data.values(part)),
            data.data.images.shape[1:],
        )

    def trained(self, model: Trainable, result: TrainingResult, settings: BaseModel, seed: int) -> Trained:
        """Returns a model that was trained on this, with what rebuilds it and the labels that it used."""
        assert isinstance(model, nn.Module)  # as every implementation is
        names = [target.name for target in self.targets]
        return Trained(
            model,
            self.targets,
            result,
            recipe(settings, self.shape, self.targets, seed),
            supervision_of(model, names, self.values, seed),
        )


@contextmanager
def translate_stop() -> Iterator[None]:
    """Turns a cancelled training into a stopped stage."""
    try:
        yield
    except Cancelled as error:
        raise Stopped(str(error)) from None


def on_interval(context: StageContext) -> Callable[[Progress], None]:
    """Returns the callback that shows a training run's progress."""

    def report(progress: Progress) -> None:
        facts = {"images_per_second": progress.images_per_second, **progress.scalars}
        if progress.seconds_left is not None:
            facts["seconds_left"] = progress.seconds_left
        context.report(progress.step, progress.steps, facts)

    return report


def shortened(settings: TrainingSettings, context: StageContext) -> TrainingSettings:
    """Returns training settings that also keep the stage's own time limit."""
    limits = [limit for limit in (settings.deadline_seconds, context.deadline_seconds) if limit is not None]
    return settings.model_copy(update={"deadline_seconds": min(limits, default=None)})
