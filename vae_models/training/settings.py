"""Settings of the training loop, the same for every kind of model."""

from pydantic import BaseModel, ConfigDict, Field, field_serializer, model_validator

from latent_audit.vae_models.components.choices import Precision
from latent_audit.vae_models.training.durations import Duration, in_steps


class TrainingSettings(BaseModel):
    """Duration, batches and optimiser of a training. Results are reproducible except with a deadline."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    steps: int = Field(2000, ge=1, description="optimiser steps")
    learning_rate_decay: float = Field(
        0.4,
        ge=0,
        le=1,
        description="share of the steps, the last ones, over which step sizes fall linearly to a twentieth; "
        "0 keeps them",
    )
    batch_size: int = Field(64, ge=1, description="images a step; fewer where the data have fewer")
    precision: Precision = Field(
        "auto", description="bf16, fp32, or auto: bf16 on CUDA and on CPUs with avx512_bf16 or amx_bf16"
    )
    evaluate_every: Duration = Field(
        0.25,
        gt=0,
        description="steps between held-out evaluations, a point on each curve; below 1: a share of all steps",
    )
    held_out_share: float = Field(
        0.05, gt=0, lt=1, description="share of the training images that is held out, drawn at random"
    )
    evaluation_images: int = Field(
        1000, ge=1, description="held-out images of each evaluation, at most, drawn at random"
    )
    checkpoint_every: Duration = Field(
        0.25,
        gt=0,
        description="steps between checkpoints, from which a killed training goes on; below 1: a share of all steps",
    )
    patience: int | None = Field(
        None,
        ge=1,
        description="evaluations without a better held-out objective before stopping at the best weights; "
        "null trains all steps and keeps the last",
    )
    from_disk: bool = Field(
        False,
        description="read the images of each step from disk, for data larger than memory: the same weights, later",
    )
    restarts: int = Field(
        0,
        ge=0,
        description="how often a training begins again, from other weights, when its losses diverge or its model says "
        "that it failed (samples all alike, a discriminator certain of every image); verdicts play no part",
    )
    deterministic: bool = Field(
        True,
        description="prefer CUDA kernels that repeat exactly, warn of others; CPU training always repeats",
    )
    deadline_seconds: float | None = Field(
        None, gt=0, description="stop, and say so, after this many seconds; null for no limit"
    )

    @property
    def evaluation_interval(self) -> int:
        """Returns the steps between held-out evaluations."""
        return max(1, in_steps(self.evaluate_every, self.steps))

    @property
    def checkpoint_interval(self) -> int:
        """Returns the steps between checkpoints."""
        return max(1, in_steps(self.checkpoint_every, self.steps))

    @field_serializer("evaluate_every", "checkpoint_every", when_used="json")
    def _interval_in_steps(self, value: float) -> int:
        """Records and keys hold what is done, however it was asked for."""
        return max(1, in_steps(value, self.steps))

    @model_validator(mode="after")
    def _patience_needs_evaluations(self) -> "TrainingSettings":
        if self.patience is not None and self.evaluation_interval > self.steps:
            raise ValueError(
                f"patience needs held-out evaluations, but evaluate_every ({self.evaluate_every}) is beyond "
                f"the last step ({self.steps}): lower evaluate_every or leave patience out"
            )
        return self
