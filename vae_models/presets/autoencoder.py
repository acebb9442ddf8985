"""A plain autoencoder with a deterministic code and no prior, to compare with VAEs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from latent_audit.vae_models.presets.autoencoder_settings import AutoencoderSettings

if TYPE_CHECKING:
    from latent_audit.vae_models.attribute_classifier.targets import Target
    from latent_audit.vae_models.components.vae import VariationalAutoencoder


class PlainAutoencoderSettings(AutoencoderSettings):
    """The plain autoencoder: loss = reconstruction. It has no KL; samples follow the distribution of its codes."""

    kind: Literal["autoencoder"] = "autoencoder"
    warm_up_steps: Literal[0] = Field(0, description="always 0: there is no KL to be warmed up")

    def build(
        self, image_shape: tuple[int, int, int], targets: Sequence["Target"]
    ) -> "VariationalAutoencoder":
        """Returns the untrained model; it learns without the targets."""
        from latent_audit.vae_models.components.posteriors import PointPosterior
        from latent_audit.vae_models.components.priors import ObservedCodes
        from latent_audit.vae_models.components.regularisers import Unregularised

        return self.compose(
            image_shape,
            self.latent_dim,
            Unregularised(),
            posterior=PointPosterior(),
            prior=ObservedCodes(self.latent_dim),
        )
