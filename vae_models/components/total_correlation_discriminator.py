"""Total correlation by a discriminator between codes and codes whose dimensions were shuffled over images
(Kim & Mnih 2018, "Disentangling by factorising", FactorVAE).
"""

from itertools import pairwise

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional
from torch.optim import Adam, Optimizer

from latent_audit.vae_models.components.regularisers import Encoded, WeightedKl

_SLOPE = 0.2
_ADAM_BETAS = (0.5, 0.9)  # the paper's, for the discriminator


def shuffled_dimensions(latents: Tensor, generator: Generator) -> Tensor:
    """Returns (n, d): each dimension of latents (n, d) permuted over the batch by itself."""
    order = torch.rand(latents.shape, generator=generator, device=latents.device).argsort(0)
    return latents.gather(0, order)


class DiscriminatedTotalCorrelation(nn.Module):
    """KL + gamma * total correlation, the latter as the discriminator's logit (Kim & Mnih 2018, eq. 2 and 3)."""

    needs_density = True
    asks_for_independence = True

    def __init__(
        self,
        gamma: float,
        warm_up_steps: int,
        dimensions: int,
        layers: int,
        units: int,
        learning_rate: float,
    ) -> None:
        super().__init__()
        self.gamma = gamma
        self._kl = WeightedKl(1.0, warm_up_steps)
        self.settles_at = warm_up_steps
        sizes = [dimensions, *[units] * layers]
        stack: list[nn.Module] = []
        for wide, narrow in pairwise(sizes):
            stack += [nn.Linear(wide, narrow), nn.LeakyReLU(_SLOPE)]
        self.layers = nn.Sequential(*stack, nn.Linear(sizes[-1], 1))
        self._optimizer = Adam(self.layers.parameters(), lr=learning_rate, betas=_ADAM_BETAS)

    def total_correlation(self, latents: Tensor) -> Tensor:
        """Returns (n,) the discriminator's estimate of log q(z) / prod_d q(z_d) in nats, of latents (n, d)."""
        return self.layers(latents)[:, 0]

    def penalty(self, encoded: Encoded, step: int) -> Tensor:
        """Returns (n,) nats; both terms grow together over the warm-up."""
        weight = self._kl.weight(step)
        dependence = self.total_correlation(encoded.latents)
        return self._kl.penalty(encoded, step) + weight * self.gamma * dependence

    def optimizers(self) -> dict[str, Optimizer]:
        """Returns the discriminator's."""
        return {"discriminator": self._optimizer}

    def after_step(self, encoded: Encoded, step: int, generator: Generator) -> dict[str, Tensor]:
        """Makes one step of the discriminator on the batch and its shuffled copy; returns its loss and the estimate."""
        real = self.total_correlation(encoded.latents)
        shuffled = self.total_correlation(shuffled_dimensions(encoded.latents, generator))
        loss = 0.5 * (functional.softplus(-real) + functional.softplus(shuffled)).mean()
        self._optimizer.zero_grad(set_to_none=True)  # the penalty's gradient went through here too
        loss.backward()
        self._optimizer.step()
        return {"discriminator": loss.detach(), "total_correlation": real.mean().detach()}
