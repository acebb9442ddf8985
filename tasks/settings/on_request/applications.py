"""Settings of what is trained or fitted on request beside a model, to see what the model is good for."""

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, field_validator, model_validator

_CONFIG = ConfigDict(frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False)


class AugmentedCnnSettings(BaseModel):
    """A CNN trained on few labelled images, with and without images that the model generated; none by default."""

    model_config = _CONFIG

    images: int = Field(
        0, ge=0, description="labelled images that a CNN learns from, such as 100; 0 for none"
    )
    repeats: int = Field(
        5,
        ge=3,
        le=50,
        description="trainings with and without, each with its own labelled images, weights and held-out images",
    )
    steps: int = Field(300, ge=1, description="steps of each training, with and without")
    generated: int = Field(300, ge=2, description="images generated for each attribute, half of either class")
    held_out_images: int = Field(
        500, ge=20, description="most held-out images that each repeat is scored on, none in two repeats"
    )


class MixtureSettings(BaseModel):
    """A mixture with the model's distribution of pixels, fitted to the same images; none by default."""

    model_config = _CONFIG

    components: tuple[PositiveInt, ...] = Field(
        (),
        description="numbers of components to choose from by images of probe_fit, such as [1, 10, 50]; empty for none",
    )
    iterations: int = Field(50, ge=1, description="most iterations of expectation maximisation")
    fitted_images: int = Field(5000, ge=50, description="most training images that the mixture is fitted to")
    images: int = Field(200, ge=20, description="most held-out images whose likelihood is compared")
    draws: int = Field(100, ge=1, description="draws of each image's posterior behind the model's bound")


class LeaveOutSettings(BaseModel):
    """A class that the model is trained without, once more, to see whether its images are found; none by default."""

    model_config = _CONFIG

    attribute: str = Field("", description="a binary or categorical attribute, such as shape; empty for none")
    value: str = Field("", description="the class of it that is left out of training, such as heart")
    images: int = Field(1000, ge=20, description="most held-out images that are scored")
    shown: int = Field(8, ge=1, le=16, description="images in each gallery of the report")

    @field_validator("value", mode="before")
    @classmethod
    def _number_is_a_name(cls, value: object) -> object:
        """Takes the number of a class, such as a digit, for its name."""
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else value

    @model_validator(mode="after")
    def _both_or_neither(self) -> "LeaveOutSettings":
        if bool(self.attribute) != bool(self.value):
            raise ValueError(
                f"give attribute and value, or neither, got {self.attribute!r} and {self.value!r}"
            )
        return self
