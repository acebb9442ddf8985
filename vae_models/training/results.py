"""Progress and result of the training loop."""

from dataclasses import dataclass

from latent_audit.vae_models.training.state import Curves


@dataclass(frozen=True)
class Progress:
    """Content of a progress line. seconds_left: from this run's speed, None before it is known."""

    step: int
    steps: int
    images_per_second: float
    seconds_left: float | None
    scalars: dict[str, float]


@dataclass(frozen=True)
class TrainingResult:
    """The result of a training. stopped: "completed", "patience" or "deadline".

    curves: name -> [[step, value], ...] in nats per image at each evaluation; "held_out" is the objective on
    held-out images. seconds and images_per_second vary from run to run, all else repeats.
    """

    steps: int
    images_seen: int
    stopped: str
    curves: Curves
    seconds: float
    images_per_second: float
