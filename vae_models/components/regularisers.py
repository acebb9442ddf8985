"""Regularisers: the loss terms added to the reconstruction term.

Another regulariser is another file with a class of this Protocol. One that learns or remembers something is a
torch module too, and may have what `Following` says.
"""

from typing import NamedTuple, Protocol, runtime_checkable

from torch import Generator, Tensor
from torch.optim import Optimizer

from latent_audit.vae_models.model import Posterior


class Encoded(NamedTuple):
    """A batch in the latent space. latents: (n, d) as sampled. kl_per_dimension: (n, d) nats, or None without."""

    posterior: Posterior
    latents: Tensor
    kl_per_dimension: Tensor | None

    def kl(self) -> Tensor:
        """Returns (n,) KL in nats."""
        assert self.kl_per_dimension is not None  # composition.refuse_illegal saw to it
        return self.kl_per_dimension.sum(1)


class Regulariser(Protocol):
    """A penalty in nats per image."""

    needs_density: bool
    """Whether it is made of a KL or of densities of codes."""
    asks_for_independence: bool
    """Whether it charges for dimensions that depend on each other."""

    @property
    def settles_at(self) -> int:
        """The training step from which the penalty no longer depends on the step."""
        ...

    def penalty(self, encoded: Encoded, step: int) -> Tensor:
        """Returns (n,) nats to add to the loss at training step `step`."""
        ...


@runtime_checkable
class Following(Protocol):
    """A regulariser that is updated after each training step of the model."""

    def optimizers(self) -> dict[str, Optimizer]:
        """Returns its own optimisers by name."""
        ...

    def after_step(self, encoded: Encoded, step: int, generator: Generator) -> dict[str, Tensor]:
        """Updates itself; returns detached scalars for the curves. `encoded` has no gradient."""
        ...


class Unregularised:
    """No regularisation, as in a plain autoencoder."""

    needs_density = False
    asks_for_independence = False
    settles_at = 0

    def penalty(self, encoded: Encoded, step: int) -> Tensor:
        """Returns (n,) zeros."""
        return encoded.latents.new_zeros(len(encoded.latents))


class WeightedKl:
    """beta times the KL (Higgins et al. 2017, eq. 4), beta rising linearly over `warm_up_steps`.

    With losses summed over pixels and dimensions, beta 1 is the evidence lower bound.
    """

    needs_density = True
    asks_for_independence = False

    def __init__(self, beta: float, warm_up_steps: int) -> None:
        self.beta = beta
        self.warm_up_steps = self.settles_at = warm_up_steps

    def weight(self, step: int) -> float:
        """Returns beta at a step counted from 0: from beta / warm_up_steps up to beta."""
        if step + 1 >= self.warm_up_steps:
            return self.beta
        return self.beta * (step + 1) / self.warm_up_steps

    def penalty(self, encoded: Encoded, step: int) -> Tensor:
        """Returns (n,) beta * KL in nats."""
        return self.weight(step) * encoded.kl()
