"""The beta-TCVAE (Chen et al. 2018)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from vae_models.autoencoder_settings import AutoencoderSettings

if TYPE_CHECKING:
    from vae_models.targets import Target
    from vae_models.vae import VariationalAutoencoder


class BetaTcVaeSettings(AutoencoderSettings):
    """loss = reconstruction + KL + (beta - 1) * total correlation, the latter estimated in each batch."""

    kind: Literal["beta_tc_vae"] = "beta_tc_vae"
    beta: float = Field(6.0, ge=0, description="weight of the total correlation in the KL; 1 is a VAE")

    def build(
        self, image_shape: tuple[int, int, int], targets: Sequence["Target"]
    ) -> "VariationalAutoencoder":
        """Returns the untrained model; it learns without the targets."""
        from vae_models.posteriors import GaussianPosterior
        from vae_models.total_correlation import BetaTotalCorrelation

        family = GaussianPosterior()
        regulariser = BetaTotalCorrelation(self.beta, self.warm_up, family)
        return self.compose(image_shape, self.latent_dim, regulariser, posterior=family)
