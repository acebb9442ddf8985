"""Settings of an autoencoder as Diffusers saves it (save_pretrained)."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from latent_audit.vae_models.pretrained.existing_settings import PixelRange
from latent_audit.vae_models.pretrained.libraries.library_folder import LibraryFolderSettings

if TYPE_CHECKING:
    from latent_audit.vae_models.pretrained.foreign_model import ForeignModel


class DiffusersSettings(LibraryFolderSettings):
    """A folder of Diffusers with an AutoencoderKL, AutoencoderTiny or VQModel (extra `diffusers`)."""

    library: ClassVar[str] = "Diffusers"
    config_name: ClassVar[str] = "config.json"
    weights_name: ClassVar[str] = "diffusion_pytorch_model.safetensors"

    kind: Literal["diffusers"] = "diffusers"
    pixel_range: PixelRange = Field((-1.0, 1.0), description="what black and white are to the model")

    def look_through(self, files: Mapping[str, Path]) -> None:
        """Raises BadCheckpoint for other classes, sizes that no autoencoder needs, and weights that are no tensors."""
        from latent_audit.vae_models.pretrained.file_kinds import SAFETENSORS, refuse_other_kinds
        from latent_audit.vae_models.pretrained.libraries.diffusers_model import checked_config

        checked_config(files["config"])
        refuse_other_kinds(files["weights"], (SAFETENSORS,), "a safetensors file of the weights")

    def open_trained(self, image_shape: tuple[int, int, int]) -> "ForeignModel":
        """Returns the model; codes are scaled as those that a diffusion model is given."""
        from latent_audit.vae_models.pretrained.libraries.diffusers_model import open_diffusers

        return open_diffusers(self, image_shape)
