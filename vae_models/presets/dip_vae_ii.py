"""DIP-VAE II (Kumar et al. 2018)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from latent_audit.vae_models.presets.autoencoder_settings import AutoencoderSettings

if TYPE_CHECKING:
    from latent_audit.vae_models.attribute_classifier.targets import Target
    from latent_audit.vae_models.components.vae import VariationalAutoencoder


class DipVaeIiSettings(AutoencoderSettings):
    """loss = reconstruction + KL + distance of the covariance of sampled codes from the identity."""

    kind: Literal["dip_vae_ii"] = "dip_vae_ii"
    off_diagonal: float = Field(10.0, ge=0, description="weight of squared covariances")
    diagonal: float = Field(10.0, ge=0, description="weight of squared (variance - 1)")

    def build(
        self, image_shape: tuple[int, int, int], targets: Sequence["Target"]
    ) -> "VariationalAutoencoder":
        """Returns the untrained model; it learns without the targets."""
        from latent_audit.vae_models.components.moment_matching import MomentMatching

        regulariser = MomentMatching("samples", self.off_diagonal, self.diagonal, self.warm_up)
        return self.compose(image_shape, self.latent_dim, regulariser)
