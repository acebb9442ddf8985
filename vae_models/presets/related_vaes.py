"""VAEs whose posteriors have relations between their elements: a full covariance, and an autoregressive flow."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from latent_audit.vae_models.presets.autoencoder_settings import AutoencoderSettings

if TYPE_CHECKING:
    from latent_audit.vae_models.attribute_classifier.targets import Target
    from latent_audit.vae_models.components.vae import VariationalAutoencoder


class FullCovarianceVaeSettings(AutoencoderSettings):
    """A VAE whose posterior is a Gaussian with a full covariance (Kingma & Welling 2019, section 2.5.1)."""

    kind: Literal["full_covariance_vae"] = "full_covariance_vae"

    def build(
        self, image_shape: tuple[int, int, int], targets: Sequence["Target"]
    ) -> "VariationalAutoencoder":
        """Returns the untrained model; it learns without the targets."""
        from latent_audit.vae_models.components.related.full_covariance import FullCovariancePosterior

        posterior = FullCovariancePosterior(self.latent_dim)
        return self.compose(image_shape, self.latent_dim, posterior=posterior)


class FlowVaeSettings(AutoencoderSettings):
    """A VAE whose posterior is an inverse autoregressive flow (Kingma et al. 2016); its code is a mean of draws."""

    kind: Literal["flow_vae"] = "flow_vae"
    flow_steps: int = Field(4, ge=1, description="steps of the flow")
    flow_units: int = Field(64, ge=1, description="hidden units of each step")

    def build(
        self, image_shape: tuple[int, int, int], targets: Sequence["Target"]
    ) -> "VariationalAutoencoder":
        """Returns the untrained model; it learns without the targets."""
        from latent_audit.vae_models.components.related.autoregressive_flow import AutoregressiveFlowPosterior

        posterior = AutoregressiveFlowPosterior(self.latent_dim, self.flow_steps, self.flow_units)
        return self.compose(image_shape, self.latent_dim, posterior=posterior)
