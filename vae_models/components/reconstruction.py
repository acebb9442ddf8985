"""Reconstruction losses: distributions of pixels given decoder outputs, in nats per image.

Which of them was used stands beside every figure: Bernoulli nats of a grey image and nats of a density are
not comparable. Of a linear decoder with Gaussian pixels, which is probabilistic PCA (Tipping & Bishop 1999), log p(x)
is known exactly.
"""

import math
from typing import Protocol

import torch
from torch import Tensor, nn
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


class PlainGaussianReconstruction(GaussianReconstruction):
    """Each pixel a Gaussian with a stated variance around the decoder's output itself, which has no sigmoid."""

    def nats_per_image(self, outputs: Tensor, images: Tensor) -> Tensor:
        """Returns (n,) negative log density in nats, constant included; may be below zero."""
        squared = (outputs.float() - images).square() / self.variance
        return 0.5 * (squared + math.log(2 * math.pi * self.variance)).flatten(1).sum(1)

    def mean(self, outputs: Tensor) -> Tensor:
        """Returns (n, c, h, w) means of the pixels, those beyond black and white at black and white."""
        return outputs.float().clamp(0.0, 1.0)


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


def linear_layer(decoder: nn.Module) -> nn.Linear | None:
    """Returns the one layer of a linear decoder; None for a decoder of another kind."""
    layers = [layer for layer in decoder.modules() if layer is not decoder]
    if len(layers) == 2 and isinstance(layers[0], nn.Linear) and isinstance(layers[1], nn.Unflatten):
        return layers[0]
    return None


@torch.no_grad()
def shrink_decoder(decoder: nn.Module) -> None:
    """Makes the weights of a linear decoder a tenth.

    Weights drawn for ReLUs make pictures of draws that are many standard deviations of the pixels from any image, and
    without a sigmoid nothing bounds what that costs.
    """
    layer = linear_layer(decoder)
    assert layer is not None
    layer.weight.mul_(0.1)


@torch.no_grad()
def exact_log_likelihood(layer: nn.Linear, variance: float, images: Tensor) -> Tensor:
    """Returns (n,) log p(x) in nats, float64: x is normal with mean b and covariance W W^T + variance * I.

    layer: weight W (pixels, d) and bias b. images: (n, c, h, w). Tipping & Bishop 1999, equation 4; by Woodbury's
    identity only matrices (d, d) are inverted.
    """
    weight = layer.weight.double()
    pixels, size = weight.shape
    off = images.flatten(1).double() - (0.0 if layer.bias is None else layer.bias.double())
    inner = torch.eye(size, dtype=weight.dtype, device=weight.device) + weight.T @ weight / variance
    lower = torch.linalg.cholesky(inner)
    projected = torch.linalg.solve_triangular(lower, (off @ weight / variance).T, upper=False)
    squared = off.square().sum(1) / variance - projected.square().sum(0)
    log_determinant = pixels * math.log(variance) + 2 * lower.diagonal().log().sum()
    return -0.5 * (squared + log_determinant + pixels * math.log(2 * math.pi))
