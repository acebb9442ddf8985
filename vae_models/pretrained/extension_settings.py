"""Settings of a model that an installed package offers by an entry point of the group `latent_audit.models`."""

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vae_models.pretrained.entrypoint_settings import OwnFunctionSettings
from latent_audit.vocabulary.extensions import MODELS, BadExtension, Extension, find

if TYPE_CHECKING:
    from latent_audit.vae_models.pretrained.foreign_model import ForeignModel


class ExtensionSettings(OwnFunctionSettings):
    """A model that an installed package of a third party makes; `extensions.models` must allow it by name."""

    not_in_key: ClassVar[frozenset[str]] = frozenset({"folder", "files"})

    entry_point_group: ClassVar[str | None] = MODELS

    kind: Literal["extension"] = "extension"
    entrypoint: str = Field(
        pattern=r"^\w[\w.-]{0,99}$",
        description="name of an entry point of the group latent_audit.models: a function as for kind entrypoint",
    )

    @property
    def extension(self) -> Extension:
        """The package and the function behind the name; raises BadCheckpoint where nothing is installed."""
        try:
            return find(MODELS, self.entrypoint)
        except BadExtension as error:
            raise BadCheckpoint(str(error)) from error

    @property
    def code_name(self) -> str:
        """The name with package, version and function."""
        return self.extension.described

    def open_trained(self, image_shape: tuple[int, int, int]) -> "ForeignModel":
        """Returns the model with its own weights."""
        from latent_audit.vae_models.pretrained.entrypoint import build_from_entrypoint

        return build_from_entrypoint(self, image_shape)
