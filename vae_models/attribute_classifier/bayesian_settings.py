"""Settings of an attribute classifier with a distribution over its weights."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

from latent_audit.vae_models.attribute_classifier.settings import AttributeClassifierSettings
from latent_audit.vae_models.training.settings import TrainingSettings

if TYPE_CHECKING:
    from latent_audit.vae_models.attribute_classifier.bayesian_classifier import BayesianClassifier
    from latent_audit.vae_models.attribute_classifier.targets import Target


class BayesianClassifierSettings(BaseModel):
    """An attribute classifier's settings, and those of the distribution over its weights."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    kind: Literal["bayesian_classifier"] = "bayesian_classifier"
    classifier: AttributeClassifierSettings = AttributeClassifierSettings()
    weights: Literal["last", "all"] = "last"
    initial_deviation: float = Field(0.05, gt=0)
    prior_deviation: float = Field(1.0, gt=0)

    @property
    def training(self) -> TrainingSettings:
        """How long it is trained, and on what: as the plain classifier."""
        return self.classifier.training

    def build(self, image_shape: tuple[int, int, int], targets: Sequence["Target"]) -> "BayesianClassifier":
        """Returns the untrained classifier with a head for each target."""
        from latent_audit.vae_models.attribute_classifier.bayesian_classifier import (
            BayesianClassifier,
        )  # here: it takes seconds to import

        return BayesianClassifier(self, image_shape, targets)
