"""A VAE whose prior is a mixture of posteriors of learned images (Tomczak & Welling 2018)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from latent_audit.vae_models.presets.autoencoder_settings import AutoencoderSettings

if TYPE_CHECKING:
    from latent_audit.vae_models.attribute_classifier.targets import Target
    from latent_audit.vae_models.components.vae import VariationalAutoencoder


class VampVaeSettings(AutoencoderSettings):
    """A VAE with the VampPrior. The KL is a Monte Carlo estimate."""

    kind: Literal["vamp_vae"] = "vamp_vae"
    components: int = Field(
        32, ge=1, description="learned images whose posteriors are the prior; each step encodes them too"
    )

    def build(
        self, image_shape: tuple[int, int, int], targets: Sequence["Target"]
    ) -> "VariationalAutoencoder":
        """Returns the untrained model; it learns without the targets."""
        from latent_audit.vae_models.components.mixture_priors import VampPrior

        prior = VampPrior(self.components, image_shape)
        return self.compose(image_shape, self.latent_dim, prior=prior)
