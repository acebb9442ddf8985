"""A VAE with Laplace posteriors, whose density is not invariant to rotation and so favours the axes."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from latent_audit.vae_models.presets.autoencoder_settings import AutoencoderSettings

if TYPE_CHECKING:
    from latent_audit.vae_models.attribute_classifier.targets import Target
    from latent_audit.vae_models.components.vae import VariationalAutoencoder


class LaplaceVaeSettings(AutoencoderSettings):
    """A VAE whose posterior is a Laplace distribution per dimension, with a closed-form KL from a standard normal."""

    kind: Literal["laplace_vae"] = "laplace_vae"

    def build(
        self, image_shape: tuple[int, int, int], targets: Sequence["Target"]
    ) -> "VariationalAutoencoder":
        """Returns the untrained model; it learns without the targets."""
        from latent_audit.vae_models.components.posteriors import LaplacePosterior

        return self.compose(image_shape, self.latent_dim, posterior=LaplacePosterior())
