"""Names of components that settings can select, without importing torch, which takes seconds."""

from typing import Literal

from latent_audit.vae_models.errors import BadSettings

ConvolutionKind = Literal["burgess", "locatello"]
NetworkKind = Literal["mlp", "burgess", "locatello", "attention"]
ReconstructionKind = Literal["bernoulli", "gaussian", "laplace"]
PosteriorLayout = Literal["halves", "interleaved", "separate"]
# What several tensors, or whole numbers, that an encoder gives are.
Returned = Literal["moments", "levels", "indices"]
Precision = Literal["auto", "fp32", "bf16"]


def refuse_variance(kind: ReconstructionKind, variance: float | None) -> None:
    """Raises BadSettings if the variance of pixels is missing, or the distribution of pixels has none."""
    if kind == "bernoulli" and variance is not None:
        raise BadSettings(
            "pixel_variance belongs to reconstruction gaussian or laplace: leave it out for bernoulli"
        )
    if kind != "bernoulli" and variance is None:
        raise BadSettings(
            f"reconstruction {kind} needs pixel_variance (0.1 is usual for [0, 1] images): its nats mean nothing "
            "without it"
        )
