"""A VAE whose first dimensions are named after attributes, which are predicted from them alone."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from latent_audit.vae_models.presets.autoencoder_settings import FamilySettings

if TYPE_CHECKING:
    from latent_audit.vae_models.attribute_classifier.targets import Target
    from latent_audit.vae_models.components.vae import VariationalAutoencoder


class AttributeVaeSettings(FamilySettings):
    """A VAE that predicts each attribute from its own dimensions: loss = reconstruction + KL + attributes."""

    kind: Literal["attribute_vae"] = "attribute_vae"
    named: tuple[str, ...] | None = Field(
        None, description="attributes that get dimensions with their names; null names all of the data's"
    )
    free_dimensions: int = Field(10, ge=0, description="dimensions of the code without a name")
    attribute_weight: float = Field(
        10.0, gt=0, description="weight of the attributes' nats, which are few beside those of the pixels"
    )
    labelled_share: float = Field(
        1.0, gt=0, le=1, description="share of training images whose attributes the model may learn from"
    )

    def build(
        self, image_shape: tuple[int, int, int], targets: Sequence["Target"]
    ) -> "VariationalAutoencoder":
        """Returns the untrained model, with dimensions named after the targets chosen."""
        from latent_audit.vae_models.components.attribute_head import AttributeHead
        from latent_audit.vae_models.interpretable_gan.semantic_layout import SemanticLayout, named_columns

        columns = named_columns(self.kind, self.named, targets)
        layout = SemanticLayout(tuple(targets[i] for i in columns), self.free_dimensions)
        head = AttributeHead(layout, tuple(targets), columns, self.attribute_weight, self.labelled_share)
        return self.compose(image_shape, layout.size, head=head)
