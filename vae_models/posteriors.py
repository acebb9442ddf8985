"""What an encoder's outputs mean: the family of q(z | x), its samples, and its distance from the prior."""

import math

import torch
from torch import Generator, Tensor

from vae_models.model import Posterior

# Outside this range exp() of a log variance is of no use to anybody and overflows in training's first steps.
LOG_VARIANCE_RANGE = (-20.0, 10.0)


class GaussianPosterior:
    """Diagonal Gaussian with a standard normal prior (Kingma & Welling 2014)."""

    def from_outputs(self, outputs: Tensor) -> Posterior:
        """Returns the posterior in an encoder's outputs (n, 2 d): means first, then log variances."""
        mean, log_variance = outputs.float().chunk(2, dim=1)
        return Posterior(mean, log_variance.clamp(*LOG_VARIANCE_RANGE))

    def sample(self, posterior: Posterior, generator: Generator) -> Tensor:
        """Returns (n, d) reparameterised draws, so gradients reach mean and log variance."""
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

    def sample_prior(self, count: int, dimensions: int, generator: Generator) -> Tensor:
        """Returns (count, dimensions) draws of the prior on the generator's device."""
        return torch.randn(count, dimensions, generator=generator, device=generator.device)
