"""Posterior families q(z | x): parameters from an encoder's outputs, samples, and KL from a standard normal."""

import math
from typing import Protocol

import torch
from torch import Generator, Tensor

from latent_audit.vae_models.model import Posterior

# Outside this range exp() of a log variance is of no use to anybody and overflows in training's first steps.
LOG_VARIANCE_RANGE = (-20.0, 10.0)


class PosteriorFamily(Protocol):
    """A distribution of codes for each image, independent over dimensions."""

    outputs_per_dimension: int
    """How many encoder outputs describe one dimension."""
    has_density: bool
    """Whether codes have a density, and so a KL from a prior."""
    is_gaussian: bool

    def from_outputs(self, outputs: Tensor) -> Posterior:
        """Returns the posterior in an encoder's outputs (n, outputs_per_dimension * d)."""
        ...

    def sample(self, posterior: Posterior, generator: Generator) -> Tensor:
        """Returns (n, d) reparameterised draws, so gradients reach mean and log variance."""
        ...

    def kl_per_dimension(self, posterior: Posterior) -> Tensor:
        """Returns (n, d) KL(q(z | x) || N(0, 1)) in nats."""
        ...

    def log_density(self, posterior: Posterior, latents: Tensor) -> Tensor:
        """Returns (n, d) log q(z | x) in nats of latents (n, d)."""
        ...


class GaussianPosterior:
    """Diagonal Gaussian (Kingma & Welling 2014)."""

    outputs_per_dimension = 2
    has_density = True
    is_gaussian = True

    def from_outputs(self, outputs: Tensor) -> Posterior:
        """Returns the posterior in an encoder's outputs (n, 2 d): means first, then log variances."""
        mean, log_variance = outputs.float().chunk(2, dim=1)
        return Posterior(mean, log_variance.clamp(*LOG_VARIANCE_RANGE))

    def sample(self, posterior: Posterior, generator: Generator) -> Tensor:
        """Returns (n, d) reparameterised draws."""
        noise = torch.empty_like(posterior.mean).normal_(generator=generator)
        return posterior.mean + noise * (0.5 * posterior.log_variance).exp()

    def kl_per_dimension(self, posterior: Posterior) -> Tensor:
        """Returns (n, d) KL(q(z | x) || N(0, 1)) in nats (Kingma & Welling 2014, appendix B)."""
        mean, log_variance = posterior
        return 0.5 * (mean.square() + log_variance.exp() - 1.0 - log_variance)

    def log_density(self, posterior: Posterior, latents: Tensor) -> Tensor:
        """Returns (n, d) log q(z | x) in nats of latents (n, d)."""
        mean, log_variance = posterior
        squared = (latents - mean).square() * (-log_variance).exp()
        return -0.5 * (squared + log_variance + math.log(2 * math.pi))


class LaplacePosterior:
    """A Laplace distribution per dimension: sharper, with heavier tails, and not invariant to rotation.

    A Posterior's log variance is that of the distribution: log(2 b^2) for the scale b.
    """

    outputs_per_dimension = 2
    has_density = True
    is_gaussian = False

    def from_outputs(self, outputs: Tensor) -> Posterior:
        """Returns the posterior in an encoder's outputs (n, 2 d): means first, then log variances."""
        mean, log_variance = outputs.float().chunk(2, dim=1)
        return Posterior(mean, log_variance.clamp(*LOG_VARIANCE_RANGE))

    def sample(self, posterior: Posterior, generator: Generator) -> Tensor:
        """Returns (n, d) draws, each the inverse distribution function of a uniform number."""
        # float32 below 1 ends at 1 - 6e-8, so the logarithm stays finite.
        uniform = torch.empty_like(posterior.mean).uniform_(generator=generator) - 0.5
        magnitude = -torch.log1p(-2 * uniform.abs().clamp_max(0.5 - 2**-25))
        return posterior.mean + self._scale(posterior) * uniform.sign() * magnitude

    def kl_per_dimension(self, posterior: Posterior) -> Tensor:
        """Returns (n, d) KL(Laplace(m, b) || N(0, 1)) = (m^2 + 2 b^2 + log 2 pi) / 2 - 1 - log 2 b, in nats."""
        variance = posterior.log_variance.exp()
        squares = 0.5 * (posterior.mean.square() + variance + math.log(2 * math.pi))
        return squares - 1 - (2 * self._scale(posterior)).log()

    def log_density(self, posterior: Posterior, latents: Tensor) -> Tensor:
        """Returns (n, d) log q(z | x) in nats of latents (n, d)."""
        scale = self._scale(posterior)
        return -(latents - posterior.mean).abs() / scale - (2 * scale).log()

    def _scale(self, posterior: Posterior) -> Tensor:
        return (0.5 * (posterior.log_variance - math.log(2))).exp()


class PointPosterior:
    """A deterministic code, as in a plain autoencoder. It has no density, and no distance from a prior."""

    outputs_per_dimension = 1
    has_density = False
    is_gaussian = False

    def from_outputs(self, outputs: Tensor) -> Posterior:
        """Returns outputs (n, d) as means, with the smallest log variance that codes may have."""
        mean = outputs.float()
        return Posterior(mean, torch.full_like(mean, LOG_VARIANCE_RANGE[0]))

    def sample(self, posterior: Posterior, generator: Generator) -> Tensor:
        """Returns the points."""
        return posterior.mean

    def kl_per_dimension(self, posterior: Posterior) -> Tensor:
        """Raises: composition.refuse_illegal refuses priors with a KL for deterministic codes."""
        raise TypeError("a point has no KL from a prior")

    def log_density(self, posterior: Posterior, latents: Tensor) -> Tensor:
        """Raises: a deterministic code has no density."""
        raise TypeError("a point has no density")
