"""The VAE family as composition: encoder x posterior x decoder x pixel distribution x regulariser
(Kingma & Welling 2014; Higgins et al. 2017). A beta-VAE is this class with another beta.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor, nn
from torch.optim import Adam, Optimizer

from vae_models.model import Batch, Posterior
from vae_models.posteriors import GaussianPosterior
from vae_models.precision import autocast
from vae_models.reconstruction import Reconstruction
from vae_models.regularisers import Regulariser


class VariationalAutoencoder(nn.Module):
    """Any member of the family. All losses are nats per image."""

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        latent_dim: int,
        encoder: nn.Module,
        decoder: nn.Module,
        posterior: GaussianPosterior,
        reconstruction: Reconstruction,
        regulariser: Regulariser,
        learning_rate: float,
    ) -> None:
        """encoder: images (n, c, h, w) -> (n, 2 latent_dim). decoder: (n, latent_dim) -> pixel outputs."""
        super().__init__()
        self.image_shape = image_shape
        self.latent_dim = latent_dim
        self.dimension_names = tuple(f"z{i}" for i in range(latent_dim))
        self.dimension_groups = tuple(range(latent_dim))
        self.in_bfloat16 = False
        self.encoder, self.decoder = encoder, decoder
        self.posterior, self.reconstruction, self.regulariser = posterior, reconstruction, regulariser
        self._optimizer = Adam(self.parameters(), lr=learning_rate)

    def encode(self, images: Tensor) -> Posterior:
        """Returns q(z | x): mean and log variance, each (n, latent_dim), of images (n, c, h, w) in [0, 1]."""
        return self.posterior.from_outputs(self.encoder(images))

    def decode(self, latents: Tensor) -> Tensor:
        """Returns mean images (n, c, h, w) in [0, 1] of latents (n, latent_dim)."""
        return self.reconstruction.mean(self.decoder(latents))

    def sample_latents(self, count: int, generator: Generator) -> Tensor:
        """Returns (count, latent_dim) draws of the prior."""
        return self.posterior.sample_prior(count, self.latent_dim, generator)

    def optimizers(self) -> dict[str, Optimizer]:
        """Returns the one optimiser."""
        return {"adam": self._optimizer}

    def encode_values(self, values: NDArray[np.float64] | None) -> None:
        """Returns None: this family learns without attributes."""
        return None

    def training_values(self, values: NDArray[np.float64] | None, seed: int) -> None:
        """Returns None: this family learns without attributes."""
        return None

    def _terms(self, batch: Batch, step: int, generator: Generator) -> dict[str, Tensor]:
        """Returns (n,) nats: reconstruction, kl (unweighted) and penalty (as the regulariser weighs it)."""
        with autocast(batch.images.device, self.in_bfloat16):
            outputs = self.encoder(batch.images)
        posterior = self.posterior.from_outputs(outputs)
        latents = self.posterior.sample(posterior, generator)
        with autocast(batch.images.device, self.in_bfloat16):
            pixel_outputs = self.decoder(latents)
        kl_per_dimension = self.posterior.kl_per_dimension(posterior)
        return {
            "reconstruction": self.reconstruction.nats_per_image(pixel_outputs, batch.images),
            "kl": kl_per_dimension.sum(1),
            "penalty": self.regulariser.penalty(kl_per_dimension, latents, step),
        }

    def losses(self, batch: Batch, generator: Generator) -> dict[str, Tensor]:
        """Returns mean nats per image after any warm-up: reconstruction, kl, penalty (beta * kl) and total.

        One sample of the posterior an image.
        """
        terms = {name: nats.mean() for name, nats in self._terms(batch, 2**62, generator).items()}
        return terms | {"total": terms["reconstruction"] + terms["penalty"]}

    def update(self, batch: Batch, step: int, generator: Generator) -> dict[str, Tensor]:
        """Makes one Adam step on reconstruction + penalty; returns the detached mean terms in nats."""
        terms = {name: nats.mean() for name, nats in self._terms(batch, step, generator).items()}
        total = terms["reconstruction"] + terms["penalty"]
        self._optimizer.zero_grad(set_to_none=True)
        total.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        return {name: nats.detach() for name, nats in (terms | {"total": total}).items()}

    def held_out_objective(self, batch: Batch, generator: Generator) -> Tensor:
        """Returns (n,) reconstruction + penalty in nats, after any warm-up."""
        terms = self._terms(batch, 2**62, generator)
        return terms["reconstruction"] + terms["penalty"]

    def reconstruction_nats(self, images: Tensor, latents: Tensor) -> Tensor:
        """Returns (n,) negative log p(x | z) in nats under the stated pixel distribution."""
        return self.reconstruction.nats_per_image(self.decoder(latents), images)

    def kl_per_dimension(self, images: Tensor) -> Tensor:
        """Returns (n, latent_dim) KL(q(z | x) || prior) in nats."""
        return self.posterior.kl_per_dimension(self.encode(images))


def parameter_count(module: nn.Module) -> int:
    """Returns how many trainable numbers a model has."""
    return sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad)


@torch.no_grad()
def elbo(model: VariationalAutoencoder, images: Tensor, generator: Generator) -> Tensor:
    """Returns (n,) one-sample evidence lower bound in nats: log p(x | z) - KL, whatever beta trained it."""
    posterior = model.encode(images)
    latents = model.posterior.sample(posterior, generator)
    kl = model.posterior.kl_per_dimension(posterior).sum(1)
    return -model.reconstruction_nats(images, latents) - kl
