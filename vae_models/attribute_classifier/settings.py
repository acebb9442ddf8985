"""Settings of the attribute classifier."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from latent_audit.vae_models.training.settings import TrainingSettings

if TYPE_CHECKING:
    from latent_audit.vae_models.attribute_classifier.classifier import AttributeClassifier
    from latent_audit.vae_models.attribute_classifier.targets import Target

_TRAINING = TrainingSettings(steps=1300, evaluate_every=0.1923, patience=5, held_out_share=0.1)


class AttributeClassifierSettings(BaseModel):
    """Settings of an attribute classifier."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    kind: Literal["attribute_classifier"] = "attribute_classifier"
    network: Literal["compact", "alexnet"] = Field(
        "compact",
        description="the compact network of this project, or torchvision's AlexNet: slower, for comparison",
    )
    width: int = Field(64, ge=2, description="channels of the compact network's last two convolutions")
    hidden: int = Field(128, ge=1, description="units of the fully connected layer under the heads")
    learning_rate: float = Field(2e-3, gt=0, description="AdamW's step size")
    class_weight: float = Field(
        3.0, gt=0, description="weight of categorical attributes' nats in training; they are learnt last"
    )
    weight_decay: float = Field(
        1e-2, ge=0, description="share of every weight taken off a step, times the learning rate (AdamW)"
    )
    training: TrainingSettings = Field(
        _TRAINING, description="how long to train; held-out nats stop it early"
    )

    @field_validator("training", mode="before")
    @classmethod
    def _keep_defaults(cls, given: Any) -> Any:
        """Takes what is not given from the default training of a classifier, not of any model."""
        return {**_TRAINING.model_dump(exclude_unset=True), **given} if isinstance(given, dict) else given

    def build(self, image_shape: tuple[int, int, int], targets: Sequence["Target"]) -> "AttributeClassifier":
        """Returns the untrained classifier with a head for each target."""
        from latent_audit.vae_models.attribute_classifier.classifier import (
            AttributeClassifier,
        )  # here: it takes seconds to import

        return AttributeClassifier(self, image_shape, targets)
