"""What the training loop says while it runs, and when it has ended."""

from dataclasses import dataclass

from latent_audit.vae_models.training.state import Curves


@dataclass(frozen=True)
class Progress:
    """What a progress line says. seconds_left: by this run's own speed, None before it is known."""

    step: int
    steps: int
    images_per_second: float
    seconds_left: float | None
    scalars: dict[str, float]


@dataclass(frozen=True)
class TrainingResult:
    """How training went. stopped: "completed", "patience" or "deadline".

    curves: name -> [[step, value], ...] in nats per image at each evaluation; "held_out" is the objective on
    held-out images. seconds and images_per_second vary from run to run, all else repeats.
    """

    steps: int
    images_seen: int
    stopped: str
    curves: Curves
    seconds: float
    images_per_second: float
