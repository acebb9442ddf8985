"""What is paid for using the latent space, beside reconstruction.

Another regulariser (total correlation, capacity) is another file with a class of this Protocol.
"""

from typing import Protocol

from torch import Tensor


class Regulariser(Protocol):
    """A penalty in nats per image."""

    def penalty(self, kl_per_dimension: Tensor, latents: Tensor, step: int) -> Tensor:
        """Returns (n,) nats to add to the loss at training step `step`.

        kl_per_dimension: (n, d) from the posterior. latents: (n, d) as sampled.
        """
        ...


class WeightedKl:
    """beta times the KL (Higgins et al. 2017, eq. 4), beta rising linearly over `warm_up_steps`.

    With losses summed over pixels and dimensions, beta 1 is the evidence lower bound.
    """

    def __init__(self, beta: float, warm_up_steps: int) -> None:
        self.beta = beta
        self.warm_up_steps = warm_up_steps

    def weight(self, step: int) -> float:
        """Returns beta at a step counted from 0: from beta / warm_up_steps up to beta."""
        if step + 1 >= self.warm_up_steps:
            return self.beta
        return self.beta * (step + 1) / self.warm_up_steps

    def penalty(self, kl_per_dimension: Tensor, latents: Tensor, step: int) -> Tensor:
        """Returns (n,) beta * KL in nats."""
        return self.weight(step) * kl_per_dimension.sum(1)
