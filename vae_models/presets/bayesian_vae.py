"""A VAE with a distribution over the weights of its decoder (Blundell et al. 2015)."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from latent_audit.vae_models.presets.autoencoder_settings import AutoencoderSettings

if TYPE_CHECKING:
    from latent_audit.vae_models.attribute_classifier.targets import Target
    from latent_audit.vae_models.components.vae import VariationalAutoencoder


class BayesianVaeSettings(AutoencoderSettings):
    """A VAE with a Gaussian over each weight of the decoder: variance from weights beside variance from codes."""

    kind: Literal["bayesian_vae"] = "bayesian_vae"
    initial_deviation: float = Field(
        0.01, gt=0, description="standard deviation of every weight when training begins"
    )
    prior_deviation: float = Field(0.1, gt=0, description="standard deviation of every weight in the prior")

    def build(
        self, image_shape: tuple[int, int, int], targets: Sequence["Target"]
    ) -> "VariationalAutoencoder":
        """Returns the untrained model; it learns without the targets."""
        from latent_audit.vae_models.components.weight_uncertainty import GaussianWeights

        weights = partial(
            GaussianWeights,
            initial_deviation=self.initial_deviation,
            prior_deviation=self.prior_deviation,
        )
        return self.compose(image_shape, self.latent_dim, weights=weights)
