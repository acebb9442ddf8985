"""Settings of the attribute classifier with a distribution over its weights."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class WeightPosteriorSettings(BaseModel):
    """A second training of the attribute classifier, with a Gaussian over each of its weights; none by default."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False)

    weights: Literal["none", "last", "all"] = Field(
        "none",
        description="whose weights are uncertain, by Bayes by Backprop: last, those of the heads, or all; none: the "
        "classifier is not trained again",
    )
    initial_deviation: float = Field(
        0.05, gt=0, description="standard deviation of every uncertain weight when training begins"
    )
    prior_deviation: float = Field(
        1.0, gt=0, description="standard deviation of every uncertain weight in the prior"
    )
    draws: int = Field(100, ge=20, le=2000, description="draws of the weights behind every figure and map")
    images: int = Field(1000, ge=50, description="most held-out images whose entropy is split into two parts")
    map_images: int = Field(6, ge=2, description="held-out images that maps over the draws are made of")

    @property
    def anything(self) -> bool:
        """Whether it is asked for."""
        return self.weights != "none"
