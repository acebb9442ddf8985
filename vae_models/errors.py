"""Errors of building and training models.

ModelError
|-- BadSettings       an illegal combination of settings, or settings that do not fit the data
|-- BadCheckpoint     a folder of weights that is incomplete or belongs to something else
`-- TrainingStopped
    |-- Diverged      losses became NaN, infinite or absurd; the last good checkpoint is kept
    `-- Cancelled     the caller asked to stop; the state was saved and training can be resumed
A deadline is no error: training stops there and its result says so.
"""

from pathlib import Path

from latent_audit.vocabulary.errors import UserError


class ModelError(UserError):
    """Base of the errors of vae_models; the text is a sentence for the user."""


class BadSettings(ModelError, ValueError):
    """Settings that contradict each other or the data. A ValueError too, so that pydantic lists it."""


class BadCheckpoint(ModelError):
    """Weights or a recipe that cannot be read back."""


class TrainingStopped(ModelError):
    """Training ended before its result existed. `step` is where, `checkpoint` what can be resumed from."""

    def __init__(self, message: str, step: int, checkpoint: Path | None) -> None:
        super().__init__(message)
        self.step = step
        self.checkpoint = checkpoint

    def __reduce__(self) -> tuple[type["TrainingStopped"], tuple[str, int, Path | None]]:
        # Errors travel between processes by their arguments, and `args` holds the message alone.
        return type(self), (str(self), self.step, self.checkpoint)


class Diverged(TrainingStopped):
    """A loss became NaN, infinite, or many times its first value."""


class Cancelled(TrainingStopped):
    """The caller's should_stop returned true; the state up to `step` is in `checkpoint`."""
