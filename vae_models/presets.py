"""What a user picks: settings classes joined in one typed union, and the function that builds from them."""

from collections.abc import Sequence
from typing import Annotated, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator

from vae_models.attribute_classifier import AttributeClassifier, AttributeClassifierSettings
from vae_models.interpretable_gan import InterpretableGan
from vae_models.interpretable_gan_settings import InterpretableGanSettings
from vae_models.model import Model, Trainable
from vae_models.networks import NetworkKind, build_decoder, build_encoder, initialise_for_relu
from vae_models.posteriors import GaussianPosterior
from vae_models.reconstruction import ReconstructionKind, build_reconstruction
from vae_models.regularisers import WeightedKl
from vae_models.targets import Target
from vae_models.training_settings import TrainingSettings
from vae_models.vae import VariationalAutoencoder


class _AutoencoderSettings(BaseModel):
    """What all presets of the VAE family share."""

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
    def _parts_fit_together(self) -> "_AutoencoderSettings":
        build_reconstruction(self.reconstruction, self.pixel_variance)
        if self.warm_up_steps > self.training.steps:
            raise ValueError(
                f"warm_up_steps ({self.warm_up_steps}) is beyond the last training step "
                f"({self.training.steps}), so the KL never has its full weight: lower it, or train longer"
            )
        return self


class VaeSettings(_AutoencoderSettings):
    """The plain VAE: loss = reconstruction + KL, the negative evidence lower bound."""

    kind: Literal["vae"] = "vae"


class BetaVaeSettings(_AutoencoderSettings):
    """The beta-VAE: loss = reconstruction + beta * KL, all in nats per image."""

    kind: Literal["beta_vae"] = "beta_vae"
    beta: float = Field(
        4.0, ge=0, description="weight of the KL, with losses summed over pixels and dimensions; 1 is a VAE"
    )


AnyModelSettings = VaeSettings | BetaVaeSettings | InterpretableGanSettings
ModelSettings = Annotated[AnyModelSettings, Field(discriminator="kind")]


def _build_autoencoder(
    settings: _AutoencoderSettings, image_shape: tuple[int, int, int], beta: float
) -> VariationalAutoencoder:
    encoder = build_encoder(settings.network, image_shape, 2 * settings.latent_dim)
    decoder = build_decoder(settings.network, image_shape, settings.latent_dim)
    initialise_for_relu(encoder)
    initialise_for_relu(decoder)
    return VariationalAutoencoder(
        image_shape,
        settings.latent_dim,
        encoder=encoder,
        decoder=decoder,
        posterior=GaussianPosterior(),
        reconstruction=build_reconstruction(settings.reconstruction, settings.pixel_variance),
        regulariser=WeightedKl(beta, settings.warm_up_steps),
        learning_rate=settings.learning_rate,
    )


def build(
    settings: AnyModelSettings,
    image_shape: tuple[int, int, int],
    targets: Sequence[Target],
    seed: int,
) -> Model:
    """Returns an untrained model on the CPU; the same seed gives the same weights.

    image_shape: (channels, height, width). targets: the attributes that named dimensions stand for; the VAE
    family ignores them. Raises BadSettings where settings do not fit the images.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if isinstance(settings, InterpretableGanSettings):
            return InterpretableGan(settings, image_shape, targets).eval()
        if isinstance(settings, BetaVaeSettings):
            return _build_autoencoder(settings, image_shape, beta=settings.beta).eval()
        return _build_autoencoder(settings, image_shape, beta=1.0).eval()


def build_classifier(
    settings: AttributeClassifierSettings,
    image_shape: tuple[int, int, int],
    targets: Sequence[Target],
    seed: int,
) -> AttributeClassifier:
    """Returns an untrained attribute classifier on the CPU; the same seed gives the same weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return AttributeClassifier(settings, image_shape, targets).eval()


def build_any(
    settings: AnyModelSettings | AttributeClassifierSettings,
    image_shape: tuple[int, int, int],
    targets: Sequence[Target],
    seed: int,
) -> Trainable:
    """Returns whichever of the two the settings are of: what a recipe is rebuilt with."""
    if isinstance(settings, AttributeClassifierSettings):
        return build_classifier(settings, image_shape, targets, seed)
    return build(settings, image_shape, targets, seed)
