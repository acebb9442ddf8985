"""Reconstruction losses: distributions of pixels given decoder outputs, in nats per image.

Which of them was used stands beside every figure: Bernoulli nats of a grey image and nats of a density are
not comparable.
"""

import math
from typing import Protocol

from torch import Tensor
from torch.nn import functional

from latent_audit.vae_models.components.choices import ReconstructionKind, refuse_variance


class Reconstruction(Protocol):
    """A distribution of images given a decoder's unbounded outputs (n, c, h, w)."""

    def nats_per_image(self, outputs: Tensor, images: Tensor) -> Tensor:
        """Returns (n,) negative log-likelihood, summed over channels and pixels."""
        ...

    def mean(self, outputs: Tensor) -> Tensor:
        """Returns (n, c, h, w) mean images in [0, 1]."""
        ...


class BernoulliReconstruction:
    """Each pixel a Bernoulli variable whose logit is the output; grey pixels are probabilities (cross-entropy)."""

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


class LaplaceReconstruction:
    """Each pixel a Laplace distribution with a stated variance around sigmoid(output): absolute errors."""

    def __init__(self, variance: float) -> None:
        self.scale = math.sqrt(variance / 2)

    def nats_per_image(self, outputs: Tensor, images: Tensor) -> Tensor:
        """Returns (n,) negative log density in nats, constant included; may be below zero."""
        absolute = (self.mean(outputs) - images).abs() / self.scale
        return (absolute + math.log(2 * self.scale)).flatten(1).sum(1)

    def mean(self, outputs: Tensor) -> Tensor:
        """Returns (n, c, h, w) means of the pixels."""
        return outputs.float().sigmoid()


def build_reconstruction(kind: ReconstructionKind, variance: float | None) -> Reconstruction:
    """Returns the pixel distribution of the settings; `variance` is for gaussian and laplace pixels."""
    refuse_variance(kind, variance)
    if variance is None:
        return BernoulliReconstruction()
    return GaussianReconstruction(variance) if kind == "gaussian" else LaplaceReconstruction(variance)
