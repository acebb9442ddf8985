"""The beta-VAE (Higgins et al. 2017); with beta 1 it is a VAE."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from latent_audit.vae_models.presets.autoencoder_settings import PhasedSettings

if TYPE_CHECKING:
    from latent_audit.vae_models.attribute_classifier.targets import Target
    from latent_audit.vae_models.components.vae import VariationalAutoencoder


class BetaVaeSettings(PhasedSettings):
    """The beta-VAE: loss = reconstruction + beta * KL, all in nats per image."""

    kind: Literal["beta_vae"] = "beta_vae"
    beta: float = Field(
        4.0, ge=0, description="weight of the KL, with losses summed over pixels and dimensions; 1 is a VAE"
    )

    def build(
        self, image_shape: tuple[int, int, int], targets: Sequence["Target"]
    ) -> "VariationalAutoencoder":
        """Returns the untrained model; it learns without the targets."""
        from latent_audit.vae_models.components.regularisers import WeightedKl

        regulariser = WeightedKl(self.beta, self.warm_up)
        return self.compose(image_shape, self.latent_dim, regulariser, sampling_noise=self.sampling_noise)
