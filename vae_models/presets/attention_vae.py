"""A VAE with self-attention in both networks (Zhang et al. 2019)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from latent_audit.vae_models.presets.autoencoder_settings import AutoencoderSettings

if TYPE_CHECKING:
    from latent_audit.vae_models.attribute_classifier.targets import Target
    from latent_audit.vae_models.components.vae import VariationalAutoencoder


class AttentionVaeSettings(AutoencoderSettings):
    """A VAE whose networks have self-attention between distant parts of an image, with maps of it."""

    kind: Literal["attention_vae"] = "attention_vae"
    network: Literal["attention"] = Field("attention", description="always attention")

    def build(
        self, image_shape: tuple[int, int, int], targets: Sequence["Target"]
    ) -> "VariationalAutoencoder":
        """Returns the untrained model; it learns without the targets."""
        return self.compose(image_shape, self.latent_dim)
