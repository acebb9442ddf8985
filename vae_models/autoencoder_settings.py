"""What all presets of the VAE family share: their settings, and how parts become a model."""

from pydantic import BaseModel, ConfigDict, Field, model_validator

from vae_models.networks import NetworkKind, build_decoder, build_encoder, initialise_for_relu
from vae_models.posteriors import GaussianPosterior
from vae_models.reconstruction import ReconstructionKind, build_reconstruction
from vae_models.regularisers import Regulariser
from vae_models.training_settings import TrainingSettings
from vae_models.vae import VariationalAutoencoder


class AutoencoderSettings(BaseModel):
    """Network, pixel distribution and training of a member of the VAE family; a preset adds its own parts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    latent_dim: int = Field(10, ge=1, description="latent dimensions")
    network: NetworkKind = Field(
        "burgess",
        description="mlp (512-256), burgess (32-channel convolutions) or locatello (32-32-64-64)",
    )
    reconstruction: ReconstructionKind = Field(
        "bernoulli", description="pixel distribution: bernoulli for near-binary images, gaussian for the rest"
    )
    pixel_variance: float | None = Field(
        None, gt=0, description="variance of gaussian pixels on the [0, 1] scale; only with gaussian"
    )
    learning_rate: float = Field(1e-3, gt=0, description="Adam's step size")
    warm_up_steps: int = Field(200, ge=0, description="steps over which the weight of the KL rises linearly")
    training: TrainingSettings = Field(TrainingSettings(), description="how long to train, and on what")

    @model_validator(mode="after")
    def _parts_fit_together(self) -> "AutoencoderSettings":
        build_reconstruction(self.reconstruction, self.pixel_variance)
        if self.warm_up_steps > self.training.steps:
            raise ValueError(
                f"warm_up_steps ({self.warm_up_steps}) is beyond the last training step "
                f"({self.training.steps}), so the KL never has its full weight: lower it, or train longer"
            )
        return self

    def compose(self, image_shape: tuple[int, int, int], regulariser: Regulariser) -> VariationalAutoencoder:
        """Returns an untrained model of these settings' networks and the parts given."""
        encoder = build_encoder(self.network, image_shape, 2 * self.latent_dim)
        decoder = build_decoder(self.network, image_shape, self.latent_dim)
        initialise_for_relu(encoder)
        initialise_for_relu(decoder)
        return VariationalAutoencoder(
            image_shape,
            self.latent_dim,
            encoder=encoder,
            decoder=decoder,
            posterior=GaussianPosterior(),
            reconstruction=build_reconstruction(self.reconstruction, self.pixel_variance),
            regulariser=regulariser,
            learning_rate=self.learning_rate,
        )
