"""What posteriors share whose elements depend on each other: a KL as a whole, and none by dimension."""

from abc import ABC, abstractmethod

from torch import Generator, Tensor

from latent_audit.vae_models.model import Posterior


class RelatedPosterior(ABC):
    """A posterior family with relations between the elements of a code; held to a standard normal prior."""

    has_density = True
    is_gaussian = False  # in the sense of mixture priors: independent over dimensions

    @abstractmethod
    def draw(self, posterior: Posterior, generator: Generator) -> tuple[Tensor, Tensor]:
        """Returns (n, d) reparameterised draws and their log densities (n,) in nats."""

    @abstractmethod
    def kl_nats(self, posterior: Posterior, latents: Tensor, log_density: Tensor) -> Tensor:
        """Returns (n,) KL(q(z | x) || N(0, 1)) in nats; where it has no closed form, its estimate at the draws."""

    @abstractmethod
    def summary(self, posterior: Posterior) -> Posterior:
        """Returns the mean and log variances (n, d) of each posterior: the code that analyses use."""

    def sample(self, posterior: Posterior, generator: Generator) -> Tensor:
        """Returns (n, d) reparameterised draws."""
        return self.draw(posterior, generator)[0]

    def kl_per_dimension(self, posterior: Posterior) -> Tensor:
        """Raises: a KL by dimension is not defined where dimensions depend on each other."""
        raise TypeError("the KL of related elements is not a sum over dimensions")

    def log_density(self, posterior: Posterior, latents: Tensor) -> Tensor:
        """Raises, for the same reason; `draw` gives log densities of whole codes with the draws."""
        raise TypeError("the density of related elements is not a product over dimensions")
