"""FactorVAE (Kim & Mnih 2018)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from latent_audit.vae_models.presets.autoencoder_settings import AutoencoderSettings

if TYPE_CHECKING:
    from latent_audit.vae_models.attribute_classifier.targets import Target
    from latent_audit.vae_models.components.vae import VariationalAutoencoder


class FactorVaeSettings(AutoencoderSettings):
    """loss = reconstruction + KL + gamma * total correlation, the latter by a discriminator of shuffled codes."""

    kind: Literal["factor_vae"] = "factor_vae"
    gamma: float = Field(6.4, ge=0, description="weight of the total correlation beside the KL; 0 is a VAE")
    discriminator_layers: int = Field(4, ge=1, description="hidden layers; the paper has 6")
    discriminator_units: int = Field(256, ge=1, description="units of each; the paper has 1000")
    discriminator_learning_rate: float = Field(1e-4, gt=0, description="Adam's step size, discriminator")

    def build(
        self, image_shape: tuple[int, int, int], targets: Sequence["Target"]
    ) -> "VariationalAutoencoder":
        """Returns the untrained model; it learns without the targets."""
        from latent_audit.vae_models.components.total_correlation_discriminator import (
            DiscriminatedTotalCorrelation,
        )

        regulariser = DiscriminatedTotalCorrelation(
            self.gamma,
            self.warm_up,
            self.latent_dim,
            self.discriminator_layers,
            self.discriminator_units,
            self.discriminator_learning_rate,
        )
        return self.compose(image_shape, self.latent_dim, regulariser)
