"""What the training stages have in common: one part of the data to learn from, a time limit, progress, its facts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from tasks.errors import Stopped
from tasks.prepare import Prepared
from tasks.stage import Bench
from vae_models.checkpoints import recipe
from vae_models.errors import Cancelled
from vae_models.model import Trainable
from vae_models.presets import build
from vae_models.targets import Target, fit_targets
from vae_models.training import train
from vae_models.training_records import Progress, TrainingResult
from vae_models.training_settings import TrainingSettings


@dataclass(frozen=True)
class Trained:
    """A trained model or classifier, the targets it was given, how training went, and what rebuilds it."""

    model: Trainable
    targets: tuple[Target, ...]
    result: TrainingResult
    recipe: dict[str, Any]


def train_on_part(
    data: Prepared, part: str, held_out_share: int, settings: BaseModel, seed: int, bench: Bench
) -> Trained:
    """Returns what `settings` build, trained on one part of the data, of which 1 / held_out_share watches.

    Raises Stopped when the user asks to stop; the state is kept in the bench's work folder.
    """
    images, values = data.images(part), data.values(part)
    held_out = max(len(images) // held_out_share, 1)
    targets = fit_targets(data.data.attributes, values)
    shape = images.shape[1:]
    model = build(settings, shape, targets, seed)
    try:
        result = train(
            model,
            images[held_out:],
            values[held_out:],
            images[:held_out],
            _shortened(settings.training, bench),
            seed,
            bench.device,
            bench.work_folder,
            _on_interval(bench),
            bench.should_stop,
            validation_values=values[:held_out],
        )
    except Cancelled as error:
        raise Stopped(str(error)) from None
    return Trained(model, targets, result, recipe(settings, shape, targets, seed))


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


def _on_interval(bench: Bench) -> Callable[[Progress], None]:
    """Returns the callback that shows a training run's progress."""

    def report(progress: Progress) -> None:
        facts = {"images_per_second": progress.images_per_second, **progress.scalars}
        if progress.seconds_left is not None:
            facts["seconds_left"] = progress.seconds_left
        bench.report(progress.step, progress.steps, facts)

    return report


def _shortened(settings: TrainingSettings, bench: Bench) -> TrainingSettings:
    """Returns training settings that also keep the stage's own time limit."""
    limits = [limit for limit in (settings.deadline_seconds, bench.deadline_seconds) if limit is not None]
    return settings.model_copy(update={"deadline_seconds": min(limits, default=None)})
