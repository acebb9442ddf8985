"""Settings of a checkpoint of Lightning: its weights, and your own function that makes the module."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from pydantic import Field

from latent_audit.vae_models.pretrained.entrypoint_settings import OwnCodeSettings

if TYPE_CHECKING:
    from latent_audit.vae_models.pretrained.foreign_model import ForeignModel


class LightningSettings(OwnCodeSettings):
    """A checkpoint of Lightning (.ckpt), of which the weights alone are read; your own function makes the module."""

    not_in_key: ClassVar[frozenset[str]] = frozenset({"folder", "path"})

    kind: Literal["lightning"] = "lightning"
    path: Path = Field(
        description="the checkpoint; its entry state_dict is read, its hyper-parameters are not"
    )
    prefix: str = Field(
        "",
        description="the beginning of the names of the weights that are the module's, as in model.; the rest is left",
    )

    def given_files(self) -> dict[str, str]:
        """Returns the checkpoint."""
        return {"path": str(self.path)}

    def with_files(self, places: Mapping[str, Path]) -> Self:
        """Returns the settings with the checkpoint somewhere else."""
        return self.model_copy(update={"path": places["path"]})

    def look_through(self, files: Mapping[str, Path]) -> None:
        """Raises BadCheckpoint unless the checkpoint has a state_dict and no Python objects beside it."""
        from latent_audit.vae_models.pretrained.state_dict_files import read_state_dict

        read_state_dict(files["path"], "state_dict")

    def open_trained(self, image_shape: tuple[int, int, int]) -> "ForeignModel":
        """Returns the module with the weights of the checkpoint."""
        from latent_audit.vae_models.pretrained.libraries.lightning_model import open_lightning

        return open_lightning(self, image_shape)
