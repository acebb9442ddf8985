"""The beta-TCVAE (Chen et al. 2018)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from latent_audit.vae_models.presets.autoencoder_settings import AutoencoderSettings

if TYPE_CHECKING:
    from latent_audit.vae_models.attribute_classifier.targets import Target
    from latent_audit.vae_models.components.vae import VariationalAutoencoder


class BetaTcVaeSettings(AutoencoderSettings):
    """loss = reconstruction + KL + (beta - 1) * total correlation, the latter estimated in each batch."""

    kind: Literal["beta_tc_vae"] = "beta_tc_vae"
    beta: float = Field(6.0, ge=0, description="weight of the total correlation in the KL; 1 is a VAE")

    def build(
        self, image_shape: tuple[int, int, int], targets: Sequence["Target"]
    ) -> "VariationalAutoencoder":
        """Returns the untrained model; it learns without the targets."""
        from latent_audit.vae_models.components.posteriors import GaussianPosterior
        from latent_audit.vae_models.components.total_correlation import BetaTotalCorrelation

        family = GaussianPosterior()
        regulariser = BetaTotalCorrelation(self.beta, self.warm_up, family)
        return self.compose(image_shape, self.latent_dim, regulariser, posterior=family)
