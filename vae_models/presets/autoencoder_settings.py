"""Settings shared by all presets of the VAE family, and the composition of a model from components."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, field_serializer, model_validator

from latent_audit.vae_models.components.choices import (
    NetworkKind,
    ReconstructionKind,
    ResidualSize,
    refuse_size,
    refuse_variance,
)
from latent_audit.vae_models.training.durations import Duration, in_steps
from latent_audit.vae_models.training.settings import TrainingSettings

if TYPE_CHECKING:
    from torch import nn

    from latent_audit.vae_models.components.attribute_head import AttributeHead
    from latent_audit.vae_models.components.posteriors import PosteriorFamily
    from latent_audit.vae_models.components.priors import Prior
    from latent_audit.vae_models.components.reconstruction import Reconstruction
    from latent_audit.vae_models.components.regularisers import Regulariser
    from latent_audit.vae_models.components.vae import VariationalAutoencoder
    from latent_audit.vae_models.components.weight_uncertainty import GaussianWeights


class FamilySettings(BaseModel):
    """Network, pixel distribution and training of a member of the VAE family; a preset adds its own parts."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    network: NetworkKind = Field(
        "burgess",
        description="mlp (512-256, or hidden_units), burgess (32-channel convolutions), locatello (32-32-64-64), "
        "attention (locatello with self-attention), or residual (residual blocks, of a size that is set)",
    )
    hidden_units: tuple[PositiveInt, ...] | None = Field(
        None,
        description="widths of the hidden layers of network mlp, as the encoder has them, such as [128]; null: "
        "[512, 256]",
    )
    residual: ResidualSize | None = Field(
        None, description="width, depth and normalisation of network residual; null: its defaults"
    )
    reconstruction: ReconstructionKind = Field(
        "bernoulli",
        description="pixel distribution: bernoulli for near-binary images, gaussian or laplace for the rest",
    )
    pixel_variance: float | None = Field(
        None, gt=0, description="variance of gaussian or laplace pixels on the [0, 1] scale"
    )
    learning_rate: float = Field(2e-3, gt=0, description="Adam's step size")
    warm_up_steps: Duration = Field(
        0.1333,
        description="steps over which the weight of the KL rises linearly; below 1: a share of training.steps",
    )
    training: TrainingSettings = Field(
        TrainingSettings(steps=1500, evaluate_every=0.3333), description="how long to train, and on what"
    )

    @property
    def warm_up(self) -> int:
        """Returns the steps over which the weight of the KL rises."""
        return in_steps(self.warm_up_steps, self.training.steps)

    @field_serializer("warm_up_steps", when_used="json")
    def _warm_up_in_steps(self, value: float) -> int:
        """Records and keys hold what is done, however it was asked for."""
        return self.warm_up

    @model_validator(mode="after")
    def _parts_fit_together(self) -> "FamilySettings":
        refuse_variance(self.reconstruction, self.pixel_variance)
        if self.hidden_units is not None and self.network != "mlp":
            raise ValueError(
                f"hidden_units are the widths of network mlp, and network is {self.network}: leave them out, or set "
                "network to mlp"
            )
        refuse_size(self.network, self.residual)
        if self.warm_up > self.training.steps:
            raise ValueError(
                f"warm_up_steps ({self.warm_up}) is beyond the last training step "
                f"({self.training.steps}), so the KL never has its full weight: lower it, or train longer"
            )
        return self

    def compose(
        self,
        image_shape: tuple[int, int, int],
        latent_dim: int,
        regulariser: "Regulariser | None" = None,
        *,
        posterior: "PosteriorFamily | None" = None,
        prior: "Prior | None" = None,
        reconstruction: "Reconstruction | None" = None,
        head: "AttributeHead | None" = None,
        weights: "Callable[[nn.Module], GaussianWeights] | None" = None,
        sampling_noise: bool = True,
    ) -> "VariationalAutoencoder":
        """Returns an untrained model of these settings' networks and the parts given.

        regulariser: by default the KL, its weight rising to 1. posterior: gaussian. prior: a standard normal.
        reconstruction: that of the settings. weights: makes the decoder's uncertain. sampling_noise: whether the
        decoder learns from draws of the posterior.
        """
        # Here and in every `build`: settings are read before torch is imported, which takes seconds.
        from latent_audit.vae_models.components.networks import (
            build_decoder,
            build_encoder,
            initialise_for_relu,
        )
        from latent_audit.vae_models.components.posteriors import GaussianPosterior
        from latent_audit.vae_models.components.reconstruction import build_reconstruction
        from latent_audit.vae_models.components.regularisers import WeightedKl
        from latent_audit.vae_models.components.vae import VariationalAutoencoder

        family = GaussianPosterior() if posterior is None else posterior
        if reconstruction is None:
            reconstruction = build_reconstruction(self.reconstruction, self.pixel_variance)
        outputs, sizes = family.outputs_per_dimension * latent_dim, (self.hidden_units, self.residual)
        encoder = build_encoder(self.network, image_shape, outputs, *sizes)
        decoder = build_decoder(self.network, image_shape, latent_dim, *sizes)
        initialise_for_relu(encoder)
        initialise_for_relu(decoder)
        return VariationalAutoencoder(
            image_shape,
            latent_dim,
            encoder=encoder,
            decoder=decoder,
            posterior=family,
            reconstruction=reconstruction,
            regulariser=WeightedKl(1.0, self.warm_up) if regulariser is None else regulariser,
            learning_rate=self.learning_rate,
            prior=prior,
            head=head,
            weights=None if weights is None else weights(decoder),
            sampling_noise=sampling_noise,
        )


class AutoencoderSettings(FamilySettings):
    """A member of the family whose dimensions have no names."""

    latent_dim: int = Field(10, ge=1, description="latent dimensions")


class PhasedSettings(AutoencoderSettings):
    """A member of the family that may be trained in phases: from the weights of another model, and without noise."""

    start_from: str | None = Field(
        None,
        description="name of another of the models, with the same network and latent_dim, whose trained weights of the "
        "same seed this training starts from, such as an autoencoder; null: new weights",
    )
    sampling_noise: bool = Field(
        True,
        description="whether the decoder learns from draws of the posterior; false: from its means, to see what the "
        "noise is for",
    )
