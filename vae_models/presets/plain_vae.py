"""The VAE (Kingma & Welling 2014)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from latent_audit.vae_models.presets.autoencoder_settings import PhasedSettings

if TYPE_CHECKING:
    from latent_audit.vae_models.attribute_classifier.targets import Target
    from latent_audit.vae_models.components.vae import VariationalAutoencoder


class VaeSettings(PhasedSettings):
    """The plain VAE: loss = reconstruction + KL, the negative evidence lower bound."""

    kind: Literal["vae"] = "vae"

    def build(
        self, image_shape: tuple[int, int, int], targets: Sequence["Target"]
    ) -> "VariationalAutoencoder":
        """Returns the untrained model; it learns without the targets."""
        return self.compose(image_shape, self.latent_dim, sampling_noise=self.sampling_noise)
