"""Settings of a model as pythae saves it (model.save)."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from latent_audit.vae_models.pretrained.existing_settings import PixelRange
from latent_audit.vae_models.pretrained.libraries.library_folder import LibraryFolderSettings

if TYPE_CHECKING:
    from latent_audit.vae_models.pretrained.foreign_model import ForeignModel


class PythaeSettings(LibraryFolderSettings):
    """A folder of pythae whose encoder and decoder are pythae's own (extra `pythae`)."""

    library: ClassVar[str] = "pythae"
    config_name: ClassVar[str] = "model_config.json"
    weights_name: ClassVar[str] = "model.pt"

    kind: Literal["pythae"] = "pythae"
    pixel_range: PixelRange = Field((0.0, 1.0), description="what black and white are to the model")

    def look_through(self, files: Mapping[str, Path]) -> None:
        """Raises BadCheckpoint for models with networks that are not pythae's own, and weights that are no tensors."""
        from latent_audit.vae_models.pretrained.file_kinds import KINDS_OF_WEIGHTS, refuse_other_kinds
        from latent_audit.vae_models.pretrained.libraries.pythae_model import checked_config

        checked_config(files["config"])
        refuse_other_kinds(files["weights"], KINDS_OF_WEIGHTS, "a file of tensors")

    def open_trained(self, image_shape: tuple[int, int, int]) -> "ForeignModel":
        """Returns the model."""
        from latent_audit.vae_models.pretrained.libraries.pythae_model import open_pythae

        return open_pythae(self, image_shape)
