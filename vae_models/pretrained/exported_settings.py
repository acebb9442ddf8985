"""Settings of a model as two exported programs (torch.export)."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from pydantic import Field

from latent_audit.vae_models.pretrained.existing_settings import ForeignModelSettings, PixelRange

if TYPE_CHECKING:
    from latent_audit.vae_models.pretrained.foreign_model import ForeignModel


class ExportedProgramsSettings(ForeignModelSettings):
    """Encoder and decoder as exported programs (torch.export): files, or models in MLflow."""

    not_in_key: ClassVar[frozenset[str]] = frozenset({"encoder", "decoder"})

    kind: Literal["exported_programs"] = "exported_programs"
    encoder: str = Field(
        min_length=1,
        description="a pt2 file, or an MLflow address such as models:/NAME@ALIAS: images to means, or to a pair of "
        "means and log variances",
    )
    decoder: str | None = Field(
        None, min_length=1, description="the same: codes to images; null for an encoder without a decoder"
    )
    pixel_range: PixelRange = Field((0.0, 1.0), description="what black and white are to the programs")

    @property
    def has_decoder(self) -> bool:
        """Whether a decoder is given."""
        return self.decoder is not None

    def given_files(self) -> dict[str, str]:
        """Returns the files, or MLflow addresses, of the programs that are given."""
        halves = {"encoder": self.encoder, "decoder": self.decoder}
        return {name: place for name, place in halves.items() if place is not None}

    def with_files(self, places: Mapping[str, Path]) -> Self:
        """Returns the settings with other paths of both programs."""
        return self.model_copy(update={name: str(places[name]) for name in self.given_files()})

    def look_through(self, files: Mapping[str, Path]) -> None:
        """Raises BadCheckpoint for archives that hold more than tensors and operations on them."""
        from latent_audit.vae_models.pretrained.exported_archive import refuse_code
        from latent_audit.vae_models.pretrained.file_kinds import EXPORTED, refuse_other_kinds

        for name, path in files.items():
            refuse_other_kinds(path, (EXPORTED,), f"an exported program (pt2) as {name}")
            refuse_code(path)

    def open_trained(self, image_shape: tuple[int, int, int]) -> "ForeignModel":
        """Returns the model with its own weights."""
        from latent_audit.vae_models.pretrained.exported_programs import build_from_programs

        return build_from_programs(self, image_shape)
