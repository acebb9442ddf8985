"""A plain autoencoder: one point a picture and no prior, so what a posterior and a prior add can be seen."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from vae_models.autoencoder_settings import AutoencoderSettings

if TYPE_CHECKING:
    from vae_models.targets import Target
    from vae_models.vae import VariationalAutoencoder


class PlainAutoencoderSettings(AutoencoderSettings):
    """The plain autoencoder: loss = reconstruction alone. It has no KL, and samples are drawn as its codes lie."""

    kind: Literal["autoencoder"] = "autoencoder"
    warm_up_steps: Literal[0] = Field(0, description="always 0: there is no KL to be warmed up")

    def build(
        self, image_shape: tuple[int, int, int], targets: Sequence["Target"]
    ) -> "VariationalAutoencoder":
        """Returns the untrained model; it learns without the targets."""
        from vae_models.posteriors import PointPosterior
        from vae_models.priors import ObservedCodes
        from vae_models.regularisers import Unregularised

        return self.compose(
            image_shape,
            self.latent_dim,
            Unregularised(),
            posterior=PointPosterior(),
            prior=ObservedCodes(self.latent_dim),
        )
