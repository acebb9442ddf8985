"""How a user names a model that was trained elsewhere: weights for one of our networks, two exported
programs, or a Python function that makes it. Where a file lies does not change what it is: the digest of its
content stands for it in content keys.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from vae_models.beta_vae import VaeSettings
from vae_models.choices import NetworkKind, ReconstructionKind, refuse_variance

if TYPE_CHECKING:
    from vae_models.foreign_model import ForeignModel
    from vae_models.targets import Target
    from vae_models.vae import VariationalAutoencoder

PosteriorLayout = Literal["halves", "interleaved", "separate"]


def _range(ends: tuple[float, float]) -> tuple[float, float]:
    if not ends[0] < ends[1]:
        raise ValueError(f"black must be less than white, got {list(ends)}")
    return ends


PixelRange = Annotated[tuple[float, float], AfterValidator(_range)]


class ExistingModelSettings(BaseModel, ABC):
    """What all models trained elsewhere share: how their reconstructions are scored."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    not_in_key: ClassVar[frozenset[str]] = frozenset()
    """Fields that say where something lies; records of a run hold their last part alone."""

    reconstruction: ReconstructionKind = Field(
        "bernoulli", description="pixel distribution: bernoulli for near-binary images, gaussian for the rest"
    )
    pixel_variance: float | None = Field(
        None, gt=0, description="variance of gaussian pixels on the [0, 1] scale; only with gaussian"
    )

    @model_validator(mode="after")
    def _parts_fit_together(self) -> "ExistingModelSettings":
        refuse_variance(self.reconstruction, self.pixel_variance)
        return self

    @abstractmethod
    def given_files(self) -> dict[str, str]:
        """Returns the files that the settings name, by a name of their own; MLflow addresses as they are."""
        ...

    @abstractmethod
    def with_files(self, places: Mapping[str, Path]) -> Self:
        """Returns the settings with their files somewhere else."""
        ...


class CheckpointSettings(ExistingModelSettings):
    """Weights trained elsewhere that fit one of our networks; read without running code from the file."""

    not_in_key: ClassVar[frozenset[str]] = frozenset({"path"})

    kind: Literal["checkpoint"] = "checkpoint"
    path: Path = Field(description="a .safetensors file, or a torch file that holds a state_dict")
    entry: str | None = Field(
        None,
        min_length=1,
        description="where in the file the state_dict is, as in state_dict; null: it is all",
    )
    network: NetworkKind = Field("burgess", description="which of our networks the weights are for")
    latent_dim: int = Field(10, ge=1, description="latent dimensions")
    posterior_layout: PosteriorLayout = Field(
        "halves",
        description="the encoder's last outputs: halves (means, then log variances), interleaved (a mean and its "
        "log variance side by side), separate (two layers, named encoder.mean and encoder.log_variance by `names`)",
    )
    names: dict[str, str] = Field(
        default_factory=dict,
        description="names in the file: names in our network; the beginning of a name stands for all that follows",
    )
    left_out: tuple[str, ...] = Field(
        (), description="beginnings of names in the file that the audit does not need, such as discriminator"
    )

    def build(
        self, image_shape: tuple[int, int, int], targets: Sequence["Target"]
    ) -> "VariationalAutoencoder":
        """Returns our network untrained; it does without the targets."""
        ours = VaeSettings(
            latent_dim=self.latent_dim,
            network=self.network,
            reconstruction=self.reconstruction,
            pixel_variance=self.pixel_variance,
        )
        return ours.build(image_shape, targets)

    def given_files(self) -> dict[str, str]:
        """Returns the file of weights."""
        return {"path": str(self.path)}

    def with_files(self, places: Mapping[str, Path]) -> Self:
        """Returns the settings with the file of weights somewhere else."""
        return self.model_copy(update={"path": places["path"]})


class ExportedProgramsSettings(ExistingModelSettings):
    """Encoder and decoder as exported programs (torch.export): files, or models in MLflow."""

    not_in_key: ClassVar[frozenset[str]] = frozenset({"encoder", "decoder"})

    kind: Literal["exported_programs"] = "exported_programs"
    encoder: str = Field(
        min_length=1,
        description="a pt2 file, or an MLflow address such as models:/NAME@ALIAS: images to means, or to a pair of "
        "means and log variances",
    )
    decoder: str = Field(min_length=1, description="the same: codes to images")
    pixel_range: PixelRange = Field((0.0, 1.0), description="what black and white are to the programs")

    def build(self, image_shape: tuple[int, int, int], targets: Sequence["Target"]) -> "ForeignModel":
        """Returns the model with its weights in random order: how it was initialised nobody knows."""
        from vae_models.exported_programs import build_from_programs  # here: it reads these settings

        foreign = build_from_programs(self, image_shape)
        foreign.shuffle_weights()
        return foreign

    def given_files(self) -> dict[str, str]:
        """Returns the files, or MLflow addresses, of both programs."""
        return {"encoder": self.encoder, "decoder": self.decoder}

    def with_files(self, places: Mapping[str, Path]) -> Self:
        """Returns the settings with both programs somewhere else."""
        return self.model_copy(update={name: str(places[name]) for name in ("encoder", "decoder")})


class EntrypointSettings(ExistingModelSettings):
    """A model that your own Python function makes. Its code is run, with all that you may do yourself."""

    not_in_key: ClassVar[frozenset[str]] = frozenset({"folder", "files"})

    kind: Literal["entrypoint"] = "entrypoint"
    entrypoint: str = Field(
        pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*$",
        description="package.module:function; the function returns an object with encode(images) and decode(codes)",
    )
    folder: Path = Field(Path(), description="folder that the package or module is in")
    arguments: dict[str, Any] = Field(default_factory=dict, description="named arguments of the function")
    files: dict[str, Path] = Field(
        default_factory=dict,
        description="files by the named argument that they are given as, such as {weights: model.pt}; what they hold "
        "counts, not where they lie",
    )
    pixel_range: PixelRange = Field((0.0, 1.0), description="what black and white are to the model")

    @model_validator(mode="after")
    def _arguments_are_no_places(self) -> "EntrypointSettings":
        places = [
            name
            for name, value in self.arguments.items()
            if isinstance(value, str) and value.startswith(("/", "~"))
        ]
        if places:
            raise ValueError(
                f"the argument {places[0]} is a path: name it in `files`, for its place would get into the record and "
                "its content would not count"
            )
        if twice := sorted(set(self.arguments) & set(self.files)):
            raise ValueError(f"{', '.join(twice)}: given both in arguments and in files")
        return self

    def build(self, image_shape: tuple[int, int, int], targets: Sequence["Target"]) -> "ForeignModel":
        """Returns the model with its weights in random order: how it was initialised nobody knows."""
        from vae_models.entrypoint import build_from_entrypoint  # here: it reads these settings

        foreign = build_from_entrypoint(self, image_shape)
        foreign.shuffle_weights()
        return foreign

    def given_files(self) -> dict[str, str]:
        """Returns the files that the function is given, by argument."""
        return {name: str(path) for name, path in self.files.items()}

    def with_files(self, places: Mapping[str, Path]) -> Self:
        """Returns the settings with these files somewhere else."""
        return self.model_copy(update={"files": {name: places[name] for name in self.files}})
