"""A VAE with Laplace posteriors, whose density is not the same when rotated: axes mean something to it."""

from collections.abc import Sequence
from typing import Literal

from vae_models.autoencoder_settings import AutoencoderSettings
from vae_models.posteriors import LaplacePosterior
from vae_models.regularisers import WeightedKl
from vae_models.targets import Target
from vae_models.vae import VariationalAutoencoder


class LaplaceVaeSettings(AutoencoderSettings):
    """A VAE whose posterior is a Laplace distribution a dimension, with its closed KL from a standard normal."""

    kind: Literal["laplace_vae"] = "laplace_vae"

    def build(self, image_shape: tuple[int, int, int], targets: Sequence[Target]) -> VariationalAutoencoder:
        """Returns the untrained model; it learns without the targets."""
        regulariser = WeightedKl(1.0, self.warm_up_steps)
        return self.compose(image_shape, self.latent_dim, regulariser, posterior=LaplacePosterior())
