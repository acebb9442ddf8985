"""A VAE whose prior is a learned Gaussian mixture (after Dilokthanakul et al. 2016)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from vae_models.autoencoder_settings import AutoencoderSettings

if TYPE_CHECKING:
    from vae_models.targets import Target
    from vae_models.vae import VariationalAutoencoder


class GmVaeSettings(AutoencoderSettings):
    """A VAE whose prior is a mixture: images gather around components. The KL is a Monte Carlo estimate."""

    kind: Literal["gm_vae"] = "gm_vae"
    components: int = Field(10, ge=1, description="Gaussians in the prior; with 1 it is a VAE")

    def build(
        self, image_shape: tuple[int, int, int], targets: Sequence["Target"]
    ) -> "VariationalAutoencoder":
        """Returns the untrained model; it learns without the targets."""
        from vae_models.mixture_priors import GaussianMixture

        prior = GaussianMixture(self.components, self.latent_dim)
        return self.compose(image_shape, self.latent_dim, prior=prior)
