"""Settings shared by all models trained elsewhere.

Content keys cover the digest of a file's content, not its path.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from latent_audit.vae_models.components.choices import ReconstructionKind, refuse_variance

if TYPE_CHECKING:
    from latent_audit.vae_models.attribute_classifier.targets import Target
    from latent_audit.vae_models.model import Model
    from latent_audit.vae_models.pretrained.foreign_model import ForeignModel


def _range(ends: tuple[float, float]) -> tuple[float, float]:
    if not ends[0] < ends[1]:
        raise ValueError(f"black must be less than white, got {list(ends)}")
    return ends


PixelRange = Annotated[tuple[float, float], AfterValidator(_range)]


class ExistingModelSettings(BaseModel, ABC):
    """Settings shared by all models trained elsewhere: how their reconstructions are scored."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    not_in_key: ClassVar[frozenset[str]] = frozenset()
    """Fields that say where something lies; records of a run hold their last part alone."""

    rebuilds_from_files: ClassVar[bool] = True
    """Whether the files are needed again each time the model is opened; else its weights are all that it needs."""

    runs_its_code: ClassVar[bool] = False
    """Whether code of the user is run, which has not been looked at."""

    reconstruction: ReconstructionKind = Field(
        "bernoulli", description="pixel distribution: bernoulli for near-binary images, gaussian for the rest"
    )
    pixel_variance: float | None = Field(
        None, gt=0, description="variance of gaussian pixels on the [0, 1] scale; only with gaussian"
    )
    trained_with_labels: tuple[str, ...] | None = Field(
        None,
        description="names of the attributes whose labels the model was trained with, [] for none; null: not known, "
        "and the report says so",
    )

    @model_validator(mode="after")
    def _parts_fit_together(self) -> "ExistingModelSettings":
        refuse_variance(self.reconstruction, self.pixel_variance)
        return self

    @property
    def has_decoder(self) -> bool:
        """Whether the model decodes codes; without a decoder nothing is tested by what it draws."""
        return True

    @abstractmethod
    def given_files(self) -> dict[str, str]:
        """Returns the files in the settings, by name; MLflow addresses are left as they are."""
        ...

    @abstractmethod
    def with_files(self, places: Mapping[str, Path]) -> Self:
        """Returns the settings with other paths of their files."""
        ...

    def look_through(self, files: Mapping[str, Path]) -> None:
        """Raises BadCheckpoint for files, by name, that this kind would refuse; called before any work starts.

        Whoever opens the files looks again.
        """
        return None

    def readings(self, image_shape: tuple[int, int, int]) -> list[Self]:
        """Returns the settings in every way that the files allow them to be completed; mostly one."""
        return [self]

    @abstractmethod
    def open_trained(self, image_shape: tuple[int, int, int]) -> "Model":
        """Returns the model with its trained weights, on the CPU; raises BadCheckpoint and BadSettings."""
        ...


class ForeignModelSettings(ExistingModelSettings):
    """Settings of models whose networks are not ours, so that their initial weights are unknown."""

    def build(self, image_shape: tuple[int, int, int], targets: Sequence["Target"]) -> "ForeignModel":
        """Returns the model with its weights in random order, because its initial weights are unknown."""
        foreign = self.open_trained(image_shape)
        foreign.shuffle_weights()
        return foreign

    @abstractmethod
    def open_trained(self, image_shape: tuple[int, int, int]) -> "ForeignModel":
        """Returns the model with its trained weights, on the CPU; raises BadCheckpoint and BadSettings."""
        ...
