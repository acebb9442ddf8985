"""Priors: distributions of codes for the KL and for samples.

Another prior is another class of this Protocol; one with parameters is a torch module too.
"""

import math
from collections.abc import Callable
from typing import Protocol

import torch
from torch import Generator, Tensor, nn

from latent_audit.vae_models.components.posteriors import PosteriorFamily
from latent_audit.vae_models.model import Posterior

Encode = Callable[[Tensor], Posterior]


class Prior(Protocol):
    """A distribution of codes (d,). `encode` is the model's own encoder, for priors that are made with it."""

    has_density: bool
    """Whether codes are held to it by a KL."""
    is_mixture: bool
    """Whether it makes dimensions depend on each other."""
    needs_gaussian_posterior: bool

    def kl_per_dimension(
        self, family: PosteriorFamily, posterior: Posterior, latents: Tensor, encode: Encode
    ) -> Tensor | None:
        """Returns (n, d) nats whose sum over d is KL(q(z | x) || p(z)); None where there is no such term.

        latents: (n, d) draws of the posterior, for priors without a closed form.
        """
        ...

    def log_density(self, latents: Tensor, encode: Encode) -> Tensor:
        """Returns (n,) log p(z) in nats of latents (n, d)."""
        ...

    def sample(self, count: int, dimensions: int, generator: Generator, encode: Encode) -> Tensor:
        """Returns (count, dimensions) draws on the generator's device."""
        ...


class StandardNormal:
    """N(0, 1) in every dimension, with the KL in closed form."""

    has_density = True
    is_mixture = False
    needs_gaussian_posterior = False

    def kl_per_dimension(
        self, family: PosteriorFamily, posterior: Posterior, latents: Tensor, encode: Encode
    ) -> Tensor:
        """Returns (n, d) KL in nats, exact."""
        return family.kl_per_dimension(posterior)

    def log_density(self, latents: Tensor, encode: Encode) -> Tensor:
        """Returns (n,) log N(z; 0, 1) in nats of latents (n, d)."""
        return -0.5 * (latents.square() + math.log(2 * math.pi)).sum(1)

    def sample(self, count: int, dimensions: int, generator: Generator, encode: Encode) -> Tensor:
        """Returns (count, dimensions) standard normal draws."""
        return torch.randn(count, dimensions, generator=generator, device=generator.device)


class ObservedCodes(nn.Module):
    """No prior: samples follow a normal distribution with the mean and variance of the training codes per dimension.

    For models without a prior, whose codes may have any scale.
    """

    has_density = False
    is_mixture = False
    needs_gaussian_posterior = False
    _DECAY = 0.99  # of the running moments: about the last hundred batches count

    def __init__(self, dimensions: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(dimensions))
        self.register_buffer("variance", torch.ones(dimensions))

    def kl_per_dimension(
        self, family: PosteriorFamily, posterior: Posterior, latents: Tensor, encode: Encode
    ) -> None:
        """Returns None: the loss has no such term."""
        return None

    def log_density(self, latents: Tensor, encode: Encode) -> Tensor:
        """Raises: codes without a prior have no such density."""
        raise TypeError("observed codes are no prior and have no density")

    def sample(self, count: int, dimensions: int, generator: Generator, encode: Encode) -> Tensor:
        """Returns (count, dimensions) draws around the codes' means."""
        noise = torch.randn(count, dimensions, generator=generator, device=generator.device)
        return self.get_buffer("mean") + self.get_buffer("variance").sqrt() * noise

    @torch.no_grad()
    def observe(self, latents: Tensor) -> None:
        """Updates the moments with those of one training batch (n, d)."""
        off = latents - self.get_buffer("mean")
        self.get_buffer("mean").lerp_(latents.mean(0), 1 - self._DECAY)
        self.get_buffer("variance").lerp_(off.square().mean(0), 1 - self._DECAY)
