"""Settings shared by all presets of the VAE family, and the composition of a model from components."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, field_serializer, model_validator

from latent_audit.vae_models.components.choices import NetworkKind, ReconstructionKind, refuse_variance
from latent_audit.vae_models.training.durations import Duration, in_steps
from latent_audit.vae_models.training.settings import TrainingSettings

if TYPE_CHECKING:
    from torch import nn

    from latent_audit.vae_models.components.attribute_head import AttributeHead
    from latent_audit.vae_models.components.posteriors import PosteriorFamily
    from latent_audit.vae_models.components.priors import Prior
    from latent_audit.vae_models.components.regularisers import Regulariser
    from latent_audit.vae_models.components.vae import VariationalAutoencoder
    from latent_audit.vae_models.components.weight_uncertainty import GaussianWeights


class FamilySettings(BaseModel):
    """Network, pixel distribution and training of a member of the VAE family; a preset adds its own parts."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    network: NetworkKind = Field(
        "burgess",
        description="mlp (512-256), burgess (32-channel convolutions), locatello (32-32-64-64), or attention "
        "(locatello with self-attention)",
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
        head: "AttributeHead | None" = None,
        weights: "Callable[[nn.Module], GaussianWeights] | None" = None,
    ) -> "VariationalAutoencoder":
        """Returns an untrained model of these settings' networks and the parts given.

        regulariser: by default the KL, its weight rising to 1. posterior: gaussian. prior: a standard normal. weights:
        makes the decoder's uncertain.
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
        encoder = build_encoder(self.network, image_shape, family.outputs_per_dimension * latent_dim)
        decoder = build_decoder(self.network, image_shape, latent_dim)
        initialise_for_relu(encoder)
        initialise_for_relu(decoder)
        return VariationalAutoencoder(
            image_shape,
            latent_dim,
            encoder=encoder,
            decoder=decoder,
            posterior=family,
            reconstruction=build_reconstruction(self.reconstruction, self.pixel_variance),
            regulariser=WeightedKl(1.0, self.warm_up) if regulariser is None else regulariser,
            learning_rate=self.learning_rate,
            prior=prior,
            head=head,
            weights=None if weights is None else weights(decoder),
        )


class AutoencoderSettings(FamilySettings):
    """A member of the family whose dimensions have no names."""

    latent_dim: int = Field(10, ge=1, description="latent dimensions")
