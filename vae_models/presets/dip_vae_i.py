"""DIP-VAE I (Kumar et al. 2018)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from latent_audit.vae_models.presets.autoencoder_settings import AutoencoderSettings

if TYPE_CHECKING:
    from latent_audit.vae_models.attribute_classifier.targets import Target
    from latent_audit.vae_models.components.vae import VariationalAutoencoder


class DipVaeISettings(AutoencoderSettings):
    """loss = reconstruction + KL + distance of the covariance of posterior means from the identity."""

    kind: Literal["dip_vae_i"] = "dip_vae_i"
    off_diagonal: float = Field(10.0, ge=0, description="weight of squared covariances")
    diagonal: float = Field(100.0, ge=0, description="weight of squared (variance - 1)")

    def build(
        self, image_shape: tuple[int, int, int], targets: Sequence["Target"]
    ) -> "VariationalAutoencoder":
        """Returns the untrained model; it learns without the targets."""
        from latent_audit.vae_models.components.moment_matching import MomentMatching

        regulariser = MomentMatching("means", self.off_diagonal, self.diagonal, self.warm_up)
        return self.compose(image_shape, self.latent_dim, regulariser)
