"""What "reconstruction" measures: the distribution of pixels given decoder outputs, in nats per image.

Which of the two was used stands beside every figure: Bernoulli nats of a grey image and Gaussian nats are
not comparable.
"""

import math
from typing import Literal, Protocol

from torch import Tensor
from torch.nn import functional

from vae_models.errors import BadSettings

ReconstructionKind = Literal["bernoulli", "gaussian"]


class Reconstruction(Protocol):
    """A distribution of images given a decoder's unbounded outputs (n, c, h, w)."""

    def nats_per_image(self, outputs: Tensor, images: Tensor) -> Tensor:
        """Returns (n,) negative log-likelihood, summed over channels and pixels."""
        ...

    def mean(self, outputs: Tensor) -> Tensor:
        """Returns (n, c, h, w) mean images in [0, 1]."""
        ...


class BernoulliReconstruction:
    """Each pixel a coin whose logit is the output; grey pixels count as probabilities (cross-entropy)."""

    def nats_per_image(self, outputs: Tensor, images: Tensor) -> Tensor:
        """Returns (n,) cross-entropy in nats, summed over channels and pixels; not negative."""
        nats = functional.binary_cross_entropy_with_logits(outputs.float(), images, reduction="none")
        return nats.flatten(1).sum(1)

    def mean(self, outputs: Tensor) -> Tensor:
        """Returns (n, c, h, w) probabilities of a white pixel."""
        return outputs.float().sigmoid()


class GaussianReconstruction:
    """Each pixel a Gaussian with a stated variance around sigmoid(output)."""

    def __init__(self, variance: float) -> None:
        self.variance = variance

    def nats_per_image(self, outputs: Tensor, images: Tensor) -> Tensor:
        """Returns (n,) negative log density in nats, constant included; may be below zero."""
        squared = (self.mean(outputs) - images).square() / self.variance
        return 0.5 * (squared + math.log(2 * math.pi * self.variance)).flatten(1).sum(1)

    def mean(self, outputs: Tensor) -> Tensor:
        """Returns (n, c, h, w) means of the pixels."""
        return outputs.float().sigmoid()


def build_reconstruction(kind: ReconstructionKind, variance: float | None) -> Reconstruction:
    """Returns the pixel distribution that settings ask for; `variance` belongs to the Gaussian alone."""
    if kind == "gaussian":
        if variance is None:
            raise BadSettings(
                "reconstruction gaussian needs pixel_variance (0.1 is usual for [0, 1] images): its nats "
                "mean nothing without it"
            )
        return GaussianReconstruction(variance)
    if variance is not None:
        raise BadSettings("pixel_variance belongs to reconstruction gaussian: leave it out for bernoulli")
    return BernoulliReconstruction()
