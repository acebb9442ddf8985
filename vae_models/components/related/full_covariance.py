"""The Gaussian posterior with a full covariance: elements of a code that depend on each other, by a Cholesky factor."""

import math

import torch
from torch import Generator, Tensor

from latent_audit.vae_models.components.posteriors import LOG_VARIANCE_RANGE
from latent_audit.vae_models.components.related.related_posteriors import RelatedPosterior
from latent_audit.vae_models.model import Posterior

# Of an encoder's outputs in the factor below its diagonal: the posterior starts almost without relations.
_BELOW = 0.1


class CorrelatedGaussian(Posterior):
    """lower: (n, d, d) Cholesky factor of each covariance; log_variance holds the logarithms of its diagonal."""

    lower: Tensor

    @classmethod
    def of(cls, mean: Tensor, lower: Tensor) -> "CorrelatedGaussian":
        """Returns N(mean, lower lower^T)."""
        made = cls(mean, lower.square().sum(2).log())
        made.lower = lower
        return made

    def repeated(self, times: int) -> "CorrelatedGaussian":
        """Returns each posterior `times` times, one after the other."""
        return self.of(self.mean.repeat_interleave(times, 0), self.lower.repeat_interleave(times, 0))


class FullCovariancePosterior(RelatedPosterior):
    """N(mean, L L^T), with L lower triangular and its diagonal above zero (Kingma & Welling 2019, section 2.5.1)."""

    def __init__(self, dimensions: int) -> None:
        self.outputs_per_dimension = 1 + dimensions

    def from_outputs(self, outputs: Tensor) -> CorrelatedGaussian:
        """Returns the posterior in an encoder's outputs (n, d + d * d): means, then the factor row by row, whose part
        above the diagonal does not count and whose diagonal is in logarithms.
        """
        size = self.outputs_per_dimension - 1
        mean, factor = outputs.float().split([size, size * size], dim=1)
        factor = factor.unflatten(1, (size, size))
        low, high = (0.5 * bound for bound in LOG_VARIANCE_RANGE)
        diagonal = factor.diagonal(dim1=1, dim2=2).clamp(low, high).exp()
        return CorrelatedGaussian.of(mean, torch.diag_embed(diagonal) + _BELOW * factor.tril(-1))

    def draw(self, posterior: Posterior, generator: Generator) -> tuple[Tensor, Tensor]:
        """Returns (n, d) reparameterised draws and their log densities (n,) in nats."""
        assert isinstance(posterior, CorrelatedGaussian)
        noise = torch.empty_like(posterior.mean).normal_(generator=generator)
        latents = posterior.mean + (posterior.lower @ noise[:, :, None])[:, :, 0]
        log_normal = -0.5 * (noise.square() + math.log(2 * math.pi)).sum(1)
        return latents, log_normal - _log_diagonal(posterior)

    def kl_nats(self, posterior: Posterior, latents: Tensor, log_density: Tensor) -> Tensor:
        """Returns (n,) KL(q(z | x) || N(0, 1)) in nats, in closed form."""
        assert isinstance(posterior, CorrelatedGaussian)
        squares = posterior.lower.square().sum((1, 2)) + posterior.mean.square().sum(1)
        return 0.5 * (squares - posterior.mean.shape[1]) - _log_diagonal(posterior)

    def summary(self, posterior: Posterior) -> Posterior:
        """Returns means and log variances of the elements (n, d)."""
        return Posterior(posterior.mean, posterior.log_variance)


def _log_diagonal(posterior: CorrelatedGaussian) -> Tensor:
    return posterior.lower.diagonal(dim1=1, dim2=2).log().sum(1)
