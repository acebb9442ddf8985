"""Settings of a model as two ONNX files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from pydantic import Field

from latent_audit.vae_models.components.choices import Returned
from latent_audit.vae_models.pretrained.existing_settings import ForeignModelSettings, PixelRange

if TYPE_CHECKING:
    from latent_audit.vae_models.attribute_classifier.targets import Target
    from latent_audit.vae_models.pretrained.foreign_model import ForeignModel


class OnnxSettings(ForeignModelSettings):
    """Encoder and decoder as ONNX files, run by onnxruntime (extra `onnx`)."""

    not_in_key: ClassVar[frozenset[str]] = frozenset({"encoder", "decoder"})

    kind: Literal["onnx"] = "onnx"
    encoder: Path = Field(
        description="an ONNX file with one input: images to means, or to means and log variances"
    )
    decoder: Path | None = Field(
        None, description="the same: codes to images; null for an encoder without a decoder"
    )
    pixel_range: PixelRange = Field((0.0, 1.0), description="what black and white are to the model")
    returns: Returned | None = Field(
        None, description="what two outputs of the encoder are, as for an entrypoint"
    )

    @property
    def has_decoder(self) -> bool:
        """Whether a decoder is given."""
        return self.decoder is not None

    def build(self, image_shape: tuple[int, int, int], targets: Sequence["Target"]) -> "ForeignModel":
        """Returns the model; it has no torch weights that could be put in another order."""
        return self.open_trained(image_shape)

    def given_files(self) -> dict[str, str]:
        """Returns the files of the halves that are given."""
        halves = {"encoder": self.encoder, "decoder": self.decoder}
        return {name: str(path) for name, path in halves.items() if path is not None}

    def with_files(self, places: Mapping[str, Path]) -> Self:
        """Returns the settings with other paths of both halves."""
        return self.model_copy(update={name: places[name] for name in self.given_files()})

    def look_through(self, files: Mapping[str, Path]) -> None:
        """Raises BadCheckpoint for files that hold more than operations on tensors."""
        from latent_audit.vae_models.pretrained.file_kinds import ONNX, refuse_other_kinds
        from latent_audit.vae_models.pretrained.onnx_files.onnx_check import checked_model

        for name, path in files.items():
            refuse_other_kinds(path, (ONNX,), f"an ONNX model as {name}")
            checked_model(path)

    def open_trained(self, image_shape: tuple[int, int, int]) -> "ForeignModel":
        """Returns the model."""
        from latent_audit.vae_models.pretrained.onnx_files.onnx_model import open_onnx

        return open_onnx(self, image_shape)
