"""A VAE whose encoder and decoder are one linear layer each: probabilistic principal components."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

from latent_audit.vae_models.training.settings import TrainingSettings

if TYPE_CHECKING:
    from latent_audit.vae_models.attribute_classifier.targets import Target
    from latent_audit.vae_models.components.vae import VariationalAutoencoder


class AffineVaeSettings(BaseModel):
    """How large a linear VAE is, and how it is trained."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["affine_vae"] = Field("affine_vae", description="a VAE of two linear layers")
    latent_dim: int = Field(10, ge=1, description="latent dimensions")
    learning_rate: float = Field(1e-3, gt=0, description="Adam's step size")
    training: TrainingSettings = Field(TrainingSettings(), description="how long to train, and on what")

    def build(
        self, image_shape: tuple[int, int, int], targets: Sequence["Target"]
    ) -> "VariationalAutoencoder":
        """Returns the untrained model; it learns without the targets."""
        from torch import nn

        from latent_audit.vae_models.components.posteriors import GaussianPosterior
        from latent_audit.vae_models.components.reconstruction import BernoulliReconstruction
        from latent_audit.vae_models.components.regularisers import WeightedKl
        from latent_audit.vae_models.components.vae import VariationalAutoencoder

        channels, height, width = image_shape
        pixels = channels * height * width
        return VariationalAutoencoder(
            image_shape,
            self.latent_dim,
            encoder=nn.Sequential(nn.Flatten(), nn.Linear(pixels, 2 * self.latent_dim)),
            decoder=nn.Sequential(nn.Linear(self.latent_dim, pixels), nn.Unflatten(1, image_shape)),
            posterior=GaussianPosterior(),
            reconstruction=BernoulliReconstruction(),
            regulariser=WeightedKl(beta=1.0, warm_up_steps=0),
            learning_rate=self.learning_rate,
        )
