"""Settings of the training loop, the same for every kind of model."""

from pydantic import BaseModel, ConfigDict, Field, model_validator

from vae_models.choices import Precision


class TrainingSettings(BaseModel):
    """How long and on what to train. Everything but the deadline leaves the result reproducible."""

    model_config = ConfigDict(frozen=True, extra="forbid")

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
    evaluate_every: int = Field(
        500, ge=1, description="steps between held-out evaluations, a point on each curve"
    )
    evaluation_images: int = Field(1000, ge=1, description="held-out images of each evaluation, at most")
    checkpoint_every: int = Field(2000, ge=1, description="steps between checkpoints to resume from")
    patience: int | None = Field(
        None,
        ge=1,
        description="evaluations without a better held-out objective before stopping at the best weights; "
        "null trains all steps and keeps the last",
    )
    deterministic: bool = Field(
        True,
        description="prefer CUDA kernels that repeat exactly, warn of others; CPU training always repeats",
    )
    deadline_seconds: float | None = Field(
        None, gt=0, description="stop, and say so, after this many seconds; null for no limit"
    )

    @model_validator(mode="after")
    def _patience_needs_evaluations(self) -> "TrainingSettings":
        if self.patience is not None and self.evaluate_every > self.steps:
            raise ValueError(
                f"patience needs held-out evaluations, but evaluate_every ({self.evaluate_every}) is beyond "
                f"the last step ({self.steps}): lower evaluate_every or leave patience out"
            )
        return self
