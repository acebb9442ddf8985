"""Settings of an attribute classifier that the user brings: a function in a module, or one of a running program."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from latent_audit.vae_models.pretrained.entrypoint_settings import FUNCTION, refuse_twice, refuse_unrecordable

if TYPE_CHECKING:
    from latent_audit.vae_models.attribute_classifier.targets import Target
    from latent_audit.vae_models.brought_classifier.classifier import BroughtClassifier

# What errors call it, after "the classifier".
SOURCE = "of this program"


class BroughtClassifierSettings(BaseModel):
    """An attribute classifier of your own. Its code is run, with all that you may do yourself."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    not_in_key: ClassVar[frozenset[str]] = frozenset({"folder", "files"})
    runs_its_code: ClassVar[bool] = True
    entry_point_group: ClassVar[str | None] = None

    kind: Literal["entrypoint_classifier"] = "entrypoint_classifier"
    entrypoint: str = Field(
        pattern=FUNCTION,
        description="package.module:function; the function takes images (n, c, h, w) in [0, 1] and returns a dict of "
        "what it reads, an array for each attribute. Where arguments or files are given, it is called with these once "
        "and returns the function that takes images",
    )
    folder: Path = Field(Path(), description="folder that the package or module is in")
    arguments: dict[str, Any] = Field(default_factory=dict, description="named arguments of the function")
    files: dict[str, Path] = Field(
        default_factory=dict,
        description="files by the named argument that they are given as, such as {weights: reader.pt}; what they hold "
        "counts, not where they lie",
    )

    @model_validator(mode="after")
    def _can_be_recorded(self) -> Self:
        refuse_unrecordable(self.arguments)
        refuse_twice(self.arguments, self.files)
        return self

    @property
    def code_name(self) -> str:
        """What records and messages call the code."""
        return self.entrypoint

    def in_folder(self, folder: Path) -> Self:
        """Returns the settings with another folder of the code."""
        return self.model_copy(update={"folder": folder})

    def given_files(self) -> dict[str, str]:
        """Returns the files passed to the function, by argument."""
        return {name: str(path) for name, path in self.files.items()}

    def with_files(self, places: Mapping[str, Path]) -> Self:
        """Returns the settings with other paths of these files."""
        return self.model_copy(update={"files": {name: places[name] for name in self.files}})

    def build(self, image_shape: tuple[int, int, int], targets: Sequence["Target"]) -> "BroughtClassifier":
        """Returns the classifier with its own weights, on the CPU; raises BadCheckpoint."""
        from latent_audit.vae_models.brought_classifier.classifier import BroughtClassifier
        from latent_audit.vae_models.errors import BadCheckpoint
        from latent_audit.vae_models.pretrained.entrypoint import found_by, made_by

        read = made_by(self, self.files) if self.arguments or self.files else found_by(self)
        if not callable(read):
            raise BadCheckpoint(
                f"{self.entrypoint} returned a {type(read).__name__}: with arguments or files it must return the "
                "function that takes images"
            )
        return BroughtClassifier(read, image_shape, targets, self.entrypoint)


class GivenClassifierSettings(BaseModel):
    """A classifier that the running program holds; it cannot be named in a settings file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    not_in_key: ClassVar[frozenset[str]] = frozenset({"handle"})
    runs_its_code: ClassVar[bool] = True

    kind: Literal["function_classifier"] = "function_classifier"
    handle: str = Field(description="which of the functions that this process holds")

    @property
    def code_name(self) -> None:
        """Returns None: the code has no name."""
        return None

    def given_files(self) -> dict[str, str]:
        """Returns nothing: the function is in memory."""
        return {}

    def with_files(self, places: Mapping[str, Path]) -> Self:
        """Returns the settings as they are."""
        return self

    def build(self, image_shape: tuple[int, int, int], targets: Sequence["Target"]) -> "BroughtClassifier":
        """Returns the classifier, of a torch module a copy on the CPU; raises BadCheckpoint."""
        from torch import nn

        from latent_audit.vae_models.brought_classifier.classifier import BroughtClassifier
        from latent_audit.vae_models.pretrained.functions.functions_settings import copied, held_by

        read = held_by(self.handle)
        return BroughtClassifier(
            copied(read).cpu() if isinstance(read, nn.Module) else read, image_shape, targets, SOURCE
        )
