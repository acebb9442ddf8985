"""Densities of a model's codes, from which bounds on log p(x) are made."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from torch import Generator, Tensor

from latent_audit.vae_models.components.posteriors import PosteriorFamily
from latent_audit.vae_models.model import Posterior


@dataclass(frozen=True)
class Densities:
    """infer: images -> posteriors. draw: posteriors (n), generator -> latents (n, d) and log q(z | x) (n,) of each.
    prior: latents (n, d) -> log p(z) (n,). whole_kl: images -> KL (n,) of the whole code. Nats.
    """

    infer: Callable[[Tensor], Posterior]
    draw: Callable[[Posterior, Generator], tuple[Tensor, Tensor]]
    prior: Callable[[Tensor], Tensor]
    whole_kl: Callable[[Tensor], Tensor]


@runtime_checkable
class HasDensities(Protocol):
    """A model whose codes have densities; one that learns a point for each image has none."""

    def densities(self) -> Densities | None:
        """Returns them; None for a model without."""
        ...


@runtime_checkable
class HasExactLikelihood(Protocol):
    """A model that may know log p(x) exactly."""

    def exact_log_likelihood(self, images: Tensor) -> Tensor | None:
        """Returns (n,) log p(x) in nats, float64, of images (n, c, h, w); None where it is not known."""
        ...


def independent_draw(
    family: PosteriorFamily, posterior: Posterior, generator: Generator
) -> tuple[Tensor, Tensor]:
    """Returns latents (n, d) of posteriors whose dimensions are independent, and log q(z | x) (n,) of each in nats."""
    latents = family.sample(posterior, generator)
    return latents, family.log_density(posterior, latents).sum(1)


def densities_of(model: object) -> Densities | None:
    """Returns the densities of a model's codes, None where it has none."""
    return model.densities() if isinstance(model, HasDensities) else None
