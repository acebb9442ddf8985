"""Likelihood regret: the gain in an image's lower bound when its own posterior is optimised.

Xiao, Yan and Amit 2020, "Likelihood regret", eq. 5: the likelihood of an image says little of whether it is
like the training images, since simple images are likely under any model; how much its own bound grows when its
posterior alone is optimised says more. The mean and log variance of each image are optimised, not the encoder.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latent_audit.vocabulary.batches import batches

# Image by image: (images, latents) -> (n,) negative log-likelihood in nats.
Nats = Callable[[Tensor, Tensor], Tensor]
_LEARNING_RATE = 0.05
_JUDGING_PAIRS = 4


@dataclass(frozen=True)
class Regret:
    """elbo_nats: (n,) lower bound under the encoder's posterior; regret_nats: (n,) how much it grows, 0 or more."""

    elbo_nats: NDArray[np.float64]
    regret_nats: NDArray[np.float64]


def likelihood_regret(
    images: Tensor,
    mean: Tensor,
    log_variance: Tensor,
    nats: Nats,
    steps: int,
    seed: int,
    batch: int = 256,
) -> Regret:
    """Returns bound and regret of images (n, c, h, w) with posteriors (n, d) and a standard normal prior.

    Each step sees new noise, since a posterior could make itself fit noise that stays. What it started from
    and what it came to are judged by the same draws, and the better of the two counts, so regret is not negative.
    """
    generator = torch.Generator().manual_seed(seed)
    parts = [
        _regret(images[some], mean[some], log_variance[some], nats, steps, generator)
        for some in batches(len(images), batch)
    ]
    bound, regret = (torch.cat(list(column)).double().cpu().numpy() for column in zip(*parts, strict=True))
    return Regret(bound, regret)


def gaussian_kl(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Returns (n,) KL of diagonal Gaussians (n, d) from the standard normal, in nats."""
    return 0.5 * (mean.square() + log_variance.exp() - 1.0 - log_variance).sum(1)


def _regret(
    images: Tensor, mean: Tensor, log_variance: Tensor, nats: Nats, steps: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    judged_by = _draws(_JUDGING_PAIRS, mean, generator)
    centre = mean.detach().clone().requires_grad_(True)
    spread = log_variance.detach().clone().requires_grad_(True)
    optimiser = torch.optim.Adam([centre, spread], _LEARNING_RATE)

    def loss(noise: Tensor) -> Tensor:
        """Returns (n,) negative bounds, means over draws (pairs, n, d) and their mirror images."""
        total = sum(
            nats(images, centre + side * draw * (0.5 * spread).exp())
            for draw in noise
            for side in (1.0, -1.0)
        )
        assert isinstance(total, Tensor)
        return total / (2 * len(noise)) + gaussian_kl(centre, spread)

    with torch.no_grad():
        first = loss(judged_by)
    for _ in range(steps):
        with torch.enable_grad():
            gradients = torch.autograd.grad(loss(_draws(1, mean, generator)).sum(), (centre, spread))
        centre.grad, spread.grad = gradients
        optimiser.step()
    with torch.no_grad():
        last = loss(judged_by)
    return -first, (first - last).clamp(min=0.0)


def _draws(pairs: int, like: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randn((pairs, *like.shape), generator=generator).to(like)
