"""Settings of a model made by a user's own Python function."""

import math
from abc import ABC
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from latent_audit.vae_models.components.choices import Returned
from latent_audit.vae_models.pretrained.existing_settings import ForeignModelSettings, PixelRange

if TYPE_CHECKING:
    from latent_audit.vae_models.pretrained.foreign_model import ForeignModel

FUNCTION = r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*$"


def _is_plain(value: Any) -> bool:
    """Whether JSON can hold a value, and gives it back as it was."""
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_plain(inner) for key, inner in value.items())
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return (
        value is None or isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value))
    )


def refuse_unrecordable(arguments: Mapping[str, Any]) -> None:
    """Raises ValueError for arguments of a function that a record cannot hold: paths, and what is no plain value."""
    places = [
        name for name, value in arguments.items() if isinstance(value, str) and value.startswith(("/", "~"))
    ]
    if places:
        raise ValueError(
            f"the argument {places[0]} is a path: name it in `files`, for its place would get into the record and "
            "its content would not count"
        )
    for name, value in arguments.items():
        if not _is_plain(value):
            raise ValueError(
                f"the argument {name} is no plain value: numbers, text, yes and no, and lists and mappings of "
                "these can be recorded"
            )


def refuse_twice(arguments: Mapping[str, Any], files: Mapping[str, Path]) -> None:
    """Raises ValueError for an argument that is a file too."""
    if twice := sorted(set(arguments) & set(files)):
        raise ValueError(f"{', '.join(twice)}: given both in arguments and in files")


class OwnCodeSettings(ForeignModelSettings):
    """A model that your own Python function makes. Its code is run, with all that you may do yourself."""

    runs_its_code: ClassVar[bool] = True
    # The group of entry points that `entrypoint` names one of; None: it names a function of a module.
    entry_point_group: ClassVar[str | None] = None

    entrypoint: str | None = Field(
        None,
        pattern=FUNCTION,
        description="package.module:function; the function returns the module of the weights",
    )
    folder: Path = Field(Path(), description="folder that the package or module is in")
    arguments: dict[str, Any] = Field(default_factory=dict, description="named arguments of the function")
    pixel_range: PixelRange = Field((0.0, 1.0), description="what black and white are to the model")
    returns: Returned | None = Field(
        None,
        description="what encode returns: moments (means and log variances), levels (of a hierarchical code), indices "
        "(of a codebook; read as numbers); null: two tensors of one shape are moments, other lists are levels",
    )

    decodes: bool = Field(
        True, description="false for a model that only encodes: checks by what it draws are not made"
    )

    @property
    def code_name(self) -> str:
        """What records and messages call the code."""
        return str(self.entrypoint)

    @property
    def has_decoder(self) -> bool:
        """Whether the function's model decodes."""
        return self.decodes

    def in_folder(self, folder: Path) -> Self:
        """Returns the settings with another folder of the code."""
        return self.model_copy(update={"folder": folder})

    @model_validator(mode="after")
    def _arguments_are_no_places(self) -> Self:
        refuse_unrecordable(self.arguments)
        return self


class OwnFunctionSettings(OwnCodeSettings, ABC):
    """A function that makes the whole model, and the files that it is given."""

    files: dict[str, Path] = Field(
        default_factory=dict,
        description="files by the named argument that they are given as, such as {weights: model.pt}; what they hold "
        "counts, not where they lie",
    )

    @model_validator(mode="after")
    def _nothing_is_given_twice(self) -> Self:
        refuse_twice(self.arguments, self.files)
        return self

    def given_files(self) -> dict[str, str]:
        """Returns the files passed to the function, by argument."""
        return {name: str(path) for name, path in self.files.items()}

    def with_files(self, places: Mapping[str, Path]) -> Self:
        """Returns the settings with other paths of these files."""
        return self.model_copy(update={"files": {name: places[name] for name in self.files}})


class EntrypointSettings(OwnFunctionSettings):
    """A model that your own Python function makes. Its code is run, with all that you may do yourself."""

    not_in_key: ClassVar[frozenset[str]] = frozenset({"folder", "files"})

    kind: Literal["entrypoint"] = "entrypoint"
    entrypoint: str = Field(
        pattern=FUNCTION,
        description="package.module:function; the function returns an object with encode(images) and decode(codes), "
        "or with the networks encoder and decoder",
    )

    def open_trained(self, image_shape: tuple[int, int, int]) -> "ForeignModel":
        """Returns the model with its own weights."""
        from latent_audit.vae_models.pretrained.entrypoint import build_from_entrypoint

        return build_from_entrypoint(self, image_shape)
