"""Settings of the semi-supervised VAE (M2 of Kingma et al. 2014)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import Field, field_validator

from latent_audit.vae_models.presets.autoencoder_settings import AutoencoderSettings

if TYPE_CHECKING:
    from latent_audit.vae_models.attribute_classifier.targets import Target
    from latent_audit.vae_models.components.semi_supervised_vae import SemiSupervisedVae


class SemiSupervisedVaeSettings(AutoencoderSettings):
    """A VAE with a label beside its code: given for some images, marginalised for all others."""

    kind: Literal["semi_supervised_vae"] = "semi_supervised_vae"
    label: str | None = Field(
        None, description="the binary or categorical attribute that is the label; null: the first of the data"
    )
    labelled_share: float = Field(
        0.1, gt=0, le=1, description="share of training images whose label the model may learn from"
    )
    classification_weight: float = Field(
        10.0, ge=0, description="weight of the nats of naming the label of labelled images"
    )
    efficiency_shares: tuple[float, ...] = Field(
        (0.01, 0.05, 0.1, 1.0),
        description="labelled shares that the model is trained with once more each, to show what labels are worth; "
        "empty for none",
    )

    @field_validator("efficiency_shares")
    @classmethod
    def _are_shares(cls, shares: tuple[float, ...]) -> tuple[float, ...]:
        if any(not 0 < share <= 1 for share in shares) or len(set(shares)) != len(shares):
            raise ValueError(f"efficiency_shares must be different and above 0 up to 1, got {list(shares)}")
        return tuple(sorted(shares))

    def build(self, image_shape: tuple[int, int, int], targets: Sequence["Target"]) -> "SemiSupervisedVae":
        """Returns the untrained model, whose first dimensions are the label's."""
        from latent_audit.vae_models.components.semi_supervised_vae import SemiSupervisedVae

        return SemiSupervisedVae(self, image_shape, targets)
