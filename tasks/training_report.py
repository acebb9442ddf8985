"""What the training stages have in common: progress onto the bench, a time limit, how it ended, and its facts."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tasks.errors import Stopped
from tasks.stage import Bench
from vae_models.errors import Cancelled, ModelError, TrainingStopped
from vae_models.training import Progress, TrainingResult
from vae_models.training_settings import TrainingSettings


def on_interval(bench: Bench) -> Callable[[Progress], None]:
    """Returns the callback that shows a training run's progress."""

    def report(progress: Progress) -> None:
        facts = {"images_per_second": progress.images_per_second, **progress.scalars}
        if progress.seconds_left is not None:
            facts["seconds_left"] = progress.seconds_left
        bench.report(progress.step, progress.steps, facts)

    return report


def shortened(settings: TrainingSettings, bench: Bench) -> TrainingSettings:
    """Returns training settings that also keep the stage's own time limit."""
    limits = [limit for limit in (settings.deadline_seconds, bench.deadline_seconds) if limit is not None]
    return settings.model_copy(update={"deadline_seconds": min(limits, default=None)})


@contextmanager
def said_to_the_parent() -> Iterator[None]:
    """Raises what ends a training early as an error of text alone.

    Errors leave a worker process pickled; one with more arguments than its text cannot be put together again,
    and that would end the whole pool, with all that other workers were about to save.
    """
    try:
        yield
    except Cancelled as error:
        raise Stopped(str(error)) from None
    except TrainingStopped as error:
        raise ModelError(str(error)) from None


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
