"""Mixture priors: a learned Gaussian mixture (GMVAE, Dilokthanakul et al. 2016, with the component
summed out), and the VampPrior, whose components are posteriors of learned images (Tomczak & Welling 2018).

The KL is a Monte Carlo estimate, split over dimensions by the chain rule of densities, so that it adds up.
"""

import math
from typing import NamedTuple

import torch
from torch import Generator, Tensor, nn

from latent_audit.vae_models.components.posteriors import PosteriorFamily
from latent_audit.vae_models.components.priors import Encode
from latent_audit.vae_models.model import Posterior

# Between a fiftieth and ten times the width of a standard normal; a component on a single image is no cluster.
_LOG_VARIANCE_RANGE = (-8.0, 4.6)
# Pixels of learned images start dark, as most of the data are: logit -2 is a brightness of 0.12.
_PIXEL_LOGIT = -2.0


class Components(NamedTuple):
    """log_weight: (k,), of a distribution. mean, log_variance: (k, d)."""

    log_weight: Tensor
    mean: Tensor
    log_variance: Tensor

    def log_densities(self, latents: Tensor) -> Tensor:
        """Returns (n, k, d) log N(z_d; mean_kd, variance_kd) in nats of latents (n, d)."""
        off = latents[:, None, :] - self.mean
        scaled = off.square() * (-self.log_variance).exp()
        return -0.5 * (scaled + self.log_variance + math.log(2 * math.pi))

    def log_density_per_dimension(self, latents: Tensor) -> Tensor:
        """Returns (n, d) log p(z_d | z_1 .. z_(d-1)) in nats; their sum over d is log p(z)."""
        so_far = self.log_weight[:, None] + self.log_densities(latents).cumsum(2)
        log_density = so_far.logsumexp(1)  # (n, d): log p(z_1 .. z_d)
        before = torch.cat([torch.zeros_like(log_density[:, :1]), log_density[:, :-1]], 1)
        return log_density - before

    def responsibilities(self, latents: Tensor) -> Tensor:
        """Returns (n, k) p(component | z), rows sum to 1, of latents (n, d)."""
        joint = self.log_weight + self.log_densities(latents).sum(2)
        return joint.softmax(1)

    def draw(self, chosen: Tensor, generator: Generator) -> Tensor:
        """Returns (n, d) draws, each from the component whose index (n,) is given."""
        noise = torch.randn(len(chosen), self.mean.shape[1], generator=generator, device=self.mean.device)
        return self.mean[chosen] + noise * (0.5 * self.log_variance[chosen]).exp()


class MixturePrior(nn.Module):
    """Base of both mixture priors: everything except the source of the components."""

    has_density = True
    is_mixture = True
    needs_gaussian_posterior = False

    def components(self, encode: Encode) -> Components:
        """Returns the components; subclasses define them."""
        raise NotImplementedError

    def kl_per_dimension(
        self, family: PosteriorFamily, posterior: Posterior, latents: Tensor, encode: Encode
    ) -> Tensor:
        """Returns (n, d) log q(z_d | x) - log p(z_d | z_<d) in nats at the draws given: unbiased, one draw each."""
        prior = self.components(encode).log_density_per_dimension(latents)
        return family.log_density(posterior, latents) - prior

    def log_density(self, latents: Tensor, encode: Encode) -> Tensor:
        """Returns (n,) log p(z) in nats of latents (n, d)."""
        return self.components(encode).log_density_per_dimension(latents).sum(1)

    def sample(self, count: int, dimensions: int, generator: Generator, encode: Encode) -> Tensor:
        """Returns (count, dimensions) draws, components by their weights."""
        components = self.components(encode)
        chosen = torch.multinomial(components.log_weight.exp(), count, replacement=True, generator=generator)
        return components.draw(chosen, generator)


class GaussianMixture(MixturePrior):
    """A mixture whose weights, means and variances are learned; one component is a standard normal at the start."""

    def __init__(self, count: int, dimensions: int) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.zeros(count))
        start = torch.randn(count, dimensions) if count > 1 else torch.zeros(1, dimensions)
        self.means = nn.Parameter(start)
        self.log_variances = nn.Parameter(torch.zeros(count, dimensions))

    def components(self, encode: Encode) -> Components:
        """Returns the learned components."""
        return Components(
            self.logits.log_softmax(0), self.means, self.log_variances.clamp(*_LOG_VARIANCE_RANGE)
        )


class VampPrior(MixturePrior):
    """An equal mixture of the posteriors of learned images, so the prior adapts to the codes."""

    needs_gaussian_posterior = True

    def __init__(self, count: int, image_shape: tuple[int, int, int]) -> None:
        super().__init__()
        self.pixel_logits = nn.Parameter(_PIXEL_LOGIT + torch.randn(count, *image_shape))

    def images(self) -> Tensor:
        """Returns the learned images (k, c, h, w) in [0, 1]."""
        return self.pixel_logits.sigmoid()

    def components(self, encode: Encode) -> Components:
        """Returns the posteriors of the learned images."""
        posterior = encode(self.images())
        count = len(posterior.mean)
        return Components(posterior.mean.new_full((count,), -math.log(count)), *posterior)
