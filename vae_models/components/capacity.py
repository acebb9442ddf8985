"""Capacity annealing: the KL is kept at a target that grows with training, so that information enters one
dimension after another (Burgess et al. 2018, "Understanding disentangling in beta-VAE", eq. 8).
"""

import torch
from torch import Generator, Tensor, nn
from torch.optim import Optimizer

from latent_audit.vae_models.components.regularisers import Encoded

# Points of the curve of information against capacity.
CURVE_POINTS = 25


class CapacityPenalty(nn.Module):
    """gamma * |mean KL - C|, C rising linearly from 0 to `capacity_nats` over `capacity_steps`.

    Records the mean KL of each dimension over each 25th of the rise.
    """

    needs_density = True
    asks_for_independence = False

    def __init__(self, gamma: float, capacity_nats: float, capacity_steps: int, dimensions: int) -> None:
        super().__init__()
        self.gamma, self.capacity_nats, self.capacity_steps = gamma, capacity_nats, capacity_steps
        self.settles_at = capacity_steps
        self.register_buffer("kl_sums", torch.zeros(CURVE_POINTS, dimensions))
        self.register_buffer("kl_counts", torch.zeros(CURVE_POINTS))

    def capacity(self, step: int) -> float:
        """Returns C in nats at a step counted from 0."""
        return self.capacity_nats * min(1.0, (step + 1) / self.capacity_steps)

    def penalty(self, encoded: Encoded, step: int) -> Tensor:
        """Returns (n,) nats, the same for every image: the penalty is on the batch's mean KL, not on each image's."""
        kl = encoded.kl()
        return (self.gamma * (kl.mean() - self.capacity(step)).abs()).expand(len(kl))

    def optimizers(self) -> dict[str, Optimizer]:
        """Returns none."""
        return {}

    def after_step(self, encoded: Encoded, step: int, generator: Generator) -> dict[str, Tensor]:
        """Records the batch's mean KL of each dimension; returns the capacity in nats."""
        assert encoded.kl_per_dimension is not None
        if step < self.capacity_steps:
            point = step * CURVE_POINTS // self.capacity_steps
            self.get_buffer("kl_sums")[point] += encoded.kl_per_dimension.mean(0)
            self.get_buffer("kl_counts")[point] += 1
        return {"capacity": encoded.latents.new_tensor(self.capacity(step))}

    def information(self) -> tuple[list[float], Tensor]:
        """Returns the capacities in nats (m,) that were reached, and the mean KL (m, d) of each dimension there."""
        counts = self.get_buffer("kl_counts")
        reached = counts > 0
        middles = (torch.arange(CURVE_POINTS) + 0.5) / CURVE_POINTS * self.capacity_nats
        kl = self.get_buffer("kl_sums")[reached] / counts[reached, None]
        return middles[reached.cpu()].tolist(), kl
