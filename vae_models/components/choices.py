"""Names of components that settings can select, without importing torch, which takes seconds."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from latent_audit.vae_models.errors import BadSettings

ConvolutionKind = Literal["burgess", "locatello"]
NetworkKind = Literal["mlp", "burgess", "locatello", "attention", "residual"]
ReconstructionKind = Literal["bernoulli", "gaussian", "laplace"]
PosteriorLayout = Literal["halves", "interleaved", "separate"]
# What several tensors, or whole numbers, that an encoder gives are.
Returned = Literal["moments", "levels", "indices"]
Precision = Literal["auto", "fp32", "bf16"]


class ResidualSize(BaseModel):
    """Width and depth of a residual network."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    width: int = Field(
        32,
        ge=8,
        multiple_of=8,
        description="channels of maps of 32x32 and larger; twice as many in smaller ones",
    )
    blocks: int = Field(1, ge=0, description="residual blocks at maps of each side from 16x16 down to 4x4")
    norm: Literal["none", "group"] = Field(
        "none", description="none, or group: group normalisation of 8 channels a group after each convolution"
    )


def refuse_size(network: str | None, size: ResidualSize | None) -> None:
    """Raises BadSettings if a size of residual networks is given for another network."""
    if size is not None and network != "residual":
        raise BadSettings(
            f"residual sets the size of network residual, and network is {network}: set network to residual, or "
            "leave residual out"
        )


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
