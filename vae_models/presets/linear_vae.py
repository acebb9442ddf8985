"""The linear VAE: probabilistic PCA, learnt as a VAE (Tipping & Bishop 1999; Lucas et al. 2019)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import Field, PositiveInt

from latent_audit.vae_models.presets.autoencoder_settings import AutoencoderSettings

if TYPE_CHECKING:
    from latent_audit.vae_models.attribute_classifier.targets import Target
    from latent_audit.vae_models.components.vae import VariationalAutoencoder


class LinearVaeSettings(AutoencoderSettings):
    """A VAE whose encoder and decoder are one linear layer each, with Gaussian pixels around the decoder's output."""

    kind: Literal["linear_vae"] = "linear_vae"
    network: Literal["mlp"] = Field("mlp", description="always mlp, without a hidden layer")
    hidden_units: tuple[PositiveInt, ...] = Field(
        (), max_length=0, description="always none: the model is linear"
    )
    reconstruction: Literal["gaussian"] = Field("gaussian", description="always gaussian, without a sigmoid")
    pixel_variance: float = Field(0.02, gt=0, description="variance of the pixels on the [0, 1] scale")

    def build(
        self, image_shape: tuple[int, int, int], targets: Sequence["Target"]
    ) -> "VariationalAutoencoder":
        """Returns the untrained model; it learns without the targets."""
        from latent_audit.vae_models.components.reconstruction import (
            PlainGaussianReconstruction,
            shrink_decoder,
        )

        pixels = PlainGaussianReconstruction(self.pixel_variance)
        model = self.compose(image_shape, self.latent_dim, reconstruction=pixels)
        shrink_decoder(model.decoder)
        return model
