"""A VAE whose prior is a mixture of posteriors of learned images (Tomczak & Welling 2018)."""

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from vae_models.autoencoder_settings import AutoencoderSettings
from vae_models.mixture_priors import VampPrior
from vae_models.regularisers import WeightedKl
from vae_models.targets import Target
from vae_models.vae import VariationalAutoencoder


class VampVaeSettings(AutoencoderSettings):
    """A VAE with the VampPrior. The KL is a Monte Carlo estimate."""

    kind: Literal["vamp_vae"] = "vamp_vae"
    components: int = Field(
        32, ge=1, description="learned images whose posteriors are the prior; each step encodes them too"
    )

    def build(self, image_shape: tuple[int, int, int], targets: Sequence[Target]) -> VariationalAutoencoder:
        """Returns the untrained model; it learns without the targets."""
        prior = VampPrior(self.components, image_shape)
        regulariser = WeightedKl(1.0, self.warm_up_steps)
        return self.compose(image_shape, self.latent_dim, regulariser, prior=prior)
