"""A VAE whose prior is a learned Gaussian mixture (after Dilokthanakul et al. 2016)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from latent_audit.vae_models.presets.autoencoder_settings import AutoencoderSettings

if TYPE_CHECKING:
    from latent_audit.vae_models.attribute_classifier.targets import Target
    from latent_audit.vae_models.components.vae import VariationalAutoencoder


class GmVaeSettings(AutoencoderSettings):
    """A VAE whose prior is a mixture of Gaussians. The KL is a Monte Carlo estimate."""

    kind: Literal["gm_vae"] = "gm_vae"
    components: int = Field(10, ge=1, description="Gaussians in the prior; with 1 it is a VAE")

    def build(
        self, image_shape: tuple[int, int, int], targets: Sequence["Target"]
    ) -> "VariationalAutoencoder":
        """Returns the untrained model; it learns without the targets."""
        from latent_audit.vae_models.components.mixture_priors import GaussianMixture

        prior = GaussianMixture(self.components, self.latent_dim)
        return self.compose(image_shape, self.latent_dim, prior=prior)
